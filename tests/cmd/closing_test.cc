#include "cmd/dcp/closing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmd/dcp/exit_code.h"

namespace dcp::cmd {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ClosingTest : public ::testing::Test {
 protected:
  ClosingTest() {
    pair_.check = "orders";
    pair_.source = "src";
    pair_.status.target = model::Tag("dst");
    pair_.status.same = 9;
    pair_.status.pair.running = true;
    pair_.status.pair.last_judged = 10;
    pair_.status.pair.source_barrier = pair_.status.pair.target_barrier = 10;
    stream_.collector = "source";
    stream_.status.finished = true;
  }

  // The pair's line.
  std::string Close(int exit_code) {
    const Closing closing = CloseRun({pair_}, {stream_});
    EXPECT_EQ(closing.exit_code, exit_code);
    return closing.lines[0].text;
  }

  ClosedPair pair_;
  ClosedStream stream_;
};

TEST_F(ClosingTest, AllSameIsZero) {
  EXPECT_THAT(Close(kExitOk), AllOf(HasSubstr("check orders src -> dst: same 9, diff 0"),
                                    HasSubstr("up to barrier 10"), Not(HasSubstr("not judged"))));
}

TEST_F(ClosingTest, DifferencesAndWhatIsUnverifiedAreTwo) {
  pair_.status.diff = 1;
  Close(kExitDifferent);
  pair_.status.diff = 0;
  pair_.status.unverified = 1;
  Close(kExitDifferent);
}

TEST_F(ClosingTest, NothingJudgedIsNotTheSame) {
  pair_.status.same = 0;
  pair_.status.pair.running = false;
  pair_.status.pair.target_barrier = 0;
  EXPECT_THAT(Close(kExitDifferent),
              HasSubstr("nothing was judged: the files of both sides have to show the same barrier "
                        "twice at least (the last of the source is 10, of the target none)"));
}

TEST_F(ClosingTest, TheTailsAreCounted) {
  pair_.status.pair.source_barrier = 14;
  pair_.status.pair.source_open_changes = 3;
  pair_.status.pair.target_open_changes = 1;
  pair_.status.pair.dropped_before_start = 2;
  EXPECT_THAT(Close(kExitOk), HasSubstr("; not judged: 2 changes before the first common barrier, "
                                        "the source behind barrier 10 up to 14, where the target's "
                                        "files end, 3 changes of the source behind its last "
                                        "barrier, 1 change of the target behind its last barrier"));
}

TEST_F(ClosingTest, WhatBothHavePassedHasToBeDecided) {
  pair_.status.pair.last_judged = 8;
  EXPECT_THAT(Close(kExitDifferent), HasSubstr("rows are not settled there"));
  pair_.status.pair.pending_segments = 2;
  EXPECT_THAT(Close(kExitDifferent), HasSubstr("the target's files lack transactions"));
}

TEST_F(ClosingTest, AStreamThatWasNotReadWholeProvesNothing) {
  stream_.status.last_error = "DATA_LOSS: binlog.000003:70: the file ends inside an event";
  Close(kExitDifferent);
  stream_.status.last_error.clear();
  stream_.status.gaps = 1;
  Close(kExitDifferent);
}

}  // namespace
}  // namespace dcp::cmd
