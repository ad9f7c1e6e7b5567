#include "collector/mysql/tag_batch.h"

#include <gmock/gmock.h>

namespace dcp::collector {
namespace {

using ::testing::ElementsAre;

class TagBatchTest : public ::testing::Test {
 protected:
  void Add(absl::string_view key) {
    const size_t start = batch_.bytes().size();
    batch_.bytes().append(key.data(), key.size());
    model::Change change;
    change.key_text = batch_.SliceFrom(start);
    batch_.AddChange(change);
  }
  void Mark() { batch_.AddUnverified("t", "event", "detail"); }
  void End() { batch_.EndGroup({}, "f"); }

  static std::vector<std::string> Keys(const model::ChangeBatch& batch) {
    std::vector<std::string> keys;
    for (const auto& change : batch.changes) keys.emplace_back(batch.text(change.key_text));
    return keys;
  }

  TagBatch batch_;
};

TEST_F(TagBatchTest, NothingClosedIsNothingToTake) {
  Add("a");
  EXPECT_EQ(batch_.Take(), nullptr);
}

TEST_F(TagBatchTest, TruncatingGoesBackToAPlaceOfTheOpenGroup) {
  Add("a");
  End();
  Add("b");
  const TagBatch::Place place = batch_.here();
  Add("c");
  Mark();
  batch_.TruncateTo(place);
  End();
  const auto taken = batch_.Take();
  EXPECT_THAT(Keys(*taken), ElementsAre("a", "b"));
  EXPECT_TRUE(taken->marks.empty());
  EXPECT_EQ(taken->bytes, "ab");
}

TEST_F(TagBatchTest, TheOpenGroupMovesToTheNextBatch) {
  Add("closed");
  End();
  Add("open");
  Mark();
  const TagBatch::Place place = batch_.here();
  EXPECT_THAT(Keys(*batch_.Take()), ElementsAre("closed"));

  Add("dropped");
  batch_.TruncateTo(place);
  Add("late");
  End();
  const auto taken = batch_.Take();
  EXPECT_THAT(Keys(*taken), ElementsAre("open", "late"));
  EXPECT_EQ(taken->marks.at(0).at, 1u);
}

TEST_F(TagBatchTest, CutContentKeepsItsTextsElsewhere) {
  Add("first");
  End();
  Add("x");
  Mark();
  const GroupContent content = batch_.Cut();
  End();
  Add("between");
  batch_.Paste(content);
  End();
  const auto taken = batch_.Take();
  EXPECT_THAT(Keys(*taken), ElementsAre("first", "between", "x"));
  EXPECT_EQ(taken->marks.at(0).at, 3u);
  ASSERT_EQ(taken->txns.size(), 3u);
  EXPECT_EQ(taken->txns[1].changes_begin, taken->txns[1].changes_end);
  EXPECT_EQ(taken->txns[2].changes_begin, 1u);
  EXPECT_EQ(taken->txns[2].marks_end, 1u);
}

TEST_F(TagBatchTest, OneUnverifiedMarkPerTableAndReasonAndGroupIsEnough) {
  Mark();
  Mark();
  batch_.AddUnverified("t", "image", "");
  Mark();
  batch_.AddUnverified("u", "event", "");
  End();
  Mark();
  End();
  EXPECT_EQ(batch_.Take()->marks.size(), 4u);
}

}  // namespace
}  // namespace dcp::collector
