// Verifications while the source is written to and the replica follows: no false difference, and
// all true ones.
//
// DCP_TEST_VERIFY_SCALE (default 1) multiplies rows.
#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include "tests/servers/process.h"
#include "tests/verifier/verification_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr uint32_t kSeed = 20260228;

int Rows() {
  const char* const scale = std::getenv("DCP_TEST_VERIFY_SCALE");
  return 100'000 * (scale == nullptr ? 1 : std::max(1, std::atoi(scale)));
}

// Writes to shop.t on the source, a statement at a time, until it is destroyed. Ids that end in 7
// are left alone.
class Writer {
 public:
  Writer(test::MysqlServer& server, int rows, absl::Duration pause, std::vector<int> only = {})
      : rows_(rows), pause_(pause), only_(std::move(only)) {
    auto session = server.Connect();
    EXPECT_OK(session);
    session_ = *std::move(session);
    thread_ = std::thread([this] { Write(); });
  }
  ~Writer() {
    stop_ = true;
    thread_.join();
    EXPECT_GT(written_.load(), 0);
  }
  int written() const { return written_; }

 private:
  void Write() {
    std::minstd_rand random(kSeed);
    while (!stop_) {
      int id = std::uniform_int_distribution<int>(1, rows_ + rows_ / 10)(random);
      if (!only_.empty()) id = only_[static_cast<size_t>(id) % only_.size()];
      if (only_.empty() && id % 10 == 7) continue;
      const int kind = std::uniform_int_distribution<int>(0, only_.empty() ? 9 : 0)(random);
      std::string sql = absl::StrCat("UPDATE shop.t SET v = v + 1 WHERE id = ", id);
      if (kind == 8) sql = absl::StrCat("DELETE FROM shop.t WHERE id = ", id);
      if (kind == 9) sql = absl::StrCat("REPLACE INTO shop.t VALUES (", id, ", 0, 'new')");
      EXPECT_OK(session_->Execute(sql)) << sql;
      ++written_;
      test::Pause(pause_);
    }
  }

  const int rows_;
  const absl::Duration pause_;
  const std::vector<int> only_;
  std::unique_ptr<test::Session> session_;
  std::atomic<bool> stop_{false};
  std::atomic<int> written_{0};
  std::thread thread_;
};

class LiveWritesTest : public VerificationTest {
 protected:
  void Fill(int rows) {
    OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY, v INT, t VARCHAR(64))");
    OnBoth(
        absl::StrCat("SET SESSION cte_max_recursion_depth = 10000000; INSERT INTO shop.t WITH "
                     "RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ",
                     rows, ") SELECT i, i, SHA2(i, 224) FROM n"));
  }
};

TEST_F(LiveWritesTest, NothingDiffersWhereNothingWasChangedBehindReplicationsBack) {
  const int rows = Rows();
  Fill(rows);
  options_.scan.chunk = {.target = absl::Milliseconds(50), .first = 1000, .max = 5000};
  const Writer writer(pair().source(), rows, absl::Milliseconds(1));
  ExpectEqual();
  EXPECT_GT(Table("shop.t").rows, static_cast<uint64_t>(rows) * 8 / 10);
}

TEST_F(LiveWritesTest, TheSameWithALateReplica) {
  const int rows = Rows();
  Fill(rows);
  ASSERT_OK(
      pair().replica().Execute("STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO "
                               "SOURCE_DELAY = 2; START REPLICA SQL_THREAD"));
  options_.scan.chunk = {.target = absl::Milliseconds(50), .first = 1000, .max = 5000};
  {
    const Writer writer(pair().source(), rows, absl::Milliseconds(1));
    ExpectEqual();
  }
  ASSERT_OK(
      pair().replica().Execute("STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO "
                               "SOURCE_DELAY = 0; START REPLICA SQL_THREAD"));
}

TEST_F(LiveWritesTest, ExactlyTheInjectedDifferencesAreFound) {
  const int rows = Rows();
  Fill(rows);
  std::vector<std::string> injected;
  std::string sql;
  std::minstd_rand random(kSeed);
  for (int i = 0; i < 100; ++i) {
    // Ids that the writer leaves alone, each once.
    const int id = (rows / 100 * i) / 10 * 10 + 7;
    if (i % 3 == 0) {
      absl::StrAppend(&sql, "; DELETE FROM shop.t WHERE id = ", id);
      injected.push_back(absl::StrCat("missing shop.t[", id, "]"));
    } else if (i % 3 == 1) {
      absl::StrAppend(&sql, "; UPDATE shop.t SET t = CONCAT(t, 'x') WHERE id = ", id);
      injected.push_back(absl::StrCat("mismatch shop.t[", id, "]"));
    } else {
      absl::StrAppend(&sql, "; INSERT INTO shop.t VALUES (", -id, ", 1, 'extra')");
      injected.push_back(absl::StrCat("extra shop.t[", -id, "]"));
    }
  }
  std::sort(injected.begin(), injected.end());
  OnTarget("DO 0" + sql);
  options_.scan.chunk = {.target = absl::Milliseconds(50), .first = 1000, .max = 5000};
  const Writer writer(pair().source(), rows, absl::Milliseconds(1));
  Run();
  EXPECT_THAT(events_.Found(), ElementsAreArray(injected));
  EXPECT_EQ(Table("shop.t").undecided, 0u) << ::testing::PrintToString(Table("shop.t").reasons);
}

// One row is written all the time; beside it one is wrong.
TEST_F(LiveWritesTest, AHotRowIsNotBlamedAndHidesNoOther) {
  Fill(1000);
  OnTarget("UPDATE shop.t SET t = 'wrong' WHERE id = 501");
  // As fast as a replica on a busy machine follows.
  const Writer writer(pair().source(), 1000, absl::Milliseconds(5), {500});
  for (int i = 0; i < 3; ++i) {
    Run();
    EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[501]"));
  }
}

// A row that goes to and fro between two values is the hardest to tell from a wrong one.
TEST_F(LiveWritesTest, ARowThatGoesToAndFroIsNotBlamed) {
  Fill(100);
  std::atomic<bool> stop{false};
  ASSERT_OK_AND_ASSIGN(const auto session, pair().source().Connect());
  std::thread toggler([&] {
    while (!stop) {
      EXPECT_OK(session->Execute("UPDATE shop.t SET v = v ^ 1 WHERE id BETWEEN 10 AND 20"));
      test::Pause(absl::Milliseconds(2));  // that a busy replica may follow
    }
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_OK(TryRun());
    EXPECT_THAT(events_.Found(), IsEmpty());
  }
  stop = true;
  toggler.join();
}

}  // namespace
}  // namespace dcp::verifier
