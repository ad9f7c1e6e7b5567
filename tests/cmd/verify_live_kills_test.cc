// `dcp verify` killed at any instant and gone on with, again and again, while its tables are
// written to and the replica follows: it finds what an undisturbed run would, and reads no more
// than a chunk of each table twice. DCP_TEST_VERIFY_SCALE, DCP_TEST_VERIFY_RUNS: live_writer.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <regex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/cmd/dcp_process.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"
#include "tests/verifier/live_writer.h"

namespace dcp::test {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

constexpr int64_t kBegin = std::numeric_limits<int64_t>::min();
constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();

// A statement that reads rows behind `after` and, on the side that is read second, up to `upto`.
struct Page {
  int64_t after = kBegin, upto = kEnd;
};
// The pages of one table that one session read, in order.
using Scan = std::vector<Page>;

int64_t NumberBehind(const std::string& sql, const std::string& words, int64_t otherwise) {
  std::smatch found;
  const std::regex pattern(words + "(-?[0-9]+)");
  return std::regex_search(sql, found, pattern) ? std::stoll(found[1]) : otherwise;
}

// What a server's general log has of the pages of a table, session by session in their order.
std::vector<Scan> ScansOf(MysqlServer& server, const std::string& table) {
  const auto logged = server.Query(
      absl::StrCat("SELECT thread_id, CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE "
                   "argument LIKE 'SELECT%`",
                   table, "` FORCE INDEX%'"));
  EXPECT_OK(logged);
  std::map<int64_t, Scan> by_session;
  for (const Row& row : logged.value_or(Rows())) {
    const std::string sql = row[1].value_or("");
    by_session[std::stoll(row[0].value_or("0"))].push_back(
        {NumberBehind(sql, "`id` > ", kBegin), NumberBehind(sql, "`id` <= ", kEnd)});
  }
  std::vector<Scan> scans;
  for (auto& [session, scan] : by_session) scans.push_back(std::move(scan));
  return scans;
}

// Where a scan that was killed has to go on at the earliest. The side that is read first is a page
// ahead; a chunk on the other may have been read in pieces, all up to the same key.
int64_t EarliestOfSource(const Scan& scan) {
  return scan.size() < 2 ? scan.front().after : scan[scan.size() - 2].after;
}
int64_t EarliestOfTarget(const Scan& scan) {
  const int64_t upto = scan.back().upto;
  return std::find_if(scan.begin(), scan.end(), [&](const Page& page) { return page.upto == upto; })
      ->after;
}

class VerifyLiveKillsTest : public ::testing::TestWithParam<ReplicaPairOptions> {
 protected:
  VerifyLiveKillsTest() : dir_("dcp-verify") {}

  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(pair_, SharedServers::Fresh(GetParam()));
    ASSERT_OK(source().Execute("CREATE DATABASE shop"));
    verifier::FillLiveTable(*pair_, verifier::Rows());
    // For the second worker.
    ASSERT_OK(source().Execute(
        absl::StrCat("CREATE TABLE shop.u LIKE shop.t; INSERT INTO shop.u SELECT * FROM shop.t "
                     "WHERE id <= ",
                     verifier::Rows() / 5)));
    ASSERT_OK(pair_->WaitForReplica(absl::Minutes(5)));
    OnEachServer("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = ON");
    WriteFile(dir_ / "password", "dcp");
    WriteFile(dir_ / "dcp.toml",
              absl::StrCat("[[job]]\nname = \"all\"\nsource = ", Inline(source()),
                           "\ntarget = ", Inline(replica()),
                           "\ntables = [\"shop.*\"]\nchunk_rows = 5000\nparallel = 2\n",
                           "sync_timeout = \"60s\"\n"));
  }

  std::string Inline(const MysqlServer& server) {
    return absl::StrCat("{ host = \"127.0.0.1\", port = ", server.port(),
                        ", user = \"dcp\", password_file = \"", dir_ / "password", "\" }");
  }
  void OnEachServer(const std::string& sql) {
    for (MysqlServer* const server : {&source(), &replica()}) {
      EXPECT_OK(server->Execute(sql));
    }
  }
  void ForgetPages() { OnEachServer("TRUNCATE mysql.general_log"); }

  std::optional<ProgramResult> RunFor(absl::Duration time) {
    const auto result = RunDcp({"verify", "--config", dir_ / "dcp.toml", "--job", "all", "--json",
                                "--checkpoint", dir_ / "checkpoint"},
                               time);
    if (result.ok()) return *result;
    EXPECT_THAT(result, StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("")));
    return std::nullopt;
  }

  // Kills it, at least once in the middle, until it gets to its end.
  ProgramResult RunToItsEnd(std::minstd_rand& random) {
    kills_ = 0;
    ForgetPages();
    for (double most = 100;; most *= 1.2) {
      const double limit = std::uniform_real_distribution<double>(50, most)(random);
      const auto result = RunFor(absl::Milliseconds(limit));
      if (result.has_value() && kills_ > 0) return *result;
      if (!result.has_value() && std::filesystem::exists(dir_ / "checkpoint")) {
        ++kills_;
        continue;
      }
      // Killed before it had begun, behind its end, or not at all: it is begun anew.
      ForgetPages();
      kills_ = 0;
      if (result.has_value()) most = std::max(100.0, most / 3);
    }
  }

  // "missing shop.t[1]", in order.
  static std::vector<std::string> Found(const ProgramResult& result) {
    std::vector<std::string> found;
    for (const absl::string_view text : absl::StrSplit(result.output, '\n')) {
      if (text.empty() || text[0] != '{') continue;
      const Alarm line = Alarm::parse(text.begin(), text.end());
      if (!line.contains("kind")) continue;
      found.push_back(absl::StrCat(line["kind"].get<std::string>(), " ",
                                   line["table"].get<std::string>(), line["key"].dump()));
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  // Every run goes on at most one chunk before where the one before it was killed.
  void ExpectOneChunkTwice(MysqlServer& server, const std::string& table,
                           int64_t (*earliest)(const Scan&)) {
    const std::vector<Scan> scans = ScansOf(server, table);
    ASSERT_FALSE(scans.empty());
    EXPECT_EQ(scans.front().front().after, kBegin);
    for (size_t i = 1; i < scans.size(); ++i) {
      EXPECT_GE(scans[i].front().after, earliest(scans[i - 1])) << table << ", run " << i;
    }
  }

  MysqlServer& source() { return pair_->source(); }
  MysqlServer& replica() { return pair_->replica(); }

  ReplicaPair* pair_ = nullptr;
  TestDir dir_;
  int kills_ = 0;
};

TEST_P(VerifyLiveKillsTest, AKilledRunFindsWhatAnUndisturbedOneFinds) {
  std::minstd_rand random(20261122);
  verifier::FullRate rate;
  for (int run = 0; run < verifier::Runs(); ++run) {
    const uint32_t seed = verifier::kWriterSeed + static_cast<uint32_t>(run);
    const verifier::Writer writer(source(), verifier::Rows(), {.seed = seed});
    verifier::Injected injected(*pair_, verifier::Rows(), 100, seed);
    const ProgramResult result = RunToItsEnd(random);
    EXPECT_EQ(result.exit_code, 2) << result.output;
    EXPECT_THAT(Found(result), ElementsAreArray(injected.expected()));
    for (const char* const table : {"t", "u"}) {
      ExpectOneChunkTwice(source(), table, EarliestOfSource);
      ExpectOneChunkTwice(replica(), table, EarliestOfTarget);
    }
    std::cout << "run " << run << ": " << kills_ << " kills, ";
    rate.Add(writer);
    injected.TakeBack();
  }
}

INSTANTIATE_TEST_SUITE_P(, VerifyLiveKillsTest, verifier::ReplicatingPairs(), verifier::NameOfPair);

}  // namespace
}  // namespace dcp::test