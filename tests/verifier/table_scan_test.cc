#include "verifier/table_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/verifier/fake_tables.h"

namespace dcp::verifier {
namespace {

using ::dcp::test::HasCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class TableScanTest : public ::testing::Test, protected ScanEvents {
 protected:
  TableScanTest() { options_.chunk = {.first = 10, .min = 1, .max = 10}; }

  static void Fill(FakeTable& table, int rows, int step = 1) {
    for (int i = 0; i < rows; i += step) table.rows[Key(i)] = "v";
  }
  static std::string Key(int i) { return absl::StrFormat("%05d", i); }

  absl::Status Run() { return Run({&target_}); }
  absl::Status Run(const std::vector<PageReader*>& others) {
    const Pause pause = [this](absl::Duration) { return pause_status_; };
    return ScanTables(source_, others, options_, Clock::Real(), pause, *this);
  }

  void OnChunk(size_t guide_rows, size_t other_rows) override {
    ++chunks_;
    source_rows_ += guide_rows;
    target_rows_ += other_rows;
  }
  void OnFailedChunk(const absl::Status& why) override { failed_.push_back(why); }
  absl::Status OnSuspects(const std::vector<std::string>& keys) override {
    suspects_.insert(suspects_.end(), keys.begin(), keys.end());
    largest_batch_ = std::max(largest_batch_, keys.size());
    return absl::OkStatus();
  }

  FakeTable source_, target_;
  ScanOptions options_;
  absl::Status pause_status_;
  size_t chunks_ = 0, source_rows_ = 0, target_rows_ = 0, largest_batch_ = 0;
  std::vector<absl::Status> failed_;
  std::vector<std::string> suspects_;
};

TEST_F(TableScanTest, EqualTablesHaveNoSuspects) {
  Fill(source_, 105);
  Fill(target_, 105);
  ASSERT_OK(Run());
  EXPECT_THAT(suspects_, IsEmpty());
  EXPECT_EQ(source_rows_, 105u);
  EXPECT_EQ(target_rows_, 105u);
  EXPECT_EQ(chunks_, 11u);
  EXPECT_EQ(source_.largest_page, 10u);
}

TEST_F(TableScanTest, EmptyTablesAreOneChunk) {
  ASSERT_OK(Run());
  EXPECT_EQ(chunks_, 1u);
}

TEST_F(TableScanTest, EveryKindOfDifferenceIsSuspected) {
  Fill(source_, 100);
  Fill(target_, 100);
  target_.rows.erase(Key(0));
  target_.rows.erase(Key(99));
  target_.rows["00009x"] = "extra at a chunk's end";
  target_.rows["zzz"] = "extra behind all";
  target_.rows[" "] = "extra before all";
  target_.rows[Key(50)] = "other";
  ASSERT_OK(Run());
  EXPECT_THAT(suspects_, UnorderedElementsAre(Key(0), Key(99), "00009x", "zzz", " ", Key(50)));
}

TEST_F(TableScanTest, TheSameChangeToTwoRowsDoesNotCancel) {
  Fill(source_, 10);
  Fill(target_, 10);
  target_.rows[Key(3)] = target_.rows[Key(4)] = "w";
  ASSERT_OK(Run());
  EXPECT_THAT(suspects_, UnorderedElementsAre(Key(3), Key(4)));
}

TEST_F(TableScanTest, SwappedContentsAreSeen) {
  source_.rows = {{"a", "1"}, {"b", "2"}};
  target_.rows = {{"a", "2"}, {"b", "1"}};
  ASSERT_OK(Run());
  EXPECT_THAT(suspects_, UnorderedElementsAre("a", "b"));
}

TEST_F(TableScanTest, AnEmptyTargetGivesEveryRow) {
  Fill(source_, 95);
  ASSERT_OK(Run());
  EXPECT_THAT(suspects_, SizeIs(95));
}

TEST_F(TableScanTest, AnEmptySourceGivesEveryRowInBatches) {
  Fill(target_, 9000);
  options_.max_suspects = 2000;
  ASSERT_OK(Run());
  EXPECT_THAT(suspects_, SizeIs(9000));
  EXPECT_LE(target_.largest_page, 1000u);
  EXPECT_LE(largest_batch_, 3000u);
}

TEST_F(TableScanTest, GapsAndSkewAreReadInPieces) {
  Fill(source_, 20000, 1000);
  Fill(target_, 20000);
  ASSERT_OK(Run());
  EXPECT_THAT(suspects_, SizeIs(20000 - 20));
  EXPECT_LE(target_.largest_page, 1000u);
}

// "a" < "B" < "c" in the one order, "B" < "a" < "c" in the other: rows stand in other chunks.
TEST_F(TableScanTest, RowsInAnotherOrderAreMetInOtherChunks) {
  options_.chunk = {.first = 2, .min = 2, .max = 2};
  source_.ignore_case = true;
  for (const char* key : {"a", "B", "c", "D", "e", "F", "g", "H"}) {
    source_.rows[key] = target_.rows[key] = "v";
  }
  ASSERT_OK(Run());
  EXPECT_THAT(suspects_, IsEmpty());
  target_.rows["Q"] = "extra";
  ASSERT_OK(Run());
  EXPECT_THAT(suspects_, ElementsAre("Q"));
}

TEST_F(TableScanTest, SeveralTablesTogetherAreOneSide) {
  FakeTable second;
  Fill(source_, 100);
  Fill(target_, 100);
  for (int i = 0; i < 100; i += 3) {
    second.rows[Key(i)] = "v";
    target_.rows.erase(Key(i));
  }
  ASSERT_OK(Run({&target_, &second}));
  EXPECT_THAT(suspects_, IsEmpty());
  second.rows[Key(1)] = "v";  // in both
  ASSERT_OK(Run({&target_, &second}));
  EXPECT_THAT(suspects_, ElementsAre(Key(1)));
}

TEST_F(TableScanTest, AReadThatFailsIsTriedAgain) {
  Fill(source_, 30);
  Fill(target_, 30);
  source_.errors = {absl::AbortedError("timeout")};
  target_.errors = {absl::UnavailableError("lost"), absl::OkStatus(),
                    absl::UnavailableError("lost")};
  ASSERT_OK(Run());
  EXPECT_THAT(suspects_, IsEmpty());
  EXPECT_THAT(failed_, IsEmpty());
  EXPECT_EQ(source_rows_, 30u);
}

TEST_F(TableScanTest, AChunkThatCannotBeReadIsNamedAndTheRestIsCompared) {
  Fill(source_, 30);
  Fill(target_, 30);
  target_.rows.erase(Key(5));   // in the chunk that fails
  target_.rows.erase(Key(25));  // in another
  target_.errors = {absl::DataLossError("damaged")};
  ASSERT_OK(Run());
  EXPECT_THAT(failed_, ElementsAre(HasCode(absl::StatusCode::kDataLoss)));
  EXPECT_THAT(suspects_, ElementsAre(Key(25)));
}

TEST_F(TableScanTest, ATableThatIsGoneEndsTheScan) {
  Fill(source_, 100);
  Fill(target_, 100);
  target_.errors = std::vector<absl::Status>(100, absl::NotFoundError("dropped"));
  EXPECT_THAT(Run(), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(failed_, SizeIs(3));
  EXPECT_THAT(suspects_, IsEmpty());
}

TEST_F(TableScanTest, AGuideThatIsGoneEndsTheScanButNotWhatWasSuspected) {
  Fill(source_, 100);
  Fill(target_, 100);
  target_.rows.erase(Key(5));
  source_.errors = {absl::NotFoundError("dropped"), absl::OkStatus(), absl::OkStatus()};
  EXPECT_THAT(Run(), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(suspects_, ElementsAre(Key(5)));
  EXPECT_EQ(chunks_, 2u);
}

TEST_F(TableScanTest, AStopEndsTheScan) {
  Fill(source_, 100);
  pause_status_ = absl::CancelledError("stopped");
  EXPECT_THAT(Run(), HasCode(absl::StatusCode::kCancelled));
  EXPECT_THAT(suspects_, IsEmpty());
}

TEST(ChunkSizeTest, GrowsToTheTargetTimeStepByStep) {
  ChunkSize size({.target = absl::Milliseconds(500), .first = 1000, .max = 100'000});
  size.Took(1000, absl::Milliseconds(10));
  EXPECT_EQ(size.rows(), 2000u);
  for (int i = 0; i < 20; ++i) size.Took(size.rows(), absl::Microseconds(10) * size.rows());
  EXPECT_EQ(size.rows(), 50'000u);
}

TEST(ChunkSizeTest, ShrinksAtOnceWhenAChunkWasFarTooSlow) {
  ChunkSize size({.target = absl::Milliseconds(500), .first = 50'000, .max = 100'000});
  size.Took(50'000, absl::Milliseconds(500));
  size.Took(50'000, absl::Seconds(50));
  EXPECT_EQ(size.rows(), 500u);
}

TEST(ChunkSizeTest, KeepsItsBounds) {
  ChunkSize size({.first = 10, .min = 5, .max = 20});
  size.Took(10, absl::ZeroDuration());
  EXPECT_EQ(size.rows(), 20u);
  size.Took(20, absl::Seconds(100));
  EXPECT_EQ(size.rows(), 5u);
  size.TimedOut();
  EXPECT_EQ(size.rows(), 5u);
  size.Took(0, absl::Seconds(100));
  EXPECT_EQ(size.rows(), 5u);
}

}  // namespace
}  // namespace dcp::verifier
