// Of which tables of a check a job proves something.
#include "cmd/dcp/job_coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "cmd/dcp/jobs.h"
#include "config/load.h"

namespace dcp::cmd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class JobCoverageTest : public ::testing::Test {
 protected:
  void Read(const std::string& source_tables, const std::string& target_tables,
            const std::string& target_host = "b") {
    const auto collector = [](const char* name, const char* host, const char* tag, int id,
                              const std::string& tables) {
      return absl::StrCat("[[collector]]\ntype = 'mysql'\nname = '", name, "'\nhost = '", host,
                          "'\nuser = 'u'\nserver_id = ", id, "\ntags = [{ tag = '", tag,
                          "', tables = ", tables, " }]\n");
    };
    const std::string text = absl::StrCat(
        collector("one", "a", "src", 1, source_tables),
        collector("two", "b", "dst", 2, target_tables),
        "[[check]]\nname = 'orders'\nsource = 'src'\ntargets = ['dst']\n"
        "[[job]]\nname = 'nightly'\nschedule = '@daily'\nsource = { host = 'a', user = 'u' }\n"
        "target = { host = '",
        target_host, "', user = 'u' }\ntables = ['shop.*']\n");
    loaded_ = config::Parse(text, "dcp.toml", config::Purpose::kRun,
                            [](absl::string_view) { return std::nullopt; });
    ASSERT_TRUE(loaded_->ok()) << loaded_->status();
  }
  const config::Config& config() const { return loaded_->value().config; }

  // The servers have these tables of a tag.
  void Has(const std::string& tag, const std::string& name, const std::string& logical) {
    for (InspectedTag& inspected : tags_) {
      if (inspected.tag == model::Tag(tag)) return Add(name, logical, &inspected);
    }
    tags_.push_back({model::Tag(tag), "", {}});
    Add(name, logical, &tags_.back());
  }
  static void Add(const std::string& name, const std::string& logical, InspectedTag* tag) {
    InspectedTable table;
    table.name = name;
    table.logical = logical;
    tag->tables.push_back(std::move(table));
  }

  std::string Covered(const std::vector<std::string>& source, const std::string& target,
                      const std::vector<std::string>& ignored = {}) const {
    const auto pairs = CoveredPairs(config(), config().jobs[0]);
    EXPECT_THAT(pairs, SizeIs(1));
    verifier::TableTask task;
    for (const std::string& name : source) task.source.push_back(verifier::SplitTableName(name));
    task.target = verifier::SplitTableName(target);
    task.ignore_columns = ignored;
    return pairs.empty() ? "" : CoveredTable(config(), tags_, pairs[0], task);
  }

  std::optional<config::Loaded> loaded_;
  std::vector<InspectedTag> tags_;
};

TEST_F(JobCoverageTest, ATableOfBothTags) {
  Read("['shop.*']", "['shop.*']");
  EXPECT_EQ(Covered({"shop.orders"}, "shop.orders"), "shop.orders");
  EXPECT_EQ(Covered({"shop.orders"}, "shop.items"), "");
  EXPECT_EQ(Covered({"crm.orders"}, "crm.orders"), "");
}

TEST_F(JobCoverageTest, OnlyAllOfItsPhysicalTables) {
  Read("[{ match = 'shop.order_*', as = 'all.orders' }]",
       "[{ match = 'shop.orders', as = 'all.orders' }]");
  Has("src", "shop.order_1", "all.orders");
  Has("src", "shop.order_2", "all.orders");
  Has("dst", "shop.orders", "all.orders");
  EXPECT_EQ(Covered({"shop.order_1", "shop.order_2"}, "shop.orders"), "all.orders");
  EXPECT_EQ(Covered({"shop.order_1"}, "shop.orders"), "");
}

TEST_F(JobCoverageTest, NoColumnMayBeLeftOutThatTheCheckCompares) {
  Read("[{ match = 'shop.*', ignore_columns = ['seen'] }]", "['shop.*']");
  EXPECT_EQ(Covered({"shop.orders"}, "shop.orders", {"seen"}), "shop.orders");
  EXPECT_EQ(Covered({"shop.orders"}, "shop.orders", {"price"}), "");
}

TEST_F(JobCoverageTest, AJobOfAnotherServerProvesNothing) {
  Read("['shop.*']", "['shop.*']", "c");
  EXPECT_THAT(CoveredPairs(config(), config().jobs[0]), IsEmpty());
}

TEST_F(JobCoverageTest, AJobThatFitsIsOffered) {
  Read("['shop.*', 'crm.a']", "['shop.*']");
  EXPECT_THAT(OfferJob(config()),
              AllOf(HasSubstr("[[job]] name = \"nightly\""), HasSubstr("host = \"b\", port = 3306"),
                    HasSubstr("tables = [\"shop.*\", \"crm.a\"]")));
}

}  // namespace
}  // namespace dcp::cmd
