#include "tests/verifier/live_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/servers/process.h"
#include "tests/support/environment.h"
#include "tests/support/status_matchers.h"

namespace dcp::verifier {
namespace {

int FromEnvironment(const char* name) {
  return static_cast<int>(test::NumberFromEnvironment(name).value_or(1));
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

constexpr char kUnlogged[] = "SET sql_log_bin = 0";

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

Injected::Injected(test::ReplicaPair& pair, int rows, int count, uint32_t seed) : pair_(pair) {
  std::minstd_rand random(seed);
  while (static_cast<int>(ids_.size()) < count)
    ids_.insert(Draw(random, 0, rows / 10 - 1) * 10 + 7);
  Statements sql = {kUnlogged, kUnlogged};
  for (const int id : ids_) {
    const int kind = Draw(random, 0, 3);
    Choose(kind, id, Draw(random, 0, std::size(kChanges) - 1), &sql);
  }
  EXPECT_OK(ConnectTo(pair.source())->Execute(sql.source));
  EXPECT_OK(ConnectTo(pair.replica())->Execute(sql.target));
  std::sort(expected_.begin(), expected_.end());
}

void Injected::Choose(int kind, int id, int change, Statements* sql) {
  const std::string remove = absl::StrCat("; DELETE FROM shop.t WHERE id = ", id);
  switch (kind) {
    case 0:
      sql->target += remove;
      expected_.push_back(absl::StrCat("missing shop.t[", id, "]"));
      break;
    case 1:
      sql->source += remove;
      expected_.push_back(absl::StrCat("extra shop.t[", id, "]"));
      break;
    case 2:
      absl::StrAppend(&sql->target, "; INSERT INTO shop.t VALUES (", -id, ", 1, 'extra')");
      expected_.push_back(absl::StrCat("extra shop.t[", -id, "]"));
      break;
    default:
      absl::StrAppend(&sql->target, "; UPDATE shop.t SET ", kChanges[change], " WHERE id = ", id);
      expected_.push_back(absl::StrCat("mismatch shop.t[", id, "]"));
  }
}

void Injected::TakeBack() {
  std::string none = absl::StrCat(kUnlogged, "; DELETE FROM shop.t WHERE id IN (0");
  std::string all = "REPLACE INTO shop.t VALUES ";
  for (const int id : ids_) {
    absl::StrAppend(&none, ", ", -id);
    absl::StrAppend(&all, "(", id, ", ", id, ", SHA2(", id, ", 224)),");
  }
  all.pop_back();
  for (test::MysqlServer* const server : {&pair_.source(), &pair_.replica()}) {
    EXPECT_OK(ConnectTo(*server)->Execute(absl::StrCat(none, "); ", all)));
  }
}

Writer::Writer(test::MysqlServer& server, int rows, Options options)
    : rows_(rows),
      options_(std::move(options)),
      begin_(Clock::Real().Monotonic()),
      session_(ConnectTo(server)),
      random_(options_.seed) {
  thread_ = std::thread([this] { Write(); });
}

Writer::~Writer() {
  stop_ = true;
  thread_.join();
  EXPECT_GT(written_.load(), 0);
}

absl::Duration Writer::elapsed() const { return Clock::Real().Monotonic() - begin_; }

std::string Writer::Statement() {
  const std::vector<int>& only = options_.only;
  int id = Draw(random_, 1, rows_ + rows_ / 10);
  if (!only.empty()) {
    id = only[static_cast<size_t>(id) % only.size()];
    return absl::StrCat("UPDATE shop.t SET v = v + 1 WHERE id = ", id);
  }
  if (!options_.all && id % 10 == 7) ++id;
  switch (Draw(random_, 0, 9)) {
    case 7:
      return absl::StrCat("UPDATE shop.t SET t = REVERSE(t) WHERE id = ", id);
    case 8:
      return absl::StrCat("DELETE FROM shop.t WHERE id = ", id);
    case 9:
      return absl::StrCat("REPLACE INTO shop.t VALUES (", id, ", 0, 'new')");
    default:
      return absl::StrCat("UPDATE shop.t SET v = v + 1 WHERE id = ", id);
  }
}

// In one message to the server, which costs both of them least.
std::string Writer::Transaction() {
  if (options_.in_transaction == 1) return Statement();
  std::string sql = "BEGIN";
  for (int i = 0; i < options_.in_transaction; ++i) absl::StrAppend(&sql, "; ", Statement());
  return sql + "; COMMIT";
}

void Writer::Write() {
  const Clock& clock = Clock::Real();
  const absl::Duration each = absl::Seconds(1) / options_.per_second;
  absl::Duration due = begin_;
  while (!stop_) {
    const std::string sql = Transaction();
    ASSERT_OK(session_->Execute(sql));
    const int changed = session_->changing_statements();
    written_ += changed;
    due += changed * each;
    const absl::Duration now = clock.Monotonic();
    if (!options_.makes_up) due = std::max(due, now - each);
    if (due > now) test::Pause(due - now);
  }
}

void FullRate::Add(const Writer& writer) {
  const double seconds = absl::ToDoubleSeconds(writer.elapsed());
  std::cout << static_cast<int>(writer.written() / seconds) << " rows/s written" << std::endl;
  rows_ += writer.written();
  seconds_ += seconds;
}

FullRate::~FullRate() {
  if (Runs() == 1) return;
  EXPECT_GE(rows_ / seconds_, 500);
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
