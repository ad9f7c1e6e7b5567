// The command lines of a finding: what is in them, and what is not.
#include "cmd/dcp/reproduce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmd/dcp/verify_key.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using test::HasCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ReproduceTest : public ::testing::Test {
 protected:
  ReproduceTest() {
    Add("source", "src", {{"shop.*", "", {}}});
    Add("replica", "dst", {{"shop.*", "", {}}});
    config_.mysql_collectors[1].connection.port = 3307;
    config::CheckOptions check;
    check.name = "orders";
    check.source = model::Tag("src");
    check.targets = {model::Tag("dst")};
    check.barrier_id = 7;
    config_.checks.push_back(check);
  }

  void Add(const std::string& name, const std::string& tag, std::vector<config::TableRule> tables) {
    config::MysqlCollectorOptions collector;
    collector.name = name;
    collector.connection.user = "dcp";
    collector.connection.password = "s3cret";
    config::MysqlTagOptions options;
    options.tag = model::Tag(tag);
    options.tables = std::move(tables);
    collector.tags.push_back(std::move(options));
    config_.mysql_collectors.push_back(std::move(collector));
  }
  std::vector<std::string> Lines() const { return LinesThatShow(config_, finding_); }
  absl::StatusOr<verifier::VerificationOptions> Options(const std::string& key,
                                                        const std::string& target = "") const {
    VerifyCommand command;
    command.check = "orders";
    command.target = target;
    command.key = key;
    return OptionsOfKey(config_, command);
  }

  config::Config config_;
  ShownFinding finding_{
      "dcp.toml",
      "orders",
      "dst",
      "shop.orders",
      "shop.orders[42]",
      R"({"table":"shop.orders","source":{"file":"binlog.000007","txn":"uuid:7"},"target":null})"};
};

TEST_F(ReproduceTest, TheTransactionOfEachSideThatHasOneAndTheRow) {
  EXPECT_THAT(Lines(),
              ElementsAre("dcp binlog --host 127.0.0.1 --port 3306 --user dcp --from-file "
                          "binlog.000007 --until-now --table shop.orders | grep -F "
                          "'\"gtid\":\"uuid:7\"'",
                          "dcp verify --config dcp.toml --check orders --key 'shop.orders[42]'"));
}

TEST_F(ReproduceTest, NoLineHasAPassword) {
  for (const std::string& line : Lines()) EXPECT_THAT(line, Not(HasSubstr("s3cret")));
}

TEST_F(ReproduceTest, TlsIsAsTheCollectorHasIt) {
  config_.mysql_collectors[0].connection.tls = {model::TlsMode::kVerifyCa, "/etc/my ca.pem", "",
                                                ""};
  EXPECT_THAT(Lines()[0], HasSubstr(" --tls verify-ca --tls-ca '/etc/my ca.pem' "));
}

TEST_F(ReproduceTest, WhatBeginsLikeAnOptionIsNone) {
  config_.mysql_collectors[0].connection.user = "-rf /";
  EXPECT_THAT(Lines()[0], HasSubstr(" --user='-rf /' "));
}

TEST_F(ReproduceTest, TheTargetIsNamedWhereThereAreSeveral) {
  config_.checks[0].targets.emplace_back("other");
  EXPECT_THAT(Lines()[1], HasSubstr(" --check orders --target dst --key "));
}

TEST_F(ReproduceTest, AMaskedKeyIsInNoLine) {
  for (const char* key : {R"(shop.orders["***"])", R"(shop.orders[1,"hash:0123456789abcdef"])"}) {
    finding_.key_text = key;
    EXPECT_THAT(Lines(), ElementsAre(HasSubstr("dcp binlog"))) << key;
  }
}

TEST_F(ReproduceTest, StatementsOnTablesAndPushedKeysHaveNoRow) {
  finding_.key_text = "shop.orders[ddl]";
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("dcp binlog")));
  finding_.key_text = "4711";
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("dcp binlog")));
  config_.mysql_collectors.pop_back();
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("dcp binlog")));
  config_.checks.clear();
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(ReproduceTest, TheRowOfAKeyIsLookedForWhereItsTableIs) {
  ASSERT_OK_AND_ASSIGN(const auto options, Options(R"(shop.orders[42,"e]u"])"));
  EXPECT_EQ(options.source.port, 3306);
  EXPECT_EQ(options.target.port, 3307);
  EXPECT_EQ(options.sync.barrier_id, 7u);
  ASSERT_EQ(options.tables.size(), 1u);
  EXPECT_EQ(options.tables[0].rule.match, "shop.orders");
  EXPECT_EQ(options.tables[0].rule.as, "shop.orders");
  EXPECT_EQ(options.tables[0].key, R"([42,"e]u"])");
}

TEST_F(ReproduceTest, ShardsAndRenamedTablesAreFound) {
  config_.mysql_collectors[0].tags[0].tables = {{"shop.order_*", "all.orders", {"seen"}},
                                                {"shop.old", "all.orders", {}}};
  config_.mysql_collectors[1].tags[0].tables = {{"copy.orders", "all.orders", {"at"}}};
  ASSERT_OK_AND_ASSIGN(const auto options, Options("all.orders[1]"));
  ASSERT_EQ(options.tables.size(), 2u);
  EXPECT_EQ(options.tables[0].rule.match, "shop.order_*");
  EXPECT_EQ(options.tables[0].rule.as, "copy.orders");
  EXPECT_THAT(options.tables[0].rule.ignore_columns, ElementsAre("seen", "at"));
  EXPECT_EQ(options.tables[1].rule.match, "shop.old");
}

TEST_F(ReproduceTest, WhatCannotBeComparedIsSaid) {
  EXPECT_THAT(Options("shop.orders"), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Options("[42]"), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Options("other.orders[42]"), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Options("shop.orders[42]", "none"), HasCode(absl::StatusCode::kNotFound));
  config_.mysql_collectors[1].tags[0].tables = {{"shop.order_*", "shop.orders", {}}};
  EXPECT_THAT(Options("shop.orders[42]"), HasCode(absl::StatusCode::kFailedPrecondition));
  config_.checks[0].targets.emplace_back("other");
  EXPECT_THAT(Options("shop.orders[42]"), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Options("shop.orders[42]", "other"), HasCode(absl::StatusCode::kFailedPrecondition));
}

TEST(ShellWordTest, IsOneWordWhateverIsInIt) {
  EXPECT_EQ(ShellWord("a/b.c:1"), "a/b.c:1");
  EXPECT_EQ(ShellWord(""), "''");
  EXPECT_EQ(ShellWord("it's $(x) `y` \\ \"z\"\n"), "'it'\\''s $(x) `y` \\ \"z\"\n'");
}

}  // namespace
}  // namespace dcp::cmd
