// Verifications while the source is written to and the replica follows: no false difference, and
// all true ones.
#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
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
  explicit LiveWritesTest(test::ReplicaPairOptions servers = {})
      : VerificationTest(std::move(servers)) {}

  void SetUp() override {
    VerificationTest::SetUp();
    options_.scan.chunk = {.target = absl::Milliseconds(50), .first = 1000, .max = 5000};
    options_.sync.timeout = absl::Minutes(1);  // however busy the replica's machine is
  }
  Writer::Options WithSeed(int run) {
    Writer::Options options;
    options.seed = kWriterSeed + static_cast<uint32_t>(run);
    return options;
  }
  // For who measures.
  void Say(int run, const Writer& writer) {
    const TableResult& table = Table("shop.t");
    std::cout << "run " << run << ": " << table.rows << " rows, " << table.chunks << " chunks, "
              << table.different << " different, " << absl::ToDoubleSeconds(table.elapsed)
              << " s, ";
    rate_.Add(writer);
  }

  FullRate rate_;
};

class LivePairsTest : public LiveWritesTest,
                      public ::testing::WithParamInterface<test::ReplicaPairOptions> {
 protected:
  LivePairsTest() : LiveWritesTest(GetParam()) {}
};

TEST_P(LivePairsTest, NothingDiffersWhereNothingWasChangedBehindReplicationsBack) {
  const int rows = Rows();
  FillLiveTable(pair(), rows);
  for (int run = 0; run < Runs(); ++run) {
    const Writer writer(pair().source(), rows, WithSeed(run));
    ExpectEqual();
    EXPECT_GT(Table("shop.t").rows, static_cast<uint64_t>(rows) * 8 / 10);
    Say(run, writer);
  }
}

TEST_P(LivePairsTest, TheSameWithAReplicaThatIsLateByZeroToFiveSeconds) {
  const int rows = Rows();
  FillLiveTable(pair(), rows);
  for (int run = 0; run < Runs(); ++run) {
    const Writer writer(pair().source(), rows, WithSeed(run));
    const RandomLag lag(pair().replica(), absl::Seconds(5), WithSeed(run).seed);
    ExpectEqual();
    Say(run, writer);
  }
}

TEST_P(LivePairsTest, ExactlyTheInjectedOnesAreFound) {
  const int rows = Rows();
  FillLiveTable(pair(), rows);
  for (int run = 0; run < Runs(); ++run) {
    const Writer writer(pair().source(), rows, WithSeed(run));
    Injected injected(pair(), rows, 100, WithSeed(run).seed);
    Run();
    EXPECT_THAT(events_.Found(), ElementsAreArray(injected.expected()));
    EXPECT_EQ(Table("shop.t").undecided, 0u) << ::testing::PrintToString(Table("shop.t").reasons);
    Say(run, writer);
    injected.TakeBack();
  }
}

INSTANTIATE_TEST_SUITE_P(, LivePairsTest, ReplicatingPairs(), NameOfPair);

// One row is written all the time; beside it one is wrong.
TEST_F(LiveWritesTest, AHotRowIsNotBlamedAndHidesNoOther) {
  FillLiveTable(pair(), 1000);
  OnTarget("UPDATE shop.t SET t = 'wrong' WHERE id = 501");
  // As fast as a replica on a busy machine follows.
  const Writer writer(pair().source(), 1000,
                      {.only = {500}, .per_second = 150, .in_transaction = 1, .makes_up = false});
  for (int i = 0; i < 3; ++i) {
    Run();
    EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[501]"));
  }
}

// A row that goes to and fro between two values is the hardest to tell from a wrong one.
TEST_F(LiveWritesTest, ARowThatGoesToAndFroIsNotBlamed) {
  FillLiveTable(pair(), 100);
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
