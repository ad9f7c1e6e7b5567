// compare = ordered: docs/semantics.md, section 3.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checker/streams.h"

namespace dcp::checker {
namespace {

using ::testing::ElementsAre;

class OrderedTest : public ::testing::Test, public test::Streams {
 protected:
  OrderedTest()
      : Streams([] {
          PairOptions options;
          options.align = Align::kBarrier;
          options.compare = Compare::kOrdered;
          return options;
        }()) {
    Both(1);
  }
  void Both(uint64_t offset) {
    src.Barrier(offset);
    dst.Barrier(offset);
  }
};

TEST_F(OrderedTest, EqualSequencesAreSame) {
  src.Put("k", "", "a");
  src.Put("k", "a", "b");
  dst.Put("k", "", "a");
  dst.Put("k", "a", "b");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(OrderedTest, OtherOrderWithTheSameEndIsReordered) {
  src.Put("k", "a", "b");
  src.Put("k", "b", "a");
  src.Put("k", "a", "c");
  dst.Put("k", "b", "a");
  dst.Put("k", "a", "b");
  dst.Put("k", "b", "c");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 k:reordered", "resolved k"));
}

TEST_F(OrderedTest, AnotherWordIsADifference) {
  src.Put("k", "", "a");
  dst.Put("k", "?", "a");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 k:reordered", "resolved k"));
}

TEST_F(OrderedTest, KindsOfDifference) {
  src.Put("missing", "", "a");
  dst.Put("extra", "", "a");
  src.Put("stale", "", "a");
  src.Put("stale", "a", "b");
  dst.Put("stale", "", "a");
  src.Put("mismatch", "", "a");
  dst.Put("mismatch", "", "x");
  src.Put("healed", "", "a");
  dst.Put("healed", "", "x");
  dst.Put("healed", "x", "a");
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 missing:missing stale:stale mismatch:mismatch "
                                  "healed:healed extra:extra",
                                  "resolved healed"));
}

// What MySQL does with UPDATE t SET c = c + 1 on a table without a key: the rows are
// found in another order on the replica.
TEST_F(OrderedTest, RowsWithoutAKeyHaveNoOrder) {
  src.Count("bag", +1);
  src.Count("bag", -1);
  src.Count("bag", -1);
  dst.Count("bag", -1);
  dst.Count("bag", -1);
  dst.Count("bag", +1);
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("same 1..2"));
}

TEST_F(OrderedTest, KindsOfDifferenceOfRowsWithoutAKey) {
  src.Count("missing", +1);
  dst.Count("extra", +1);
  src.Count("mismatch", +1);
  dst.Count("mismatch", +1);
  dst.Count("mismatch", +1);
  src.Count("twice", +1);
  dst.Count("twice", +1);
  dst.Count("twice", -1);
  dst.Count("twice", +1);
  Both(2);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 missing:missing mismatch:mismatch twice:reordered "
                                  "extra:extra",
                                  "resolved twice"));
}

TEST_F(OrderedTest, FindingEndsWithTheNextEqualSegment) {
  src.Put("k", "", "a");
  Both(2);
  src.Put("k", "a", "b");
  dst.Put("k", "a", "b");
  Both(3);
  EXPECT_THAT(Said(), ElementsAre("diff 1..2 k:missing", "diff 2..3 known=1", "resolved k"));
}

}  // namespace
}  // namespace dcp::checker
