// Everything that can happen to the barrier row between two live servers: what is cut,
// merged, ignored or said to be unverified, and that nothing stops the checker.
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "tests/cmd/checked_pair.h"
#include "tests/support/eventually.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

using Words = std::vector<std::string>;

constexpr char kIncrement[] = "UPDATE drc.barrier SET `offset` = `offset` + 1 WHERE id = 1";

class BarrierRowsTest : public CheckedPair {
 protected:
  void StartAligned(const std::string& align, const std::string& check = "") {
    Start(AlignedBy(align, check));
  }
  static Settings AlignedBy(const std::string& align, const std::string& check = "") {
    Settings settings;
    settings.check = absl::StrCat("align = \"", align, "\"\n", check);
    settings.lateness = align == "barrier" ? 1 : 0;
    return settings;
  }

  // A barrier that the replica never shows.
  void SkippedBarrier() { Skipped(kIncrement); }

  // Returns once dcp reads both binlogs.
  void AwaitStreams() {
    const std::string dumps =
        "SELECT COUNT(*) FROM performance_schema.threads WHERE processlist_command LIKE "
        "'Binlog Dump%'";
    ASSERT_TRUE(Eventually([&] {
      const auto on_source = source().QueryValue(dumps), on_replica = replica().QueryValue(dumps);
      return on_source.value_or("") == "2" && on_replica.value_or("") == "1";
    }));
  }
};

// The pair's replication gives the source's GTIDs to the target: all three can align it.
class EachAlignmentTest : public BarrierRowsTest,
                          public ::testing::WithParamInterface<std::string> {
 protected:
  bool by_barrier() const { return GetParam() == "barrier"; }
  Settings Mode(const std::string& check = "") const { return AlignedBy(GetParam(), check); }
};
INSTANTIATE_TEST_SUITE_P(All, EachAlignmentTest, ::testing::Values("auto", "gtid", "barrier"),
                         [](const auto& align) { return align.param; });

// ---- merged, skipped ----

TEST_P(EachAlignmentTest, BarriersThatTheTargetMissedMergeSegments) {
  Start(Mode());
  SkippedBarrier();
  SkippedBarrier();
  Judge();
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..203", "same 203..204"));
}

TEST_P(EachAlignmentTest, DifferenceInAMergedSegmentIsFound) {
  Start(Mode());
  Judge();
  Skipped("UPDATE shop.orders SET v = 'lost' WHERE id = 1");
  SkippedBarrier();
  Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  Barrier();
  EXPECT_THAT(Said(), ElementsAre("same 200..201",
                                  "diff 201..203 missing shop.orders[1], missing shop.orders[42]"));
}

TEST_P(EachAlignmentTest, SourceThatCountsByTenCutsAsOften) {
  Start(Mode());
  ChangeBarrier("`offset` = `offset` + 10");
  AwaitVerdict(210);
  ChangeBarrier("`offset` = `offset` + 10");
  AwaitVerdict(220);
  EXPECT_THAT(Said(), ElementsAre("same 200..210", "same 210..220"));
}

TEST_P(EachAlignmentTest, TwoBarriersInOneTransaction) {
  Start(Mode());
  OnSource(absl::StrCat("BEGIN; UPDATE shop.orders SET v = 'p' WHERE id = 1; ", kIncrement,
                        "; UPDATE shop.orders SET v = 'q' WHERE id = 1; ", kIncrement,
                        "; UPDATE shop.orders SET v = 'r' WHERE id = 1; COMMIT"));
  AwaitVerdict(202);
  Judge();
  // A transaction is whole where transactions are aligned.
  EXPECT_THAT(Said(), ElementsAreArray(
                          by_barrier() ? Words{"same 200..201", "same 201..202", "same 202..203"}
                                       : Words{"same 200..202", "same 202..203"}));
}

TEST_P(EachAlignmentTest, BarrierInAnXaTransaction) {
  Start(Mode());
  const auto session = source().Connect();
  ASSERT_OK(session);
  ASSERT_OK((*session)->Execute(
      absl::StrCat("XA START 'x'; UPDATE shop.orders SET v = 'p' WHERE id = 1; ", kIncrement,
                   "; UPDATE shop.orders SET v = 'q' WHERE id = 2; XA END 'x'; XA PREPARE 'x'")));
  Traffic();
  ASSERT_OK((*session)->Execute("XA COMMIT 'x'"));
  AwaitVerdict(201);
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202"));
}

// ---- inserted, deleted, repeated ----

TEST_P(EachAlignmentTest, OtherBarrierRowsAreNoBarriers) {
  Start(Mode());
  OnSource("INSERT INTO drc.barrier (id, `offset`) VALUES (2, 5000), (3, 1)");
  OnSource("UPDATE drc.barrier SET `offset` = `offset` + 1 WHERE id <> 1");
  Judge();
  OnSource("DELETE FROM drc.barrier WHERE id <> 1");
  OnReplica("INSERT INTO drc.barrier (id, `offset`) VALUES (4, 5000)");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202"));
}

TEST_P(EachAlignmentTest, RowDeletedAndInsertedAgainGoesOn) {
  Start(Mode());
  OnSource("DELETE FROM drc.barrier");
  Traffic();
  OnSource("INSERT INTO drc.barrier (id, `offset`) VALUES (1, 201)");
  AwaitVerdict(201);
  OnSource("REPLACE INTO drc.barrier (id, `offset`) VALUES (1, 202)");
  AwaitVerdict(202);
  OnSource(
      "INSERT INTO drc.barrier (id, `offset`) VALUES (1, 0) ON DUPLICATE KEY UPDATE "
      "`offset` = 203");
  AwaitVerdict(203);
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202", "same 202..203"));
}

TEST_P(EachAlignmentTest, RowThatGetsAnotherIdAndItsOwnBack) {
  Start(Mode());
  OnSource("UPDATE drc.barrier SET id = 7, `offset` = 300");
  Traffic();
  OnSource("UPDATE drc.barrier SET id = 1, `offset` = 201");
  AwaitVerdict(201);
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202"));
}

TEST_P(EachAlignmentTest, RepeatedOffsetCutsNothing) {
  Start(Mode());
  Judge();
  Skipped("UPDATE shop.orders SET v = 'lost' WHERE id = 1");
  ChangeBarrier("ts = '2001-01-01'");
  Skipped("UPDATE shop.orders SET v = 'lost' WHERE id = 2");
  ChangeBarrier("ts = '2002-01-01'");
  OnSource("DELETE FROM drc.barrier");
  OnSource("INSERT INTO drc.barrier (id, `offset`) VALUES (1, 201)");
  Barrier();
  EXPECT_THAT(Said(), ElementsAre("same 200..201",
                                  "diff 201..202 missing shop.orders[1], missing shop.orders[2]"));
}

TEST_P(EachAlignmentTest, TableMadeAnewWithItsColumnsInAnotherOrder) {
  Start(Mode());
  ASSERT_OK(source().Execute(
      "DROP TABLE drc.barrier; CREATE TABLE drc.barrier (ts TIMESTAMP NULL, `offset` BIGINT, "
      "more INT, id INT PRIMARY KEY)"));
  OnSource("INSERT INTO drc.barrier (id, `offset`) VALUES (1, 201)");
  AwaitVerdict(201);
  ASSERT_OK(source().Execute("ALTER TABLE drc.barrier ADD COLUMN first CHAR(9) FIRST"));
  Judge();
  ASSERT_OK(source().Execute("TRUNCATE drc.barrier"));
  OnSource("INSERT INTO drc.barrier (id, `offset`) VALUES (1, 203)");
  AwaitVerdict(203);
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202", "same 202..203"));
}

TEST_P(EachAlignmentTest, OffsetNullIsNoBarrier) {
  ASSERT_OK(source().Execute("ALTER TABLE drc.barrier MODIFY `offset` BIGINT UNSIGNED NULL"));
  Start(Mode());
  ChangeBarrier("`offset` = NULL");
  ChangeBarrier("`offset` = 201");
  AwaitVerdict(201);
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202"));
  EXPECT_THAT(dcp().log(), HasSubstr("drc.barrier"));
}

// ---- changed on the replica ----

TEST_P(EachAlignmentTest, HigherOffsetOfTheReplicasOwnIsIgnored) {
  Start(Mode());
  OnReplica("UPDATE drc.barrier SET `offset` = 999 WHERE id = 1");
  Judge();
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202"));
}

TEST_P(EachAlignmentTest, LowerOffsetOfTheReplicasOwnIsAReplay) {
  Start(Mode());
  Judge();
  OnReplica("UPDATE drc.barrier SET `offset` = 200 WHERE id = 1");
  Barrier();
  Barrier();
  Judge();
  EXPECT_THAT(Said(),
              ElementsAre("same 200..201", "same 201..202", "same 202..203", "same 203..204"));
}

TEST_P(EachAlignmentTest, OffsetFromBeforeTheRunIsReplayedHistory) {
  Start(Mode());
  Judge();
  OnReplica("UPDATE drc.barrier SET `offset` = 5 WHERE id = 1");
  Barrier();
  Barrier();
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201",
                                  by_barrier() ? "unverified 201..202 history" : "same 201..202",
                                  "same 202..203", "same 203..204"));
}

TEST_P(EachAlignmentTest, NextOffsetWrittenOnTheReplicaFirst) {
  Start(Mode());
  Judge();
  OnReplica("UPDATE drc.barrier SET `offset` = 202, ts = '2001-01-01' WHERE id = 1");
  Judge();
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202", "same 202..203"));
}

TEST_P(EachAlignmentTest, BarrierThatTheReplicaHasAlreadyLeavesAnEmptyTransaction) {
  Start(Mode());
  Judge();
  OnReplica("UPDATE drc.barrier SET `offset` = 202, ts = '2001-01-01' WHERE id = 1");
  ChangeBarrier("`offset` = 202, ts = '2001-01-01'");
  Judge();
  EXPECT_THAT(Said(), ElementsAreArray(
                          by_barrier() ? Words{"same 200..201", "same 201..202", "same 202..203"}
                                       : Words{"same 200..201", "same 201..203"}));
}

TEST_P(EachAlignmentTest, RowDeletedOnTheReplicaAndPutBack) {
  Start(Mode());
  OnReplica("DELETE FROM drc.barrier");
  OnReplica("INSERT INTO drc.barrier (id, `offset`) VALUES (1, 200)");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..201"));
}

// ---- a new epoch ----

TEST_P(EachAlignmentTest, OffsetsThatGoBackBeginAnEpoch) {
  Start(Mode());
  Judge();
  ChangeBarrier("`offset` = 1");
  Judge();
  Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  const uint64_t to = Barrier();
  EXPECT_EQ(to, 3U);
  Barrier();
  EXPECT_THAT(Said(),
              ElementsAreArray(Words{"same 200..201", "e2 unverified 201..1 epoch", "e2 same 1..2",
                                     "e2 diff 2..3 missing shop.orders[42]", "e2 same 3..4"}));
}

TEST_P(EachAlignmentTest, OffsetsThatGoBackALittleClimbOverTheOldOnes) {
  Start(Mode());
  Judge();
  Judge();
  ChangeBarrier("`offset` = 200");
  Barrier();
  Barrier();
  Barrier();
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202", "e2 unverified 202..200 epoch",
                                  "e2 same 200..201", "e2 same 201..202", "e2 same 202..203"));
}

TEST_P(EachAlignmentTest, TwoEpochsInARow) {
  Start(Mode());
  ChangeBarrier("`offset` = 5");
  ChangeBarrier("`offset` = 1");
  Judge();
  EXPECT_THAT(Said(), ElementsAre("e2 unverified 200..5 epoch", "e3 unverified 5..1 epoch",
                                  "e3 same 1..2"));
}

TEST_P(EachAlignmentTest, EpochWhoseFirstBarrierTheTargetMissed) {
  Start(Mode());
  Skipped("UPDATE drc.barrier SET `offset` = 1");
  Barrier();
  Judge();
  EXPECT_THAT(Said(), ElementsAre("e2 unverified 200..2 epoch", "e2 same 2..3"));
}

TEST_P(EachAlignmentTest, EpochThatTheTargetSeesLate) {
  Start(Mode());
  ASSERT_OK(replica().Execute("STOP REPLICA SQL_THREAD"));
  Barrier();
  Barrier();
  ChangeBarrier("`offset` = 1");
  Barrier();
  Barrier();
  ASSERT_OK(replica().Execute("START REPLICA SQL_THREAD"));
  EXPECT_THAT(Said(), ElementsAre("same 200..201", "same 201..202", "e2 unverified 202..1 epoch",
                                  "e2 same 1..2", "e2 same 2..3"));
}

TEST_P(EachAlignmentTest, FindingStaysOpenOverAnEpoch) {
  Start(Mode());
  Barrier();
  OnReplica("UPDATE shop.orders SET v = 'wrong' WHERE id = 2");
  Barrier();
  Barrier();
  Judge();
  ChangeBarrier("`offset` = 1");
  Judge();
  OnSource("UPDATE shop.orders SET v = 'mended' WHERE id = 2");
  Barrier();
  EXPECT_THAT(Said(),
              ElementsAre("same 200..201", "diff 201..202 extra shop.orders[2]", "same 202..203",
                          "same 203..204", "e2 unverified 204..1 epoch", "e2 same 1..2",
                          "e2 diff 2..3 known 1", "e2 resolved 2..3 shop.orders[2]"));
}

TEST_P(EachAlignmentTest, GreatestOffsetThereIs) {
  Start(Mode());
  ChangeBarrier("`offset` = 18446744073709551615");
  AwaitVerdict(18446744073709551615U);
  ChangeBarrier("`offset` = 0");
  Judge();
  Judge();
  EXPECT_THAT(Said(), ElementsAre("same 200..18446744073709551615",
                                  "e2 unverified 18446744073709551615..0 epoch", "e2 same 0..1",
                                  "e2 same 1..2"));
}

// ---- before the first barrier ----

TEST_P(EachAlignmentTest, ChangesBeforeTheFirstBarrierAreNotJudged) {
  ASSERT_OK(source().Execute("DELETE FROM drc.barrier"));
  Settings settings = Mode();
  settings.await_first_verdict = false;
  Start(settings);
  AwaitStreams();
  OnReplica("UPDATE shop.orders SET v = 'before' WHERE id = 1");
  Skipped("INSERT INTO shop.orders VALUES (42, 'before', 0)");
  OnSource("INSERT INTO drc.barrier (id, `offset`) VALUES (1, 10)");
  Judge();
  Judge();
  OnReplica("UPDATE shop.orders SET v = 'after' WHERE id = 2");
  Barrier();
  EXPECT_THAT(Said(),
              ElementsAre("same 10..11", "same 11..12", "diff 12..13 extra shop.orders[2]"));
}

// ---- the target is silent ----

TEST_P(EachAlignmentTest, LateTargetIsSaidOnceAndJudgedWhenItComes) {
  Start(Mode("timeout = \"1s\"\n"));
  ASSERT_OK(replica().Execute("STOP REPLICA SQL_THREAD"));
  Barrier();
  const auto timeout = dcp().Await(OfType("timeout"));
  ASSERT_OK(timeout);
  EXPECT_EQ((*timeout)["last_barrier"], kFirst);
  EXPECT_GE((*timeout)["lag_seconds"], 1.0);
  Barrier();
  Barrier();
  Pause(absl::Milliseconds(1500));  // for a second alarm, which must not come, and to be late
  ASSERT_OK(replica().Execute("START REPLICA SQL_THREAD"));
  const auto resolved = dcp().Await(OfType("resolved"));
  ASSERT_OK(resolved);
  EXPECT_EQ((*resolved)["resolves"], Alarm::array({(*timeout)["id"]}));
  EXPECT_THAT(Said(), ElementsAre("timeout 200..201", "late same 200..201", "late same 201..202",
                                  "late same 202..203", "resolved 200..201"));
}

TEST_P(EachAlignmentTest, DifferenceOfALateTargetIsLate) {
  Start(Mode("timeout = \"1s\"\n"));
  Judge();
  Skipped("INSERT INTO shop.orders VALUES (42, 'x', 7)");
  ASSERT_OK(replica().Execute("STOP REPLICA SQL_THREAD"));
  Barrier();
  ASSERT_OK(dcp().Await(OfType("timeout")));
  ASSERT_OK(replica().Execute("START REPLICA SQL_THREAD"));
  ASSERT_OK(dcp().Await(OfType("resolved")));
  Words said = Said();
  // Where the end of the outage stands depends on when the row could be read.
  std::erase(said, "resolved 201..202");
  EXPECT_THAT(said, ElementsAre("same 200..201", "timeout 201..202",
                                "late diff 201..202 missing shop.orders[42]"));
}

TEST_P(EachAlignmentTest, TargetSilentFromTheStart) {
  ASSERT_OK(replica().Execute("STOP REPLICA SQL_THREAD"));
  Settings settings = Mode("timeout = \"1s\"\n");
  settings.await_first_verdict = false;
  Start(settings);
  AwaitStreams();
  Barrier();
  const auto timeout = dcp().Await(OfType("timeout"));
  ASSERT_OK(timeout);
  EXPECT_EQ((*timeout)["last_barrier"], 0);
  Barrier();
  Pause(absl::Milliseconds(1200));
  ASSERT_OK(replica().Execute("START REPLICA SQL_THREAD"));
  ASSERT_OK(dcp().Await(OfType("resolved")));
  EXPECT_THAT(Said(), ElementsAre("timeout 101..101", "late same 101..102", "resolved 101..101"));
}

TEST_P(EachAlignmentTest, DataWithoutBarriersIsNamed) {
  Start(Mode("timeout = \"1s\"\n"));
  // The barrier is filtered out; the data goes on.
  ASSERT_OK(
      replica().Execute("STOP REPLICA SQL_THREAD; CHANGE REPLICATION FILTER "
                        "REPLICATE_IGNORE_DB = (drc); START REPLICA SQL_THREAD"));
  Barrier();
  Barrier();
  ASSERT_OK(dcp().Await(OfType("timeout")));
  ASSERT_OK(
      replica().Execute("STOP REPLICA SQL_THREAD; CHANGE REPLICATION FILTER "
                        "REPLICATE_IGNORE_DB = (); START REPLICA SQL_THREAD"));
  Barrier();
  EXPECT_THAT(Said(), ElementsAre("timeout 200..201", "late same 200..203", "resolved 200..201"));
}

// ---- an applier that is no MySQL replica: the test's own hands ----

class OtherApplierTest : public BarrierRowsTest {
 protected:
  void StartByHand(const std::string& check = "") {
    Settings settings = AlignedBy("barrier", check);
    settings.background = false;
    Start(settings);
    ASSERT_OK(replica().Execute("STOP REPLICA"));
  }
  void Set(MysqlServer& server, int id, const std::string& value) {
    ASSERT_OK(
        server.Execute(absl::StrCat("UPDATE shop.orders SET v = '", value, "' WHERE id = ", id)));
  }
  void SetOffset(MysqlServer& server, uint64_t offset) {
    ASSERT_OK(server.Execute(absl::StrCat("UPDATE drc.barrier SET `offset` = ", offset)));
  }
  void Both(int id, const std::string& value) {
    Set(source(), id, value);
    Set(replica(), id, value);
  }
  void BothOffset(uint64_t offset) {
    SetOffset(source(), offset);
    SetOffset(replica(), offset);
  }
  // Barriers of both until all before is decided; their own segments are `same`.
  Words SaidAfter(uint64_t offset) {
    for (uint64_t i = 1; i <= 3; ++i) BothOffset(offset + i);
    AwaitVerdict(offset + 3);
    Words said = AllSaid();
    for (uint64_t i = 3; i > 0 && !said.empty(); --i) {
      EXPECT_EQ(said.back(), absl::StrCat("same ", offset + i - 1, "..", offset + i));
      said.pop_back();
    }
    return said;
  }
};

TEST_F(OtherApplierTest, ManyChangesAndBarriersAppliedAsOne) {
  StartByHand();
  for (const uint64_t i : {201u, 202u, 203u}) {
    Set(source(), 1, absl::StrCat("v", i));
    SetOffset(source(), i);
  }
  Set(replica(), 1, "v203");
  SetOffset(replica(), 203);
  EXPECT_THAT(SaidAfter(203), ElementsAre("same 200..203"));
}

TEST_F(OtherApplierTest, ReplayIsNoDifference) {
  StartByHand();
  Both(1, "p");
  BothOffset(201);
  Both(1, "q");
  BothOffset(202);
  Both(1, "r");
  SetOffset(replica(), 201);
  Set(replica(), 1, "p");
  Set(replica(), 1, "q");
  SetOffset(replica(), 202);
  Set(replica(), 1, "r");
  BothOffset(203);
  EXPECT_THAT(SaidAfter(203), ElementsAre("same 200..201", "same 201..202", "same 202..203"));
}

TEST_F(OtherApplierTest, ReplayBeyondHistoryIsUnverified) {
  StartByHand("history = 2\n");
  for (const uint64_t i : {201u, 202u, 203u, 204u, 205u}) {
    Both(1, absl::StrCat("v", i));
    BothOffset(i);
  }
  Set(replica(), 1, "v201");
  SetOffset(replica(), 202);
  Set(replica(), 1, "v205");
  BothOffset(206);
  EXPECT_THAT(SaidAfter(206),
              ElementsAre("same 200..201", "same 201..202", "same 202..203", "same 203..204",
                          "same 204..205", "unverified 205..206 history"));
}

TEST_F(OtherApplierTest, TargetAheadOfTheSourceIsWaitedFor) {
  StartByHand();
  for (const uint64_t i : {201u, 202u, 203u}) {
    Set(replica(), 1, absl::StrCat("v", i));
    SetOffset(replica(), i);
  }
  for (const uint64_t i : {201u, 202u, 203u}) {
    Set(source(), 1, absl::StrCat("v", i));
    SetOffset(source(), i);
  }
  EXPECT_THAT(SaidAfter(203), ElementsAre("same 200..201", "same 201..202", "same 202..203"));
}

TEST_F(OtherApplierTest, BarriersThatTheSourceMissedCutNothing) {
  StartByHand();
  Both(1, "p");
  SetOffset(replica(), 201);
  Both(1, "q");
  BothOffset(202);
  EXPECT_THAT(SaidAfter(202), ElementsAre("same 200..202"));
}

TEST_F(OtherApplierTest, RowOvertakenByABarrierIsEqual) {
  StartByHand();
  BothOffset(201);
  Set(source(), 1, "early");
  BothOffset(202);
  Set(replica(), 1, "early");  // one barrier late
  Set(replica(), 2, "late");   // one barrier early
  BothOffset(203);
  Set(source(), 2, "late");
  BothOffset(204);
  EXPECT_THAT(SaidAfter(204),
              ElementsAre("same 200..201", "same 201..202", "same 202..203", "same 203..204"));
}

TEST_F(OtherApplierTest, RowTwoBarriersLateIsADifferenceAndResolved) {
  StartByHand("confirm = false\n");
  BothOffset(201);
  Set(source(), 1, "x");
  for (const uint64_t i : {202u, 203u, 204u}) BothOffset(i);
  Set(replica(), 1, "x");
  BothOffset(205);
  EXPECT_THAT(SaidAfter(205), ElementsAre("same 200..201", "diff 201..202 missing shop.orders[1]",
                                          "same 202..203", "same 203..204", "diff 204..205 known 1",
                                          "resolved 204..205 shop.orders[1]"));
}

}  // namespace
}  // namespace dcp::test
