// Verifications while the source is written to and the replica follows: no false difference, and
// all true ones.
//
// DCP_TEST_VERIFY_SCALE (default 1) multiplies rows.
#include <atomic>
#include <random>
#include <thread>

#include "tests/servers/process.h"
#include "tests/verifier/live_writer.h"
#include "tests/verifier/verification_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

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
  std::minstd_rand random(kWriterSeed);
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
