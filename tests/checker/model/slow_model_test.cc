// Tiny histories whose verdicts follow by hand from DESIGN section 4.
#include "tests/checker/model/slow_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace dcp::checker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

model::Version VersionOf(char c) {
  if (c == '-') return model::Version::Absent();
  if (c == '?') return model::Version::Unknown();
  return model::Version::Content({0, static_cast<uint64_t>(c - 'a')});
}

model::Mark BarrierAt(absl::string_view text) {
  model::Mark mark;
  EXPECT_TRUE(absl::SimpleAtoi(text, &mark.barrier_offset));
  return mark;
}

// `image` or `image t`: rows of all tables or of one are not known.
model::Mark ImageMark(absl::string_view text) {
  model::Mark mark;
  mark.kind = model::Mark::Kind::kUnverified;
  mark.reason = "image";
  mark.table = std::string(absl::StripAsciiWhitespace(text));
  return mark;
}

// `k a>b`: key k goes from version a to b (`-`: absent, `?`: not told); `u +`
// and `u -`: a row without a key.
PlainChange ChangeOf(absl::string_view text) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  PlainChange change;
  change.table = "t";
  change.key = words[0];
  change.relative = words[1].size() == 1;
  if (change.relative) {
    change.delta = words[1] == "+" ? model::Digest{0, 1} : -model::Digest{0, 1};
  } else {
    change.before = VersionOf(words[1][0]);
    change.after = VersionOf(words[1][2]);
  }
  return change;
}

// Items separated by `;`: `|5` a barrier, `open` a new origin, marks, changes.
// `1:` or `T1:` before an item is its GTID (of the source's or target's server).
class StreamParser {
 public:
  explicit StreamParser(bool is_source) : server_(is_source ? 1 : 2) {}

  Stream Parse(absl::string_view text) {
    stream_.emplace_back(Origin(""));
    for (const absl::string_view item : absl::StrSplit(text, ';', absl::SkipWhitespace())) {
      Add(absl::StripAsciiWhitespace(item));
    }
    return stream_;
  }

 private:
  model::StreamOrigin Origin(const std::string& reason) const {
    model::StreamOrigin origin;
    origin.server_uuid[0] = server_;
    origin.reason = reason;
    return origin;
  }

  void Add(absl::string_view item) {
    if (item == "open") {
      stream_.emplace_back(Origin("restart"));
      return;
    }
    PlainTxn txn;
    const auto colon = item.find(':');
    if (colon != absl::string_view::npos) {
      absl::string_view gtid = item.substr(0, colon);
      txn.gtid.source.uuid[0] = absl::ConsumePrefix(&gtid, "T") ? 2 : 1;
      EXPECT_TRUE(absl::SimpleAtoi(gtid, &txn.gtid.number));
      item = absl::StripAsciiWhitespace(item.substr(colon + 1));
    }
    if (absl::ConsumePrefix(&item, "|")) {
      txn.entries.emplace_back(BarrierAt(item));
    } else if (absl::ConsumePrefix(&item, "image")) {
      txn.entries.emplace_back(ImageMark(item));
    } else {
      txn.entries.emplace_back(ChangeOf(item));
    }
    stream_.emplace_back(std::move(txn));
  }

  const uint8_t server_;
  Stream stream_;
};

class SlowModelTest : public ::testing::Test {
 protected:
  static PairOptions BarrierOptions() {
    PairOptions options;
    options.align = Align::kBarrier;
    options.lateness = 0;
    return options;
  }

  std::vector<std::string> Judge(absl::string_view source, absl::string_view target) const {
    std::vector<std::string> lines;
    for (const Said& said :
         SlowModel(options_, StreamParser(true).Parse(source), StreamParser(false).Parse(target))) {
      lines.push_back(ToString(said));
    }
    return lines;
  }
  void Gtid() { options_.align = Align::kGtid; }

  PairOptions options_ = BarrierOptions();
};

TEST_F(SlowModelTest, SegmentWithoutChangesIsSame) {
  EXPECT_THAT(Judge("|1; |2", "|1; |2"), ElementsAre("e1 1-2 same"));
}

TEST_F(SlowModelTest, NothingIsSaidOfASegmentThatTheTargetHasNotClosed) {
  EXPECT_THAT(Judge("|1; k a>b; |2", "|1; k a>b"), IsEmpty());
}

TEST_F(SlowModelTest, MergedUpdatesAreSame) {
  EXPECT_THAT(Judge("|1; k a>b; k b>c; |2", "|1; k a>c; |2"), ElementsAre("e1 1-2 same"));
}

TEST_F(SlowModelTest, LostInsertIsMissingOnceAndKnownLaterAndResolvedWhenItComes) {
  EXPECT_THAT(Judge("|1; k ->a; |2; k a>b; |3; k b>c; |4", "|1; |2; |3; k ->c; |4"),
              ElementsAre("e1 1-2 diff missing:k", "e1 2-3 diff known=1", "e1 3-4 diff known=1",
                          "resolved k"));
}

TEST_F(SlowModelTest, TargetInAnOlderStateIsStale) {
  EXPECT_THAT(Judge("|1; k a>b; |2; k b>c; |3", "|1; k a>b; |2; k b>b; |3"),
              ElementsAre("e1 1-2 same", "e1 2-3 diff stale:k"));
}

TEST_F(SlowModelTest, ForeignStateThatLastsIsAMismatch) {
  EXPECT_THAT(Judge("|1; k a>b; |2", "|1; k a>x; |2"), ElementsAre("e1 1-2 diff mismatch:k"));
}

TEST_F(SlowModelTest, ForeignStateOnTheWayIsHealed) {
  EXPECT_THAT(Judge("|1; k a>b; |2", "|1; k a>x; k x>b; |2"),
              ElementsAre("e1 1-2 diff healed:k", "resolved k"));
}

TEST_F(SlowModelTest, WriteOfTheTargetsOwnIsExtra) {
  EXPECT_THAT(Judge("|1; |2", "|1; k a>x; |2"), ElementsAre("e1 1-2 diff extra:k"));
}

TEST_F(SlowModelTest, OwnWritesWhoseOriginIsNotToldAreExtraWhateverFollows) {
  EXPECT_THAT(Judge("|1; |2; |3", "|1; k ?>-; |2; k ->x; |3"),
              ElementsAre("e1 1-2 diff extra:k", "e1 2-3 diff known=1"));
}

TEST_F(SlowModelTest, RowMayOvertakeABarrierWithinTheLateness) {
  options_.lateness = 1;
  EXPECT_THAT(
      Judge("|1; |2; |3; k a>b; |4; |5; |6", "|1; |2; k a>b; |3; |4; |5; |6"),
      ElementsAre("e1 1-2 same", "e1 2-3 same", "e1 3-4 same", "e1 4-5 same", "e1 5-6 same"));
}

TEST_F(SlowModelTest, RowThatIsLaterThanTheLatenessIsADifference) {
  options_.lateness = 1;
  EXPECT_THAT(Judge("|1; |2; k a>b; |3; |4; |5; |6", "|1; |2; |3; |4; k a>b; |5; |6"),
              ElementsAre("e1 1-2 same", "e1 2-3 diff missing:k", "e1 3-4 same",
                          "e1 4-5 diff known=1", "resolved k", "e1 5-6 same"));
}

TEST_F(SlowModelTest, RowFromBeforeTheStartIsBelievedWithinTheLateness) {
  options_.lateness = 1;
  EXPECT_THAT(Judge("k a>b; |1; |2; |3; |4", "|1; k a>b; |2; |3; |4"),
              ElementsAre("e1 1-2 same", "e1 2-3 same", "e1 3-4 same"));
}

TEST_F(SlowModelTest, LateRowFromBeforeTheStartIsNotHeldAgainstAnUnknownBase) {
  options_.lateness = 1;
  EXPECT_THAT(Judge("|1; k ?>c; |2; |3; |4", "|1; k a>b; |2; k b>c; |3; |4"),
              ElementsAre("e1 1-2 same", "e1 2-3 same", "e1 3-4 same"));
}

TEST_F(SlowModelTest, BarrierThatOneSideMissedMerges) {
  EXPECT_THAT(Judge("|1; k a>b; |2; |3", "|1; k a>b; |3"), ElementsAre("e1 1-3 same"));
}

TEST_F(SlowModelTest, ForeignBarrierIsIgnored) {
  EXPECT_THAT(Judge("|1; |2; |3", "|1; |99; |2; |3"), ElementsAre("e1 1-2 same", "e1 2-3 same"));
}

TEST_F(SlowModelTest, ReplayOfWhatIsRememberedIsSame) {
  EXPECT_THAT(Judge("|1; |2; k a>b; |3; |4; |5; |6", "|1; |2; k a>b; |3; |2; k b>b; |3; |4; |5"),
              ElementsAre("e1 1-2 same", "e1 2-3 same", "e1 3-4 same", "e1 4-5 same"));
}

TEST_F(SlowModelTest, ReplayFromBeforeTheStartIsUnverified) {
  EXPECT_THAT(Judge("|2; |3; |4; |5", "|2; |3; |1; k a>b; |2; k b>a; |3; |4; |5"),
              ElementsAre("e1 2-3 same", "e1 3-4 unverified (history)", "e1 4-5 same"));
}

TEST_F(SlowModelTest, RepeatedBarrierBehindChangesAtTheStartMayBeAReplay) {
  EXPECT_THAT(Judge("|2; |3; |4", "|2; k a>b; k b>a; |2; |3; |4"),
              ElementsAre("e1 2-3 unverified (history)", "e1 3-4 same"));
}

TEST_F(SlowModelTest, NewOriginEndsTheRunAndForgetsStates) {
  EXPECT_THAT(Judge("|1; |2; |3; |4; |5", "|1; |2; k x>y; open; |4; |5"),
              ElementsAre("e1 1-2 same", "e1 2-4 unverified (restart)", "e1 4-5 same"));
}

TEST_F(SlowModelTest, SourceOffsetsThatGoBackAreAnEpoch) {
  EXPECT_THAT(Judge("|5; |6; |3; |4", "|5; |6; |3; |4"),
              ElementsAre("e1 5-6 same", "e2 6-3 unverified (epoch)", "e2 3-4 same"));
}

TEST_F(SlowModelTest, MarkMakesItsSegmentUnverifiedAndForgetsTheTable) {
  EXPECT_THAT(Judge("|1; k a>b; image t; |2; k c>d; |3", "|1; |2; k c>d; |3"),
              ElementsAre("e1 1-2 unverified (image)", "e1 2-3 same"));
}

TEST_F(SlowModelTest, WhatAMarkHidesDoesNotBreakEarlierSegments) {
  options_.lateness = 1;
  EXPECT_THAT(Judge("|1; |2; |3; image t; k a>b; |4; |5", "|1; |2; k a>b; |3; |4; |5"),
              ElementsAre("e1 1-2 same", "e1 2-3 unverified (image)", "e1 3-4 unverified (image)",
                          "e1 4-5 same"));
}

TEST_F(SlowModelTest, RowsWithoutAKeyAreCounted) {
  EXPECT_THAT(Judge("|1; u +; u +; |2; u -; |3", "|1; u +; |2; |3"),
              ElementsAre("e1 1-2 diff stale:u", "e1 2-3 diff known=1", "resolved u"));
}

TEST_F(SlowModelTest, CountThatIsBelievedIsCountedOnFrom) {
  options_.lateness = 1;
  EXPECT_THAT(Judge("u +; |1; |2; |3; |4; u +; |5; |6; |7", "|1; u +; |2; |3; |4; u +; |5; |6; |7"),
              ElementsAre("e1 1-2 same", "e1 2-3 same", "e1 3-4 same", "e1 4-5 same", "e1 5-6 same",
                          "e1 6-7 same"));
}

TEST_F(SlowModelTest, ForgottenKeyIsTakenFromItsFirstChangeAgain) {
  options_.history = 1;
  EXPECT_THAT(Judge("|1; k a>b; |2; |3; |4", "|1; k a>b; |2; |3; k b>x; |4"),
              ElementsAre("e1 1-2 same", "e1 2-3 same", "e1 3-4 diff extra:k"));
}

TEST_F(SlowModelTest, WithGtidsAnyOrderOfTransactionsIsSame) {
  Gtid();
  EXPECT_THAT(Judge("1:|1; 2:k a>b; 3:l a>b; 4:|2; 5:k b>c; 6:|3",
                    "1:|1; 3:l a>b; 4:|2; 2:k a>b; 5:k b>c; 6:|3"),
              ElementsAre("e1 1-2 same", "e1 2-3 same"));
}

TEST_F(SlowModelTest, WithGtidsTheTargetsOwnWriteIsExtraAtOnce) {
  Gtid();
  EXPECT_THAT(Judge("1:|1; 2:|2; 3:|3", "1:|1; T1:k a>x; 2:|2; 3:|3"),
              ElementsAre("e1 1-2 diff extra:k", "e1 2-3 same"));
}

TEST_F(SlowModelTest, WithGtidsTheSourcesTransactionMayOvertakeAnyNumberOfBarriers) {
  Gtid();
  EXPECT_THAT(
      Judge("1:|1; 2:|2; 3:|3; 4:|4; 5:k a>b; 6:|5", "1:|1; 5:k a>b; 2:|2; 3:|3; 4:|4; 6:|5"),
      ElementsAre("e1 1-2 same", "e1 2-3 same", "e1 3-4 same", "e1 4-5 same"));
}

}  // namespace
}  // namespace dcp::checker::test
