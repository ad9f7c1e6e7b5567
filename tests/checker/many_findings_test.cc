// What a storm of differing rows is made of: findings that sleep packed, segments that are judged
// in turns, changes that are very many.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "checker/finding_changes.h"
#include "checker/key_history.h"
#include "checker/packed.h"
#include "checker/turns.h"
#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using test::V;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using DdlEffect = model::Mark::DdlEffect;

model::Digest Key(uint64_t n) { return {0, n}; }

model::OpenFinding Finding(uint64_t n, const std::string& alarm_id = "a") {
  model::OpenFinding finding;
  finding.key = Key(n);
  finding.alarm_id = alarm_id;
  return finding;
}

model::PairUpdate Taken(FindingChanges changes) {
  model::PairUpdate update;
  changes.MoveTo(&update);
  return update;
}

TEST(FindingChangesTest, TheNewestStateOfEachKeyStays) {
  FindingChanges changes;
  changes.Set(Finding(2));
  changes.Set(Finding(1));
  changes.Set(Finding(2, "b"));
  EXPECT_THAT(Taken(std::move(changes)).findings, ElementsAre(Finding(1), Finding(2, "b")));
}

TEST(FindingChangesTest, AClosedOneIsNoFindingAndMayBeOneAgain) {
  FindingChanges changes;
  for (uint64_t n = 1; n <= 4; ++n) changes.Set(Finding(n));
  changes.Close(Key(2));
  changes.Close(Key(4));
  changes.Close(Key(4));
  changes.Close(Key(9));
  changes.Set(Finding(2, "b"));
  const model::PairUpdate update = Taken(std::move(changes));
  EXPECT_THAT(update.findings, ElementsAre(Finding(1), Finding(2, "b"), Finding(3)));
  EXPECT_THAT(update.closed, ElementsAre(Key(4), Key(9)));
}

TEST(FindingChangesTest, WhatIsAddedIsLater) {
  FindingChanges first, later;
  first.Set(Finding(1));
  first.Set(Finding(2));
  first.Close(Key(3));
  later.Close(Key(1));
  later.Set(Finding(3));
  FindingChanges all;
  all.Add(std::move(first));
  all.Add(std::move(later));
  const model::PairUpdate update = Taken(std::move(all));
  EXPECT_THAT(update.findings, ElementsAre(Finding(2), Finding(3)));
  EXPECT_THAT(update.closed, ElementsAre(Key(1)));
}

TEST(PackedTest, ComesBackAsItWas) {
  Packer packer;
  const std::vector<uint64_t> numbers = {0,   1,       127,
                                         128, 1 << 14, std::numeric_limits<uint64_t>::max()};
  const std::vector<int64_t> signed_ones = {
      0, -1, 1, -64, 64, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  for (const uint64_t number : numbers) packer.Number(number);
  for (const int64_t number : signed_ones) packer.Signed(number);
  packer.Text("");
  packer.Text(std::string(300, '\0'));
  for (const char* version : {"", "?", "a"}) packer.Version(V(version));
  Unpacker unpacker(packer.bytes().data());
  for (const uint64_t number : numbers) EXPECT_EQ(unpacker.Number(), number);
  for (const int64_t number : signed_ones) EXPECT_EQ(unpacker.Signed(), number);
  EXPECT_EQ(unpacker.Text(), "");
  EXPECT_EQ(unpacker.Text(), std::string(300, '\0'));
  for (const char* version : {"", "?", "a"}) EXPECT_EQ(unpacker.Version(), V(version));
}

std::string BytesOf(const KeyHistory& history) {
  Packer packer;
  history.Pack(&packer);
  return packer.bytes();
}

TEST(PackedTest, AHistoryComesBackWithAllThatItKnows) {
  KeyHistory history;
  history.ApplySource(V("a"), V("b"), 2);
  history.TouchSource(2);
  history.ApplySource(V("?"), V("c"), 300);
  history.ApplyTarget(V("x"), 3);
  history.TouchTarget(3);
  history.AddToTarget(Key(7));
  const std::string packed = BytesOf(history);
  KeyHistory again;
  Unpacker unpacker(packed.data());
  again.Unpack(&unpacker);
  EXPECT_EQ(BytesOf(again), packed);
  EXPECT_TRUE(again.Had(V("a"), -5, 0));
  EXPECT_FALSE(again.Had(V("a"), 2, 2));
  EXPECT_EQ(again.SourceAt(400), V("c"));
  EXPECT_EQ(again.TargetAt(3), V("x"));
  EXPECT_EQ(again.first_target_touch(), 3);
  EXPECT_EQ(again.AddToTarget(Key(1)).after, model::Version::Content(Key(8)));
}

// Every third test of the checker has open findings; these are of their sleep.
class SleepTest : public ::testing::Test, public test::Streams {
 protected:
  explicit SleepTest(size_t keys_per_turn = 2) : Streams(Options(keys_per_turn)) {}

  static PairOptions Options(size_t keys_per_turn) {
    PairOptions options;
    options.align = Align::kBarrier;
    options.lateness = 0;
    options.keys_per_turn = keys_per_turn;
    return options;
  }
  void Both(uint64_t offset) {
    src.Barrier(offset);
    dst.Barrier(offset);
  }
  // Of the table t, changed on the target alone.
  void Storm(uint64_t rows, const std::string& before, const std::string& after) {
    dst.Begin();
    for (uint64_t n = 1; n <= rows; ++n) dst.Put(absl::StrCat("t.", n), before, after);
    dst.End();
  }
};

TEST_F(SleepTest, AllRowsAreSaidInTheOrderOfTheStream) {
  Both(1);
  Storm(7, "a", "b");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 t.1:extra t.2:extra t.3:extra t.4:extra t.5:extra "
                                  "t.6:extra t.7:extra"));
  EXPECT_THAT(Stored().findings, SizeIs(7));
  EXPECT_EQ(checker().status().open_findings, 7u);
}

TEST_F(SleepTest, WhatIsTouchedAgainIsKnownAndEnds) {
  Both(1);
  Storm(5, "a", "b");
  Both(2);
  Storm(3, "b", "c");
  Both(3);
  Storm(5, "c", "a");
  Both(4);
  Said();
  EXPECT_THAT(Stored().findings, IsEmpty());
  EXPECT_EQ(checker().status().open_findings, 0u);
  Storm(5, "a", "b");
  Both(5);
  Both(6);
  EXPECT_EQ(Stored().findings.size(), 0u);
  EXPECT_THAT(Said(), SizeIs(2));
  EXPECT_THAT(Stored().findings, SizeIs(5));
}

TEST_F(SleepTest, AKeyOnBothSidesIsInOneTurn) {
  Both(1);
  dst.Begin();
  for (int n = 5; n >= 1; --n) dst.Put(absl::StrCat("t.", n), "", "a");
  dst.Put("t.3", "a", "x");
  dst.End();
  for (int n = 1; n <= 5; ++n) src.Put(absl::StrCat("t.", n), "", "a");
  src.Put("t.1", "a", "b");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 t.1:stale t.3:mismatch"));
}

TEST_F(SleepTest, ATableThatIsEmptiedWakesThem) {
  Both(1);
  Storm(5, "", "b");
  Both(2);
  EXPECT_THAT(Said(), SizeIs(1));
  src.Ddl("t", "truncate table t", DdlEffect::kRowsGone);
  dst.Ddl("t", "truncate table t", DdlEffect::kRowsGone);
  Both(3);
  Said();
  EXPECT_EQ(checker().status().open_findings, 0u);
  EXPECT_THAT(Stored().findings, IsEmpty());
}

TEST_F(SleepTest, ALostTableLeavesThemOpenInUnknownStates) {
  Both(1);
  Storm(5, "a", "b");
  Both(2);
  Said();
  src.Unverified("t", "event");
  Both(3);
  Said();
  ASSERT_THAT(Stored().findings, SizeIs(5));
  for (const model::OpenFinding& finding : Stored().findings) {
    EXPECT_EQ(finding.target, model::Version::Unknown());
  }
}

TEST_F(SleepTest, TheyAreNotCountedAsWhatIsRememberedOfOtherRows) {
  Both(1);
  Storm(5, "a", "b");
  Both(2);
  const uint64_t few = checker().resident_bytes();
  Storm(1000, "b", "c");
  Both(3);
  EXPECT_LT(checker().resident_bytes(), few + 1000 * 64);
}

// Settled rows of a large segment sleep as well, and are forgotten as others are.
class SettledSleepTest : public SleepTest {
 protected:
  // On both sides; `n` rows from `first` on.
  void Equal(uint64_t first, uint64_t n, const std::string& before, const std::string& after) {
    for (auto* side : {&src, &dst}) {
      side->Begin();
      for (uint64_t i = first; i < first + n; ++i) side->Put(absl::StrCat("t.", i), before, after);
      side->End();
    }
  }
};

TEST_F(SettledSleepTest, AStateOfBeforeIsRememberedOfThem) {
  Both(1);
  Equal(1, 6, "", "a");
  Both(2);
  Equal(1, 1, "a", "b");
  dst.Put("t.1", "b", "a");  // seen, and gone back
  dst.Put("t.1", "a", "b");
  dst.Put("t.2", "a", "z");  // never seen
  dst.Put("t.2", "z", "a");
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "diff 2..3 t.2:healed", "resolved t.2"));
}

TEST_F(SettledSleepTest, TheyCountAsRememberedAndAreForgotten) {
  Both(1);
  const uint64_t none = checker().resident_bytes();
  Equal(1, 1000, "", "a");
  Both(2);
  EXPECT_GT(checker().resident_bytes(), none + 1000 * 100);
  EXPECT_LT(checker().resident_bytes(), none + 1000 * 400);
  checker().SetMaxKeyBytes(1);
  for (uint64_t barrier = 3; barrier < 8; ++barrier) Both(barrier);
  EXPECT_LT(checker().resident_bytes(), none + 10'000);
}

TEST_F(SettledSleepTest, AnEmptiedTableIsForgottenWithThem) {
  Both(1);
  Equal(1, 6, "", "a");
  Both(2);
  for (auto* side : {&src, &dst}) side->Ddl("t", "truncate table t", DdlEffect::kRowsGone);
  Equal(1, 6, "", "b");
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3"));
}

TEST_F(SettledSleepTest, AnUnknownTableIsForgottenWithThem) {
  Both(1);
  Equal(1, 6, "", "a");
  Both(2);
  src.Unverified("t", "event");
  Both(3);
  Equal(1, 6, "q", "b");
  Both(4);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "unverified 2..3 event", "same 3..4"));
}

TEST(TurnsTest, KeysOfEarlierSegmentsAreInTheFirstOneWhateverTheirNumber) {
  Turns turns(1);
  for (uint64_t n = 1; n <= 5; ++n) turns.AddFirst(Key(n));
  EXPECT_THAT(turns.Take(), SizeIs(1));
}

}  // namespace
}  // namespace dcp::checker
