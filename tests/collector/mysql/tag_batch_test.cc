#include "collector/mysql/tag_batch.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"

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

// ---- statements ----

class StatementsTest : public TagBatchTest {
 protected:
  // Changes that the statement of this number made.
  void Made(uint64_t number, const std::vector<std::string>& keys) {
    const size_t from = batch_.here().changes;
    for (const std::string& key : keys) Add(key);
    batch_.NoteStatement(from, number, absl::StrCat("s", number), 9);
  }
  // "a:s1", "b:-" …
  static std::vector<std::string> Told(const model::ChangeBatch& batch) {
    std::vector<std::string> told;
    for (uint32_t i = 0; i < batch.changes.size(); ++i) {
      const model::Statement* statement = batch.StatementOf(i);
      told.push_back(absl::StrCat(batch.text(batch.changes[i].key_text), ":",
                                  statement == nullptr ? "-" : batch.text(statement->text)));
    }
    return told;
  }
};

TEST_F(StatementsTest, EachChangeHasItsOwnOrNone) {
  Add("a");
  Made(1, {"b", "c"});
  Made(1, {"d"});
  Made(2, {});
  Made(3, {"e"});
  Add("f");
  End();
  Add("g");
  Made(4, {"h"});
  End();
  const auto taken = batch_.Take();
  EXPECT_THAT(Told(*taken),
              ElementsAre("a:-", "b:s1", "c:s1", "d:s1", "e:s3", "f:-", "g:-", "h:s4"));
  EXPECT_EQ(taken->statements.size(), 3u);  // one for all of its changes
  EXPECT_EQ(taken->StatementsOf(taken->txns[0]).size(), 2u);
  EXPECT_EQ(taken->StatementsOf(taken->txns[1]).size(), 1u);
}

TEST_F(StatementsTest, OneNumberIsOneStatementWithinItsGroupOnly) {
  Made(1, {"a"});
  End();
  Made(1, {"b"});
  End();
  EXPECT_THAT(Told(*batch_.Take()), ElementsAre("a:s1", "b:s1"));
}

TEST_F(StatementsTest, GoWithTheChangesThatAreTruncated) {
  Made(1, {"a"});
  const TagBatch::Place place = batch_.here();
  Made(1, {"b"});
  Made(2, {"c"});
  batch_.TruncateTo(place);
  Add("d");
  Made(3, {"e"});
  End();
  EXPECT_THAT(Told(*batch_.Take()), ElementsAre("a:s1", "d:-", "e:s3"));
}

TEST_F(StatementsTest, AreCutAndPastedWithTheirGroup) {
  Made(1, {"closed"});
  End();
  Made(2, {"open"});
  EXPECT_THAT(Told(*batch_.Take()), ElementsAre("closed:s1"));
  const GroupContent held = batch_.Cut();
  Made(3, {"between"});
  batch_.Paste(held);
  End();
  EXPECT_THAT(Told(*batch_.Take()), ElementsAre("between:s3", "open:s2"));
}

}  // namespace
}  // namespace dcp::collector
