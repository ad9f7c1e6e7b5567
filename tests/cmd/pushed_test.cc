// Two pushed tags through the program: what their changes and barriers are judged as.
// The rules are docs/semantics.md, the messages docs/canonical-row.md and docs/push.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "model/digest.h"
#include "row/digest.h"
#include "tests/cmd/pushed_play.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Md5Hex(const std::string& text) { return model::ToHex(row::Md5(text)); }

// Both streams with their first barrier, 1.
class PushedTest : public ::testing::Test {
 protected:
  PushedTest() { Both(1); }

  void Both(uint64_t offset) {
    src.Barrier(offset);
    dst.Barrier(offset);
  }
  void Both(uint64_t from, uint64_t to) {
    src.Barriers(from, to);
    dst.Barriers(from, to);
  }
  std::vector<std::string> Said(const std::string& options = "") {
    return Judge(src, dst, options);
  }

  Script src{"src"}, dst{"dst"};
};

// --- equal, however it is applied ---

// gravity sorts changes of one second by the text of their ids, where 10 comes before 9.
TEST_F(PushedTest, UpdatesOfOneSecondStandInTheOrderOfArrival) {
  for (Script* side : {&src, &dst}) {
    side->Insert("k", "[1]").Id("3e11fa47-71ca-11e1-9e33-c80aa9429562:8");
    side->Update("k", "[2]").Id("3e11fa47-71ca-11e1-9e33-c80aa9429562:9");
    side->Update("k", "[3]").Id("3e11fa47-71ca-11e1-9e33-c80aa9429562:10");
  }
  Both(2);
  src.Update("k", "[4]");
  dst.Update("k", "[4]");
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3"));
}

TEST_F(PushedTest, UpdatesAppliedInTheOrderOfTheirIdsTextLeaveAStaleRow) {
  src.Insert("k", "[1]").Update("k", "[2]").Id("u:9").Update("k", "[3]").Id("u:10");
  dst.Insert("k", "[1]").Update("k", "[3]").Id("u:10").Update("k", "[2]").Id("u:9");
  Both(2, 4);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 k:stale", "same 2..3", "same 3..4"));
}

TEST_F(PushedTest, UpdatesMergedByTheApplierAreSame) {
  src.Insert("k", "[1]").Update("k", "[2]").Update("k", "[3]");
  dst.Insert("k", "[3]");
  src.Insert("gone", "[1]").Delete("gone", "[1]");  // merged into nothing
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(PushedTest, UpdatesMergedOverABarrierAreSame) {
  src.Insert("k", "[1]");
  Both(2);
  src.Update("k", "[2]");
  dst.Insert("k", "[2]");
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3"));
}

TEST_F(PushedTest, InsertOnOneSideAndUpdateOnTheOtherWithTheSameEndAreSame) {
  src.Insert("k", "[1]").Update("up", "[2]");
  dst.Update("k", "[1]").Insert("up", "[2]");
  src.Delete("d", "[1,2,3]");
  dst.Delete("d");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(PushedTest, RowsThatCrossOneBarrierAreSame) {
  src.Insert("late", "[1]");
  dst.Insert("early", "[1]");
  Both(2);
  src.Insert("early", "[1]");
  dst.Insert("late", "[1]");
  Both(3);
  Both(4);
  src.Update("late", "[2]");
  dst.Update("early", "[2]");
  Both(5);
  src.Update("early", "[2]");
  dst.Update("late", "[2]");
  Both(6, 7);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4", "same 4..5", "same 5..6",
                                  "same 6..7"));
}

TEST_F(PushedTest, ARowThatCrossesABarrierDiffersWithoutLateness) {
  src.Insert("k", "[1]");
  Both(2);
  dst.Insert("k", "[1]");
  Both(3);
  EXPECT_THAT(Said("lateness = 0"),
              ElementsAre("diff 1..2 k:missing", "diff 2..3 known=1", "resolved k"));
}

TEST_F(PushedTest, MessagesOfASegmentSentTwiceAreSame) {
  const auto segment = [](Script& to) {
    to.Insert("a", "[1]").Update("a", "[2]").Delete("b", "[9]").Insert("c", "[3]");
    to.Delete("c", "[3]").Insert("c", "[4]");
  };
  for (uint64_t end = 2; end <= 6; ++end) {
    segment(src);
    segment(dst);
    segment(dst);
    Both(end);
  }
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4", "same 4..5", "same 5..6"));
}

TEST_F(PushedTest, EachMessageSentTwiceIsSame) {
  for (uint64_t end = 2; end <= 5; ++end) {
    const std::string row = absl::StrCat("[", end, "]");
    src.Insert("a", row).Update("a", "[0]").Delete("a", "[0]");
    dst.Insert("a", row).Insert("a", row).Update("a", "[0]").Update("a", "[0]");
    dst.Delete("a", "[0]").Delete("a", "[0]");
    Both(end);
  }
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4", "same 4..5"));
}

TEST_F(PushedTest, ManyRowsInOneSegmentAreSame) {
  for (int i = 0; i < 300; ++i) {
    const std::string key = absl::StrCat("k", i), row = absl::StrCat("[", i, ",\"grüß\"]");
    src.Insert(key, row);
    dst.Insert(absl::StrCat("k", 299 - i), absl::StrCat("[", 299 - i, ",\"grüß\"]"));
  }
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

// --- keys ---

TEST_F(PushedTest, KeysThatDifferByASeparatorInAValueAreNotMixedUp) {
  const std::vector<std::string> keys = {R"(["a,b","c"])",
                                         R"(["a","b,c"])",
                                         R"(["a\",\"b","c"])",
                                         R"(["a","b","c"])",
                                         "a,b",
                                         "a",
                                         "a ",
                                         " a",
                                         "A",
                                         "a\n",
                                         "ä",
                                         std::string(70'000, 'x'),
                                         "shop.orders[1]",
                                         "shop.orders[11]"};
  for (size_t i = 0; i < keys.size(); ++i) {
    src.Insert(keys[i], absl::StrCat("[", i, "]"));
    dst.Insert(keys[keys.size() - 1 - i], absl::StrCat("[", keys.size() - 1 - i, "]"));
  }
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(PushedTest, RowsSwappedBetweenTwoSuchKeysAreTwoDifferences) {
  src.Insert(R"(["a,b","c"])", "[1]").Insert(R"(["a","b,c"])", "[2]");
  dst.Insert(R"(["a,b","c"])", "[2]").Insert(R"(["a","b,c"])", "[1]");
  Both(2, 3);
  EXPECT_THAT(Said(),
              ElementsAre(R"(diff 1..2 ["a,b","c"]:mismatch ["a","b,c"]:mismatch)", "same 2..3"));
}

TEST_F(PushedTest, ContentsThatDifferByASeparatorInAValueDiffer) {
  src.Insert("k", R"(["a,b","c"])");
  dst.Insert("k", R"(["a","b,c"])");
  src.Insert("null", R"([null])");
  dst.Insert("null", R"(["null"])");
  Both(2, 3);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 k:mismatch null:mismatch", "same 2..3"));
}

// --- each kind of difference, said once and resolved ---

TEST_F(PushedTest, MissingIsSaidOnceAndResolved) {
  src.Insert("k", "[1]");
  Both(2, 4);
  src.Update("k", "[2]");
  Both(5);
  dst.Insert("k", "[2]");
  Both(6, 7);
  EXPECT_THAT(Said(),
              ElementsAre("diff 1..2 k:missing", "same 2..3", "same 3..4", "diff 4..5 known=1",
                          "diff 5..6 known=1", "resolved k", "same 6..7"));
}

TEST_F(PushedTest, StaleIsSaidOnceAndResolved) {
  src.Insert("k", "[1]");
  dst.Insert("k", "[1]");
  Both(2);
  src.Update("k", "[2]");
  Both(3, 5);
  dst.Update("k", "[2]");
  Both(6, 7);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "diff 2..3 k:stale", "same 3..4", "same 4..5",
                                  "diff 5..6 known=1", "resolved k", "same 6..7"));
}

TEST_F(PushedTest, ADeleteThatWasNotAppliedIsStale) {
  src.Insert("k", "[1]");
  dst.Insert("k", "[1]");
  Both(2);
  src.Delete("k");
  Both(3, 5);
  dst.Delete("k", "[1]");
  Both(6);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "diff 2..3 k:stale", "same 3..4", "same 4..5",
                                  "diff 5..6 known=1", "resolved k"));
}

TEST_F(PushedTest, MismatchIsSaidOnceAndResolved) {
  src.Insert("k", "[1]");
  dst.Insert("k", "[7]");
  Both(2, 4);
  dst.Update("k", "[1]");
  Both(5, 6);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 k:mismatch", "same 2..3", "same 3..4",
                                  "diff 4..5 known=1", "resolved k", "same 5..6"));
}

TEST_F(PushedTest, ExtraIsSaidOnceAndResolvedByADelete) {
  Both(2);
  dst.Insert("k", "[1]");
  Both(3, 5);
  dst.Delete("k");
  Both(6, 7);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "diff 2..3 k:extra", "same 3..4", "same 4..5",
                                  "diff 5..6 known=1", "resolved k", "same 6..7"));
}

TEST_F(PushedTest, HealedIsResolvedAtOnce) {
  src.Insert("k", "[1]");
  dst.Insert("k", "[1]");
  Both(2);
  src.Update("k", "[2]");
  dst.Update("k", "[66]").Update("k", "[2]");
  Both(3, 5);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "diff 2..3 k:healed", "same 3..4", "resolved k",
                                  "same 4..5"));
}

// The kinds together, in one alarm, with the content and the columns that differ.
TEST_F(PushedTest, ADiffCarriesBothSidesAndTheirColumns) {
  src.Insert("m", R"([1,"x",3])").Id("s-1");
  dst.Insert("m", R"([1,"y",3])").Id("t-1");
  Both(2, 3);
  const std::vector<Alarm> alarms = JudgeAlarms(src, dst);
  ASSERT_THAT(Texts(alarms), ElementsAre("diff 1..2 m:mismatch", "same 2..3"));
  EXPECT_EQ(alarms[0]["diff_count"], 1);
  EXPECT_EQ(alarms[0]["rows"], Alarm::parse(R"({"source":1,"target":1})"));
  const Alarm change = alarms[0]["diffs"][0];
  EXPECT_TRUE(change["table"].is_null());
  EXPECT_EQ(change["key"], Alarm::array({"m"}));
  EXPECT_EQ(change["columns"], Alarm::array({"1"}));
  EXPECT_EQ(change["source"], Alarm::parse(R"({"op":"INSERT","txn":"s-1","file":null,"pos":null,
      "ts":"2023-11-14T22:13:20.000Z","row":[1,"x",3]})"));
  EXPECT_EQ(change["target"]["txn"], "t-1");
  EXPECT_EQ(change["target"]["row"], Alarm::parse(R"([1,"y",3])"));
}

TEST_F(PushedTest, AllDifferencesOfASegmentAreCountedBeyondTheLimit) {
  for (int i = 0; i < 7; ++i) src.Insert(absl::StrCat("k", i), "[1]");
  Both(2, 4);
  const std::vector<Alarm> alarms = JudgeAlarms(src, dst, "max_diff_rows = 2");
  ASSERT_THAT(Texts(alarms),
              ElementsAre("diff 1..2 k0:missing k1:missing", "same 2..3", "same 3..4"));
  EXPECT_EQ(alarms[0]["diff_count"], 7);
}

// --- compare = ordered ---

constexpr char kOrdered[] = "compare = \"ordered\"";

TEST_F(PushedTest, OrderedTellsTheSameChangesInAnotherOrder) {
  src.Insert("k", "[1]").Update("k", "[2]").Update("k", "[1]").Update("k", "[3]");
  dst.Insert("k", "[1]").Update("k", "[1]").Update("k", "[2]").Update("k", "[3]");
  src.Insert("a", "[1]").Insert("b", "[1]");
  dst.Insert("b", "[1]").Insert("a", "[1]");  // order between keys is free
  Both(2);
  EXPECT_THAT(Said(kOrdered), ElementsAre("diff 1..2 k:reordered", "resolved k"));
}

TEST_F(PushedTest, OrderedTellsEachKind) {
  src.Insert("missing", "[1]").Insert("stale", "[1]").Update("stale", "[2]");
  dst.Insert("stale", "[1]").Insert("extra", "[1]").Insert("mismatch", "[8]");
  src.Insert("mismatch", "[1]").Update("healed", "[1]");
  dst.Update("healed", "[6]").Update("healed", "[1]");
  Both(2);
  for (const char* key : {"missing", "stale", "extra", "mismatch"}) {
    src.Update(key, "[3]");
    dst.Update(key, "[3]");
  }
  Both(3);
  EXPECT_THAT(Said(kOrdered), ElementsAre("diff 1..2 missing:missing stale:stale mismatch:mismatch "
                                          "healed:healed extra:extra",
                                          "resolved healed", "diff 2..3 known=4",
                                          "resolved missing stale extra mismatch"));
}

TEST_F(PushedTest, OrderedTakesAMessageSentTwiceForADifference) {
  src.Insert("k", "[1]");
  dst.Insert("k", "[1]").Insert("k", "[1]");
  Both(2);
  EXPECT_THAT(Said(kOrdered), ElementsAre("diff 1..2 k:reordered", "resolved k"));
}

// --- contents and checksums ---

TEST_F(PushedTest, AChecksumThatIsTheMd5OfTheContentAddsNothing) {
  src.Push("k", "INSERT [1]");
  dst.Push("k", "INSERT [1]", Md5Hex("INSERT [1]"));
  src.Push("upper", "INSERT [1]", absl::AsciiStrToUpper(Md5Hex("INSERT [1]")));
  dst.Push("upper", "UPDATE [1]", Md5Hex("UPDATE [1]"));  // another word, the same row
  src.Push("free", "any text", Md5Hex("any text"));
  dst.Push("free", "any text");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(PushedTest, AnyOtherChecksumIsTheVersion) {
  src.Push("k", "INSERT [1]", "v1");
  dst.Push("k", "INSERT [2]", "v1");  // equal by the checksum, whatever the content says
  src.Push("differs", "INSERT [1]", "v1");
  dst.Push("differs", "INSERT [1]", "v2");
  src.Push("case", "INSERT [1]", "AB");
  dst.Push("case", "INSERT [1]", "ab");
  src.Push("one", "INSERT [1]", "v1");
  dst.Push("one", "INSERT [1]");  // a checksum is never equal to a content
  src.Push("hex", "INSERT [1]", Md5Hex("[1]"));
  dst.Push("hex", "INSERT [1]", Md5Hex("INSERT [1]"));
  Both(2, 3);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 differs:mismatch case:mismatch one:mismatch "
                                  "hex:mismatch",
                                  "same 2..3"));
}

TEST_F(PushedTest, AChecksumWithoutContentIsTheVersion) {
  src.Push("k", "", "v1");
  dst.Push("k", "", "v1");
  src.Push("mixed", "INSERT [1]", "v1");
  dst.Push("mixed", "", "v1");
  src.Push("gone", "", "v1");
  dst.Push("gone", "", "v1");
  Both(2);
  src.Push("k", "", "v2");
  dst.Push("k", "", "v3");
  src.Push("gone", "DELETE []", "whatever");
  dst.Push("gone", "DELETE [1]");
  Both(3, 5);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "diff 2..3 k:mismatch", "same 3..4", "same 4..5"));
}

TEST_F(PushedTest, ContentWithoutAWordIsComparedAsItIs) {
  src.Push("k", "{\"a\": 1}").Push("w", "INSERT[1]").Push("e", "");
  dst.Push("k", "{\"a\": 1}").Push("w", "[1]").Push("e", "");
  Both(2, 4);  // the state before is not told: the target may still be in it at the first end
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 w:mismatch", "same 2..3", "same 3..4"));
}

// --- barriers ---

TEST_F(PushedTest, ABarrierThatOneSideMissedMergesSegments) {
  src.Insert("a", "[1]").Barrier(2).Update("a", "[2]").Barrier(3);
  dst.Insert("a", "[1]").Update("a", "[2]").Barrier(3);
  src.Insert("b", "[1]").Update("b", "[2]").Barrier(5);
  dst.Insert("b", "[1]").Barrier(4).Update("b", "[2]").Barrier(5);
  Both(6);
  EXPECT_THAT(Said(), ElementsAre("same 1..3", "same 3..5", "same 5..6"));
}

TEST_F(PushedTest, ADifferenceInAMergedSegmentIsFound) {
  src.Insert("a", "[1]").Barrier(2).Update("a", "[2]").Barrier(3);
  dst.Insert("a", "[1]").Barrier(3);
  Both(4, 5);
  EXPECT_THAT(Said(), ElementsAre("diff 1..3 a:stale", "same 3..4", "same 4..5"));
}

TEST_F(PushedTest, ARepeatedBarrierIsOneBarrier) {
  src.Barrier(1).Insert("a", "[1]").Barrier(2).Barrier(2).Update("a", "[2]").Barrier(2).Barrier(3);
  dst.Barrier(1).Insert("a", "[1]").Barrier(2).Barrier(2).Update("a", "[2]").Barrier(3);
  Both(3, 4);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4"));
}

TEST_F(PushedTest, ABarrierRepeatedBehindChangesIsAReplay) {
  Both(2, 4);
  src.Insert("a", "[1]");
  dst.Insert("a", "[1]").Barrier(4).Insert("a", "[1]");
  Both(5);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4", "same 4..5"));
}

// The applier starts over from a place before two barriers that it had passed.
TEST_F(PushedTest, AReplayWithItsBarriersIsSame) {
  Both(2, 3);
  Script part("dst");
  part.Insert("a", "[1]").Barrier(4).Update("a", "[2]").Delete("b").Barrier(5);
  src.Insert("a", "[1]").Barrier(4).Update("a", "[2]").Delete("b").Barrier(5);
  dst.Append(part).Append(part).Append(part);
  Both(6, 8);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4", "same 4..5", "same 5..6",
                                  "same 6..7", "same 7..8"));
}

TEST_F(PushedTest, ADifferenceBehindAReplayIsFound) {
  Both(2, 3);
  Script part("dst");
  part.Insert("a", "[1]").Barrier(4).Update("a", "[2]").Barrier(5);
  src.Insert("a", "[1]").Barrier(4).Update("a", "[2]").Barrier(5);
  dst.Append(part).Append(part);
  dst.Update("a", "[66]");
  Both(6, 9);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4", "same 4..5",
                                  "diff 5..6 a:mismatch", "same 6..7", "same 7..8", "same 8..9"));
}

// What stood before the start may be part of it.
TEST_F(PushedTest, AReplayFromTheStartIsUnverified) {
  src.Insert("a", "[1]").Barrier(2);
  dst.Insert("a", "[1]")
      .Barrier(2)
      .Insert("before", "[1]")
      .Barrier(1)
      .Insert("a", "[1]")
      .Barrier(2);
  Both(3, 5);
  EXPECT_THAT(Said(),
              ElementsAre("same 1..2", "unverified 2..3 history", "same 3..4", "same 4..5"));
}

TEST_F(PushedTest, AReplayFromBeforeTheHistoryIsUnverified) {
  for (uint64_t end = 2; end <= 6; ++end) {
    src.Update("a", absl::StrCat("[", end, "]"));
    dst.Update("a", absl::StrCat("[", end, "]"));
    Both(end);
  }
  dst.Update("a", "[2]").Barrier(2).Update("a", "[6]").Barrier(6);
  Both(7, 8);
  EXPECT_THAT(Said("history = 2"),
              ElementsAre("same 1..2", "same 2..3", "same 3..4", "same 4..5", "same 5..6",
                          "unverified 6..7 history", "same 7..8"));
}

TEST_F(PushedTest, BarriersOfTheSourceThatGoBackBeginAnEpoch) {
  src.Insert("a", "[1]");
  dst.Insert("a", "[1]");
  Both(2, 5);
  src.Insert("b", "[1]");
  dst.Insert("b", "[1]");
  Both(1, 2);
  src.Insert("c", "[1]");
  Both(3, 5);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4", "same 4..5",
                                  "unverified e2 5..1 epoch", "same e2 1..2",
                                  "diff e2 2..3 c:missing", "same e2 3..4", "same e2 4..5"));
}

TEST_F(PushedTest, ChangesBeforeTheFirstCommonBarrierAreDropped) {
  Script early_src("src"), early_dst("dst");
  early_src.Insert("only source", "[1]").Barrier(5).Insert("still", "[1]").Barrier(7);
  early_dst.Insert("only target", "[1]").Barrier(6).Insert("more", "[1]").Barrier(7);
  early_src.Insert("k", "[1]").Barriers(8, 9);
  early_dst.Insert("k", "[1]").Barriers(8, 9);
  EXPECT_THAT(Judge(early_src, early_dst), ElementsAre("same 7..8", "same 8..9"));
}

// For `lateness` segments after the start the source may have written it before.
TEST_F(PushedTest, AChangeOfTheTargetRightAfterTheStartIsBelieved) {
  dst.Insert("k", "[1]");
  Both(2, 4);
  dst.Insert("later", "[1]");
  Both(5, 6);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "same 2..3", "same 3..4", "diff 4..5 later:extra",
                                  "same 5..6"));
}

TEST_F(PushedTest, NothingIsSaidWithoutBarriersOfTheTarget) {
  src.Insert("k", "[1]").Barriers(2, 9);
  Script silent("dst");
  silent.Insert("k", "[1]");
  EXPECT_THAT(Judge(src, silent), IsEmpty());
}

TEST_F(PushedTest, TheLargestOffsetsAreBarriersToo) {
  constexpr uint64_t kMax = ~uint64_t{0};
  src.Insert("k", "[1]").Barrier(kMax - 1).Insert("l", "[1]").Barrier(kMax);
  dst.Insert("k", "[1]").Barrier(kMax - 1).Insert("l", "[1]").Barrier(kMax);
  EXPECT_THAT(Said(), ElementsAre("same 1..18446744073709551614",
                                  "same 18446744073709551614..18446744073709551615"));
}

// --- streams that end ---

TEST_F(PushedTest, ATargetsNewStreamIsUnverifiedUpToTheNextCommonBarrier) {
  src.Insert("a", "[1]");
  dst.Insert("a", "[1]");
  Both(2);
  src.Insert("b", "[1]");
  dst.Insert("b", "[1]").Restart();  // what it had not sent is lost
  Both(3, 4);
  src.Update("a", "[2]");
  dst.Update("a", "[2]");
  Both(5, 6);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "unverified 2..3 restart", "same 3..4", "same 4..5",
                                  "same 5..6"));
}

TEST_F(PushedTest, ANewStreamThatSkipsBarriersIsUnverifiedUpToItsFirst) {
  Both(2);
  src.Insert("lost", "[1]").Barriers(3, 6);
  dst.Restart().Barrier(6);
  src.Insert("k", "[1]");
  dst.Insert("k", "[1]");
  Both(7, 8);
  EXPECT_THAT(Said(),
              ElementsAre("same 1..2", "unverified 2..6 restart", "same 6..7", "same 7..8"));
}

TEST_F(PushedTest, ASourcesNewStreamIsUnverifiedUpToTheNextCommonBarrier) {
  Both(2);
  src.Insert("k", "[1]").Restart();
  dst.Insert("k", "[1]");
  Both(3);
  src.Insert("l", "[1]");
  Both(4, 6);
  EXPECT_THAT(Said(), ElementsAre("same 1..2", "unverified 2..3 restart", "diff 3..4 l:missing",
                                  "same 4..5", "same 5..6"));
}

TEST_F(PushedTest, AFindingStaysOpenOverANewStreamAndIsResolved) {
  src.Insert("k", "[1]");
  Both(2, 4);
  dst.Restart();
  Both(5, 6);
  src.Update("k", "[2]");
  dst.Update("k", "[2]");
  Both(7, 8);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 k:missing", "same 2..3", "same 3..4",
                                  "unverified 4..5 restart", "same 5..6", "diff 6..7 known=1",
                                  "resolved k", "same 7..8"));
}

}  // namespace
}  // namespace dcp::test
