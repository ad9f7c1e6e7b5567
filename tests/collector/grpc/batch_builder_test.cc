#include "collector/grpc/batch_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "model/digest.h"
#include "row/pushed.h"

namespace dcp::collector {
namespace {

TEST(BatchBuilderTest, AMessageIsATransactionOfItsOwn) {
  BatchBuilder builder(/*capture=*/true);
  builder.AddChange("m1", 5, "42", "INSERT [42]", "");
  builder.AddBarrier("b", 6, 7);
  builder.AddChange("m2", 0, "43", "DELETE [43]", "");
  const model::ChangeBatchPtr batch = builder.Take();

  ASSERT_EQ(batch->txns.size(), 3u);
  EXPECT_EQ(batch->txns[0].pushed_id, "m1");
  EXPECT_EQ(batch->txns[0].timestamp_micros, 5'000'000);
  EXPECT_EQ(batch->txns[0].changes_begin, 0u);
  EXPECT_EQ(batch->txns[0].changes_end, 1u);
  EXPECT_EQ(batch->txns[1].changes_begin, 1u);
  EXPECT_EQ(batch->txns[1].changes_end, 1u);
  EXPECT_EQ(batch->txns[1].marks_begin, 0u);
  EXPECT_EQ(batch->txns[1].marks_end, 1u);
  EXPECT_EQ(batch->txns[2].changes_end, 2u);
  EXPECT_EQ(batch->txns[2].marks_begin, 1u);
  EXPECT_EQ(batch->marks[0].at, 1u);
  EXPECT_EQ(batch->marks[0].barrier_offset, 7u);
}

TEST(BatchBuilderTest, AChangeHasKeyVersionsAndContent) {
  BatchBuilder builder(/*capture=*/true);
  builder.AddChange("m", 0, "42", "UPDATE [42]", "");
  const model::ChangeBatchPtr batch = builder.Take();

  const model::Change& change = batch->changes[0];
  const row::PushedVersions expected = row::InterpretPushed("UPDATE [42]", "");
  EXPECT_EQ(change.table, nullptr);
  EXPECT_EQ(change.key, model::Xxh3("42"));
  EXPECT_EQ(change.op, model::Op::kUpdate);
  EXPECT_EQ(change.before, expected.before);
  EXPECT_EQ(change.after, expected.after);
  EXPECT_EQ(batch->text(change.key_text), "42");
  EXPECT_EQ(batch->text(change.content), absl::string_view("\0UPDATE [42]", 12));
}

TEST(BatchBuilderTest, TheChecksumIsTheVersion) {
  BatchBuilder builder(/*capture=*/false);
  builder.AddChange("m", 0, "42", "", "opaque");
  EXPECT_EQ(builder.Take()->changes[0].after, row::InterpretPushed("", "opaque").after);
}

TEST(BatchBuilderTest, WithoutCaptureOnlyTheKeyIsKept) {
  BatchBuilder builder(/*capture=*/false);
  builder.AddChange("m", 0, "42", "INSERT [42]", "");
  const model::ChangeBatchPtr batch = builder.Take();
  EXPECT_EQ(batch->changes[0].content.size, 0u);
  EXPECT_EQ(batch->bytes, "42");
}

TEST(BatchBuilderTest, TakeBeginsAnew) {
  BatchBuilder builder(/*capture=*/true);
  EXPECT_TRUE(builder.empty());
  EXPECT_EQ(builder.Take(), nullptr);
  builder.AddBarrier("", 0, 0);
  EXPECT_FALSE(builder.empty());
  EXPECT_GT(builder.bytes(), 0u);
  EXPECT_NE(builder.Take(), nullptr);
  EXPECT_TRUE(builder.empty());
  builder.AddChange("m", 0, "1", "x", "");
  EXPECT_EQ(builder.Take()->txns[0].changes_begin, 0u);
}

TEST(BatchBuilderTest, TimesBeyondTheRangeSaturate) {
  BatchBuilder builder(/*capture=*/true);
  builder.AddBarrier("", std::numeric_limits<uint64_t>::max(), 1);
  builder.AddBarrier("", 9'223'372'036'854, 1);
  const model::ChangeBatchPtr batch = builder.Take();
  EXPECT_EQ(batch->txns[0].timestamp_micros, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(batch->txns[1].timestamp_micros, 9'223'372'036'854'000'000);
}

}  // namespace
}  // namespace dcp::collector
