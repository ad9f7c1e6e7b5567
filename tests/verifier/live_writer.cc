#include "tests/verifier/live_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/servers/process.h"
#include "tests/support/status_matchers.h"

namespace dcp::verifier {
namespace {

int FromEnvironment(const char* name) {
  const char* const text = std::getenv(name);
  return text == nullptr ? 1 : std::max(1, std::atoi(text));
}

int Draw(std::minstd_rand& random, int from, int to) {
  return std::uniform_int_distribution<int>(from, to)(random);
}

std::unique_ptr<test::Session> ConnectTo(test::MysqlServer& server) {
  auto session = server.Connect();
  EXPECT_OK(session);
  return session.ok() ? *std::move(session) : nullptr;
}

// Ways in which a value differs.
constexpr const char* kChanges[] = {
    "v = v + 1", "v = NULL",       "v = -v - 1", "t = CONCAT(t, ' ')",
    "t = NULL",  "t = UPPER('x')", "t = ''",     "t = REVERSE(t), v = v + 1",
};

}  // namespace

int Rows() { return 100'000 * FromEnvironment("DCP_TEST_VERIFY_SCALE"); }
int Runs() { return FromEnvironment("DCP_TEST_VERIFY_RUNS"); }

void FillLiveTable(test::ReplicaPair& pair, int rows) {
  ASSERT_OK(pair.source().Execute(
      "CREATE TABLE shop.t (id INT PRIMARY KEY, v INT, t VARCHAR(64)) ENGINE=InnoDB; INSERT INTO "
      "shop.t VALUES (1, 1, SHA2(1, 224))"));
  for (int have = 1; have < rows; have *= 2) {
    ASSERT_OK(pair.source().Execute(
        absl::StrCat("INSERT INTO shop.t SELECT id + ", have, ", v + ", have, ", SHA2(id + ", have,
                     ", 224) FROM shop.t WHERE id + ", have, " <= ", rows)));
  }
  ASSERT_OK(pair.WaitForReplica(absl::Minutes(5)));
}

std::vector<std::string> InjectDifferences(test::ReplicaPair& pair, int rows, int count,
                                           uint32_t seed) {
  std::minstd_rand random(seed);
  std::set<int> ids;
  while (static_cast<int>(ids.size()) < count) ids.insert(Draw(random, 0, rows / 10 - 1) * 10 + 7);
  std::vector<std::string> expected;
  std::string on_target = "SET sql_log_bin = 0";
  std::string on_source = on_target;
  for (const int id : ids) {
    const std::string remove = absl::StrCat("; DELETE FROM shop.t WHERE id = ", id);
    switch (Draw(random, 0, 3)) {
      case 0:
        on_target += remove;
        expected.push_back(absl::StrCat("missing shop.t[", id, "]"));
        break;
      case 1:
        on_source += remove;
        expected.push_back(absl::StrCat("extra shop.t[", id, "]"));
        break;
      case 2:
        absl::StrAppend(&on_target, "; INSERT INTO shop.t VALUES (", -id, ", 1, 'extra')");
        expected.push_back(absl::StrCat("extra shop.t[", -id, "]"));
        break;
      default:
        absl::StrAppend(&on_target, "; UPDATE shop.t SET ",
                        kChanges[static_cast<size_t>(Draw(random, 0, 7))], " WHERE id = ", id);
        expected.push_back(absl::StrCat("mismatch shop.t[", id, "]"));
    }
  }
  EXPECT_OK(ConnectTo(pair.source())->Execute(on_source));
  EXPECT_OK(ConnectTo(pair.replica())->Execute(on_target));
  std::sort(expected.begin(), expected.end());
  return expected;
}

Writer::Writer(test::MysqlServer& server, int rows, Options options)
    : rows_(rows), options_(std::move(options)), session_(ConnectTo(server)) {
  thread_ = std::thread([this] { Write(); });
}

Writer::~Writer() {
  stop_ = true;
  thread_.join();
  EXPECT_GT(written_.load(), 0);
}

std::string Writer::Statement(int id, int kind) const {
  if (kind == 8) return absl::StrCat("DELETE FROM shop.t WHERE id = ", id);
  if (kind == 9) return absl::StrCat("REPLACE INTO shop.t VALUES (", id, ", 0, 'new')");
  return absl::StrCat("UPDATE shop.t SET v = v + 1 WHERE id = ", id);
}

void Writer::Write() {
  std::minstd_rand random(options_.seed);
  const Clock& clock = Clock::Real();
  const absl::Duration each = absl::Seconds(1) / options_.per_second;
  absl::Duration due = clock.Monotonic();
  while (!stop_) {
    int id = Draw(random, 1, rows_ + rows_ / 10);
    const std::vector<int>& only = options_.only;
    if (!only.empty()) id = only[static_cast<size_t>(id) % only.size()];
    if (only.empty() && !options_.all && id % 10 == 7) continue;
    const std::string sql = Statement(id, Draw(random, 0, only.empty() ? 9 : 0));
    EXPECT_OK(session_->Execute(sql)) << sql;
    ++written_;
    // What a slow machine has not managed is not made up for.
    due = std::max(due + each, clock.Monotonic() - each);
    if (due > clock.Monotonic()) test::Pause(due - clock.Monotonic());
  }
}

RandomLag::RandomLag(test::MysqlServer& replica, absl::Duration most, uint32_t seed)
    : most_(most), seed_(seed), words_(replica.words()), session_(ConnectTo(replica)) {
  thread_ = std::thread([this] { Hold(); });
}

RandomLag::~RandomLag() {
  stop_ = true;
  thread_.join();
}

void RandomLag::Hold() {
  std::minstd_rand random(seed_);
  const Clock& clock = Clock::Real();
  while (!stop_) {
    const absl::Duration end =
        clock.Monotonic() + most_ * std::uniform_real_distribution<double>(0, 1)(random);
    EXPECT_OK(session_->Execute(words_.stop_applier));
    while (!stop_ && clock.Monotonic() < end) test::Pause(absl::Milliseconds(10));
    EXPECT_OK(session_->Execute(words_.start_applier));
    test::Pause(absl::Milliseconds(Draw(random, 0, 500)));
  }
}

}  // namespace dcp::verifier
