// Reports that change more findings than one transaction is to write.
#include "state/report_parts.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/state/fixture.h"

namespace dcp::state {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace fs = std::filesystem;

class ReportPartsTest : public StateTest {
 protected:
  ReportPartsTest() {
    options_.changes_per_part = 2;
    options_.part_taken = [this] { ++taken_, part_taken_(); };
    EXPECT_OK(TryOpen());
  }

  // Of segment (n, n+1]: the keys `opened` are found, `closed` are over.
  static model::Report Long(uint64_t n, std::vector<uint64_t> opened,
                            std::vector<uint64_t> closed = {}) {
    model::Report report{"orders", "dst", {Same(n, n + 1)}, {}};
    report.update.state = StateAt(n + 1);
    for (const uint64_t key : opened) report.update.findings.push_back(Finding(key));
    for (const uint64_t key : closed) report.update.closed.push_back(Finding(key).key);
    return report;
  }
  absl::Status Put(uint64_t n, const model::Report& report) {
    return store_->Append(report, AlarmsOf(n));
  }
  // Findings 1 to 5, and then 4 to 7 in their place.
  absl::Status PutBoth() {
    const absl::Status status = Put(1, Long(1, {1, 2, 3, 4, 5}));
    return status.ok() ? Put(2, Long(2, {6, 7}, {1, 2, 3})) : status;
  }

  void ExpectStored(uint64_t said_to, const std::vector<uint64_t>& keys) {
    const model::StoredPair stored = Load();
    EXPECT_EQ(stored.state, StateAt(said_to));
    std::vector<model::OpenFinding> findings;
    for (const uint64_t key : keys) findings.push_back(Finding(key));
    EXPECT_THAT(stored.findings, ::testing::UnorderedElementsAreArray(findings));
    EXPECT_EQ(Query("SELECT count(*) FROM finding_records WHERE resolved_at IS NULL"),
              absl::StrCat(keys.size()));
    EXPECT_EQ(Count("report_parts") + Count("sealed_reports"), 0);
  }

  // As a kill at this instant leaves it.
  std::string Snapshot() {
    const std::string to = absl::StrCat(copies_.path(), taken_);
    fs::create_directories(to);
    for (const char* file : {"state.db", "state.db-wal"}) {
      const fs::path from = fs::path(dir_.path()) / file;
      if (fs::exists(from)) fs::copy_file(from, fs::path(to) / file);
    }
    return to;
  }

  const StateDir copies_;
  int taken_ = 0;
  std::function<void()> part_taken_ = [] {};
};

TEST_F(ReportPartsTest, AreWhatOneTransactionWouldHaveWritten) {
  ASSERT_OK(PutBoth());
  EXPECT_EQ(taken_, 3 + 3);
  ExpectStored(3, {4, 5, 6, 7});
  EXPECT_THAT(Waiting("a"), ElementsAre("alarm-1", "alarm-2"));
  Open();
  ExpectStored(3, {4, 5, 6, 7});
  EXPECT_EQ(Query("SELECT count(*) FROM finding_records WHERE resolved_at IS NOT NULL"), "3");
}

TEST_F(ReportPartsTest, AReportOfAsManyChangesAsOnePartIsOneTransaction) {
  ASSERT_OK(Put(1, Long(1, {1, 2})));
  EXPECT_EQ(taken_, 0);
  ASSERT_OK(Put(2, Long(2, {3}, {1, 2})));
  EXPECT_EQ(taken_, 2);
  ExpectStored(3, {3});
}

TEST_F(ReportPartsTest, OthersGetTheirTurnInBetween) {
  part_taken_ = [this] {
    model::Report report = Long(1, {});
    report.check = "calm";
    EXPECT_OK(store_->Append(report, {}));
    EXPECT_THAT(Waiting("a"), ElementsAre("alarm-1"));
  };
  ASSERT_OK(Put(1, Long(1, {1, 2, 3, 4, 5})));
  EXPECT_EQ(taken_, 3);
}

TEST_F(ReportPartsTest, WhoLoadsMeanwhileGetsAllOfIt) {
  part_taken_ = [this] {
    if (taken_ == 1) ExpectStored(2, {1, 2, 3, 4, 5});
  };
  ASSERT_OK(Put(1, Long(1, {1, 2, 3, 4, 5})));
  EXPECT_EQ(taken_, 3);
}

TEST_F(ReportPartsTest, AreWholeAfterAKillBetweenAnyTwoOfThem) {
  std::vector<std::string> snapshots;
  part_taken_ = [&] { snapshots.push_back(Snapshot()); };
  ASSERT_OK(PutBoth());
  Close();
  ASSERT_THAT(snapshots, SizeIs(6));
  for (size_t i = 0; i < snapshots.size(); ++i) {
    SCOPED_TRACE(i);
    options_.dir = snapshots[i];
    ASSERT_OK(TryOpen());
    const auto stored = store_->Load("orders", "dst");
    ASSERT_OK(stored);
    EXPECT_THAT((*stored)->findings, SizeIs(i < 3 ? 5 : 4));
    EXPECT_EQ((*stored)->state, StateAt(i < 3 ? 2 : 3));
    Close();
  }
}

TEST_F(ReportPartsTest, CountForNothingBeforeTheReportIsStored) {
  ASSERT_OK(Put(1, Long(1, {1})));
  Query("CREATE TRIGGER no BEFORE INSERT ON sealed_reports BEGIN SELECT RAISE(ABORT, 'no'); END");
  EXPECT_FALSE(Put(2, Long(2, {2, 3, 4}, {1})).ok());
  EXPECT_EQ(Count("report_parts"), 2);
  EXPECT_EQ(Load().state, StateAt(2));
  EXPECT_THAT(Waiting("a"), ElementsAre("alarm-1"));
  Query("DROP TRIGGER no");
  EXPECT_EQ(Count("findings"), 1);
  ASSERT_OK(Put(2, Long(2, {2, 3, 4}, {1})));  // the same call
  ExpectStored(3, {2, 3, 4});
}

TEST_F(ReportPartsTest, WhatWasNotStoredIsDroppedAtTheNextStart) {
  ASSERT_OK(Put(1, Long(1, {1})));
  Query("CREATE TRIGGER no BEFORE INSERT ON sealed_reports BEGIN SELECT RAISE(ABORT, 'no'); END");
  EXPECT_FALSE(Put(2, Long(2, {2, 3, 4}, {1})).ok());
  Open();
  ExpectStored(2, {1});
}

TEST_F(ReportPartsTest, OnesThatCannotBeTakenAreTakenBeforeTheNextReport) {
  Query("CREATE TRIGGER no BEFORE INSERT ON findings BEGIN SELECT RAISE(ABORT, 'no'); END");
  ASSERT_OK(Put(1, Long(1, {1, 2, 3})));  // stored: nothing of it is lost
  EXPECT_FALSE(Put(2, Long(2, {}, {1})).ok());
  EXPECT_FALSE(store_->Load("orders", "dst").ok());
  EXPECT_THAT(Waiting("a"), ElementsAre("alarm-1"));
  Query("DROP TRIGGER no");
  ASSERT_OK(Put(2, Long(2, {}, {1})));
  ExpectStored(3, {2, 3});
}

TEST_F(ReportPartsTest, DamagedOrMissingOnesAreRefused) {
  Query("CREATE TRIGGER no BEFORE INSERT ON findings BEGIN SELECT RAISE(ABORT, 'no'); END");
  ASSERT_OK(Put(1, Long(1, {1, 2, 3})));
  Close();
  Query("DROP TRIGGER no");
  const std::string whole = Snapshot();
  for (const char* sql :
       {"UPDATE report_parts SET changes = replace(changes, 'orders', 'order')",
        "DELETE FROM report_parts WHERE number = 1", "DELETE FROM report_parts WHERE number = 2",
        "UPDATE sealed_reports SET at = at + 1"}) {
    Query(sql);
    EXPECT_THAT(TryOpen(),
                test::StatusIs(absl::StatusCode::kDataLoss, HasSubstr("is not what was written")))
        << sql;
    fs::copy_file(whole + "/state.db", dir_.db(), fs::copy_options::overwrite_existing);
  }
  Open();
  ExpectStored(2, {1, 2, 3});
}

TEST_F(ReportPartsTest, ResolvedFindingsStayWithinTheirBound) {
  options_.retention.max_count = 4;
  Open();
  ASSERT_OK(Put(1, Long(1, {1, 2, 3, 4, 5, 6, 7, 8})));
  ASSERT_OK(Put(2, Long(2, {}, {1, 2, 3, 4, 5, 6, 7, 8})));
  EXPECT_EQ(Count("finding_records"), 4);
  EXPECT_THAT(Load().findings, IsEmpty());
}

TEST_F(ReportPartsTest, APairThatIsForgottenTakesThemAlong) {
  Query("CREATE TRIGGER no BEFORE INSERT ON findings BEGIN SELECT RAISE(ABORT, 'no'); END");
  ASSERT_OK(Put(1, Long(1, {1, 2, 3})));
  ASSERT_OK(store_->ForgetPairsExcept({}).status());
  Query("DROP TRIGGER no");
  EXPECT_EQ(Count("report_parts") + Count("sealed_reports"), 0);
  ASSERT_OK(Put(1, Long(1, {1})));
}

}  // namespace
}  // namespace dcp::state
