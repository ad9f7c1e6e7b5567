// Names and keys that would be SQL of their own if they stood in a statement as they are: found,
// compared and repaired like any others, by streams and by jobs, on each kind of server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/cmd/dcp_process.h"
#include "tests/cmd/order_writers.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::HasSubstr;

constexpr char kDatabase[] = "hostile`'\"\\;-- x";
constexpr char kTable[] = "t'; DROP TABLE shop.orders; -- `\"\\ \xc3\xa4";
constexpr char kKey[] = "k`,'\"; #\\";
constexpr char kPlace[] = "/*`?%s:x{}\\";
constexpr char kValue[] = "v') OR 1=1 -- `";

std::string Quoted(const std::string& name) {
  return absl::StrCat("`", absl::StrReplaceAll(name, {{"`", "``"}}), "`");
}
std::string Hex(const std::string& bytes) {
  return absl::StrCat("x'", absl::BytesToHexString(bytes), "'");
}

// Of pieces that mean something to SQL, to its quoting and to its character sets.
std::string HostileText(std::mt19937_64& random) {
  static const std::string kPieces[] = {
      "'",   "\"", "`", "\\",          std::string(1, '\0'), "\n",
      "\r",  "%",  "_", "\x1a",        "\xf0\x9f\x92\xa3",   "'; DROP TABLE shop.orders; -- ",
      "\\'", "''", "a", ";",           "\xc3\xa4",           "/*!",
      "*/",  "--", "#", "\xe2\x80\x99"};
  std::string text;
  for (uint64_t left = random() % 6 + 1; left > 0; --left) {
    text += kPieces[random() % std::size(kPieces)];
  }
  return text;
}

class HostileNamesTest : public ::testing::TestWithParam<Flavour> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(PairOf(GetParam())));
    ASSERT_OK(MakeOrders(*pair_));
    ASSERT_OK(LetReplicaDiffer(*pair_, GetParam()));
    ASSERT_OK(pair_->source().Execute(absl::StrCat("CREATE DATABASE ", Quoted(kDatabase))));
    // A key of two columns; what is no text but bytes keeps keys apart that look alike.
    ASSERT_OK(pair_->source().Execute(absl::StrCat(
        "CREATE TABLE ", table_, " (", Quoted(kKey), " VARCHAR(180) CHARACTER SET utf8mb4 COLLATE ",
        "utf8mb4_bin, ", Quoted(kPlace), " VARBINARY(250), ", Quoted(kValue),
        " TEXT CHARACTER SET utf8mb4, PRIMARY KEY (", Quoted(kKey), ", ", Quoted(kPlace), "))")));
    ASSERT_OK(pair_->WaitForReplica());
  }
  void TearDown() override {
    EXPECT_OK(pair_->source().Execute(absl::StrCat("DROP DATABASE ", Quoted(kDatabase))));
    EXPECT_OK(pair_->WaitForReplica());
  }

  using Key = std::pair<std::string, std::string>;
  static std::string Insert(const std::string& table, const Key& key, const std::string& value) {
    return absl::StrCat("INSERT INTO ", table, " VALUES (", Hex(key.first), ", ", Hex(key.second),
                        ", ", Hex(value), ")");
  }
  static std::string Where(const Key& key) {
    return absl::StrCat(" WHERE ", Quoted(kKey), " = CONVERT(", Hex(key.first),
                        " USING utf8mb4) AND ", Quoted(kPlace), " = ", Hex(key.second));
  }
  // Rows on both sides, and differences of each kind on the replica: their number.
  int Fill(std::mt19937_64& random) {
    std::map<Key, std::string> rows;
    while (rows.size() < 60) {
      rows[{HostileText(random), HostileText(random)}] = HostileText(random);
    }
    int number = 0, different = 0;
    for (const auto& [key, value] : rows) {
      if (++number % 4 == 0) {
        EXPECT_OK(pair_->replica().Execute(Insert(table_, key, value)));  // extra
        ++different;
        continue;
      }
      EXPECT_OK(pair_->source().Execute(Insert(table_, key, value)));
    }
    EXPECT_OK(pair_->WaitForReplica());
    number = 0;
    for (const auto& [key, value] : rows) {
      if (++number % 4 == 1 && number % 8 == 1) {
        EXPECT_OK(pair_->replica().Execute(absl::StrCat("DELETE FROM ", table_, Where(key))));
        ++different;
      } else if (number % 4 == 1) {
        EXPECT_OK(pair_->replica().Execute(absl::StrCat("UPDATE ", table_, " SET ", Quoted(kValue),
                                                        " = ", Hex(value + "'other"), Where(key))));
        ++different;
      }
    }
    return different;
  }
  ProgramResult RunJob(const std::string& command, const std::vector<std::string>& flags) {
    const auto side = [](const MysqlServer& server) {
      return absl::StrCat("{ host = \"127.0.0.1\", port = ", server.port(),
                          ", user = \"root\" }\n");
    };
    WriteFile(dir_ / "dcp.toml",
              absl::StrCat("[[job]]\nname = \"nightly\"\nsource = ", side(pair_->source()),
                           "target = ", side(pair_->replica()),
                           "tables = [\"hostile*.*\", \"shop.*\"]\nchunk_rows = 7\n"));
    std::vector<std::string> args = {command, "--config", dir_ / "dcp.toml", "--job", "nightly"};
    args.insert(args.end(), flags.begin(), flags.end());
    const auto result = RunDcp(args);
    EXPECT_OK(result);
    return result.value_or(ProgramResult());
  }

  const TestDir dir_{"dcp-hostile"};
  const std::string table_ = absl::StrCat(Quoted(kDatabase), ".", Quoted(kTable));
  ReplicaPair* pair_ = nullptr;
};

TEST_P(HostileNamesTest, AreVerifiedAndRepaired) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  ASSERT_OK(pair_->source().Execute("INSERT INTO shop.orders VALUES (1, 1)"));
  const int different = Fill(random);
  ASSERT_GT(different, 20);
  const ProgramResult found = RunJob("verify", {"--json"});
  EXPECT_EQ(found.exit_code, 2) << found.output;
  EXPECT_THAT(found.output, HasSubstr(absl::StrCat("\"different\":", different))) << found.output;
  const ProgramResult repaired = RunJob("repair", {"--execute", "--undo", dir_ / "undo"});
  EXPECT_EQ(repaired.exit_code, 0) << repaired.output;
  const ProgramResult equal = RunJob("verify", {});
  EXPECT_EQ(equal.exit_code, 0) << equal.output;
  EXPECT_OK(pair_->replica().Execute("UPDATE shop.orders SET v = 1"));  // it is there
}

TEST_P(HostileNamesTest, AreToldAndReadBeforeThat) {
  ASSERT_OK_AND_ASSIGN(
      const auto dcp,
      DcpProcess::Start(absl::StrCat(
          BarrierToml(pair_->source()),
          CollectorToml("source", 4511, pair_->source(), {{.tag = "src", .tables = "hostile*.*"}}),
          CollectorToml("replica", 4512, pair_->replica(),
                        {{.tag = "dst", .tables = "hostile*.*"}}),
          CheckToml("orders", "src", "dst"))));
  ASSERT_OK(dcp->Await([](const Alarm& alarm) { return alarm["type"] == "same"; }));
  const std::string key = "'; DROP TABLE shop.orders; -- \xf0\x9f\x92\xa3`\"\\";
  ASSERT_OK(pair_->replica().Execute(Insert(table_, {key, std::string("\0'", 2)}, "x")));
  ASSERT_OK_AND_ASSIGN(const Alarm said,
                       dcp->Await([](const Alarm& alarm) { return alarm["type"] == "diff"; }));
  EXPECT_THAT(said.dump(), HasSubstr("\"extra\""));
  EXPECT_THAT(said.dump(), HasSubstr("DROP TABLE shop.orders; -- \xf0\x9f\x92\xa3"));
}

INSTANTIATE_TEST_SUITE_P(Servers, HostileNamesTest, ::testing::ValuesIn(kAllFlavours));

}  // namespace
}  // namespace dcp::test
