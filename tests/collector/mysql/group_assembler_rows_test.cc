// What rows become: keys, versions, partial images, barriers, several tags.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "collector/mysql/group_assembler.h"
#include "row/digest.h"
#include "tests/collector/mysql/script.h"
#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GroupAssemblerRowsTest : public ::testing::Test {
 protected:
  GroupAssemblerRowsTest() {
    tag_.tag = model::Tag("src");
    tag_.tables = {{"shop.*", "", {}}};
  }

  void Create(std::vector<MysqlTag> tags) {
    GroupAssembler::Options options = options_;
    options.tags = std::move(tags);
    options.registry = &registry_;
    options.log = [this](absl::string_view text) { logged_.emplace_back(text); };
    ASSERT_OK_AND_ASSIGN(groups_, GroupAssembler::Create(std::move(options)));
  }

  // The events in one transaction; what tag `index` gets of it, without the txn line.
  std::vector<std::string> Of(std::vector<ScriptEvent> events, size_t index = 0) {
    if (groups_ == nullptr) Create({tag_});
    events.insert(events.begin(), Gtid(1));
    events.push_back(Xid());
    SetPlaces(&events);
    for (ScriptEvent& entry : events) {
      rows_.Reset(&entry);
      entry.event.rows = &rows_;
      groups_->Add(entry.event);
    }
    batch_ = groups_->Take()[index];
    std::vector<std::string> lines = Describe(*batch_);
    lines.erase(lines.begin());
    return lines;
  }

  GroupAssembler::Options options_;
  MysqlTag tag_;
  model::TableRegistry registry_;
  std::unique_ptr<GroupAssembler> groups_;
  model::ChangeBatchPtr batch_;
  std::vector<std::string> logged_;
  ScriptRows rows_;
};

TEST_F(GroupAssemblerRowsTest, AnUpdateLeadsFromItsBeforeToItsAfterImage) {
  EXPECT_THAT(
      Of({Rows(Orders(), {Insert({1, "a"}), Insert({2, "b"})}),
          Rows(Orders(), {Update({1, "a"}, {1, "b"})})}),
      ElementsAre("insert shop.orders[1] - -> [1,\"a\"]", "insert shop.orders[2] - -> [2,\"b\"]",
                  "update shop.orders[1] [1,\"a\"] -> [1,\"b\"]"));
}

TEST_F(GroupAssemblerRowsTest, AnUpdateOfTheKeyIsADeleteAndAnInsert) {
  EXPECT_THAT(
      Of({Rows(Orders(), {Update({1, "a"}, {2, "a"})})}),
      ElementsAre("delete shop.orders[1] [1,\"a\"] -> -", "insert shop.orders[2] - -> [2,\"a\"]"));
}

TEST_F(GroupAssemblerRowsTest, APartialBeforeImageIsAnUnknownVersion) {
  EXPECT_THAT(Of({Rows(Orders(), {Update({1, Absent()}, {1, "b"})}),
                  Rows(Orders(), {Delete({1, Absent()})})}),
              ElementsAre("update shop.orders[1] ? -> [1,\"b\"]", "delete shop.orders[1] ? -> -"));
}

TEST_F(GroupAssemblerRowsTest, AbsentIsNotNull) {
  EXPECT_THAT(Of({Rows(Orders(), {Insert({1, NullCell()})})}),
              ElementsAre("insert shop.orders[1] - -> [1,null]"));
}

TEST_F(GroupAssemblerRowsTest, AColumnAbsentFromAnAfterImageIsAsBefore) {
  EXPECT_THAT(
      Of({Rows(Orders(),
               {Update({1, Absent()}, {Absent(), "b"}), Update({1, "b"}, {2, Absent()})})}),
      ElementsAre("update shop.orders[1] ? -> [1,\"b\"]", "delete shop.orders[1] [1,\"b\"] -> -",
                  "insert shop.orders[2] - -> [2,\"b\"]"));
}

TEST_F(GroupAssemblerRowsTest, AnAfterImageThatIsNotWholeIsUnverified) {
  EXPECT_THAT(Of({Rows(Orders(), {Insert({1, Absent()})}),
                  Rows(Orders(), {Update({1, Absent()}, {1, Absent()})})}),
              ElementsAre("unverified shop.orders image"));
  EXPECT_THAT(batch_->marks[0].detail, HasSubstr("binlog_row_image = 'FULL'"));
}

TEST_F(GroupAssemblerRowsTest, AnIgnoredColumnMayBeAbsent) {
  tag_.tables = {{"shop.*", "", {"name"}}};
  EXPECT_THAT(
      Of({Rows(Orders(), {Insert({1, Absent()})}), Rows(Orders(), {Update({1, "a"}, {1, "b"})})}),
      ElementsAre("insert shop.orders[1] - -> [1]", "update shop.orders[1] [1] -> [1]"));
}

TEST_F(GroupAssemblerRowsTest, ADeleteWithoutItsKeyIsUnverified) {
  EXPECT_THAT(Of({Rows(Orders(), {Delete({Absent(), "a"})})}),
              ElementsAre("unverified shop.orders image"));
}

TEST_F(GroupAssemblerRowsTest, RowsWithoutAKeyAreCounted) {
  EXPECT_THAT(Of({Rows(Log(), {Insert({"x"}), Insert({"x"})}), Rows(Log(), {Delete({"x"})}),
                  Rows(Log(), {Update({"x"}, {"y"})})}),
              ElementsAre("insert shop.log[\"x\"] +1", "insert shop.log[\"x\"] +1",
                          "delete shop.log[\"x\"] -1", "delete shop.log[\"x\"] -1",
                          "insert shop.log[\"y\"] +1"));
  EXPECT_TRUE(batch_->changes[0].table->keyless);
}

TEST_F(GroupAssemblerRowsTest, AnUpdateThatChangesNothingLeavesTheCount) {
  EXPECT_THAT(Of({Rows(Log(), {Update({"x"}, {"x"})})}),
              ElementsAre("delete shop.log[\"x\"] -1", "insert shop.log[\"x\"] +1"));
}

TEST_F(GroupAssemblerRowsTest, ARowWithoutAKeyMustBeWhole) {
  auto wide = Schema("shop", "log2", {"a", "b"});
  wide->key_kind = mysql::TableSchema::KeyKind::kNone;
  EXPECT_THAT(Of({Rows(wide, {Delete({"x", Absent()})})}),
              ElementsAre("unverified shop.log2 image"));
}

TEST_F(GroupAssemblerRowsTest, ReadingThatBreaksOffKeepsWhatCameAndSaysSo) {
  EXPECT_THAT(Of({BrokenRows(Orders(), {Insert({1, "a"})}, absl::DataLossError("torn")),
                  Rows(Orders(), {Insert({2, "a"})})}),
              ElementsAre("insert shop.orders[1] - -> [1,\"a\"]", "unverified shop.orders event",
                          "insert shop.orders[2] - -> [2,\"a\"]"));
  EXPECT_EQ(batch_->marks[0].detail, "torn");
}

TEST_F(GroupAssemblerRowsTest, ARowShorterThanItsTableIsUnverified) {
  EXPECT_THAT(Of({Rows(Orders(), {Insert({1})})}), ElementsAre("unverified shop.orders event"));
}

TEST_F(GroupAssemblerRowsTest, ATableWhoseKeyIsNotKnownIsUnverified) {
  auto schema = Schema("shop", "t", {"id"});
  schema->key_kind = mysql::TableSchema::KeyKind::kUnknown;
  EXPECT_THAT(Of({Rows(schema, {Insert({1}), Insert({2})})}),
              ElementsAre("unverified shop.t event"));
  EXPECT_THAT(batch_->marks[0].detail, HasSubstr("binlog_row_metadata"));
}

TEST_F(GroupAssemblerRowsTest, OneTableMayFeedSeveralTags) {
  MysqlTag other = tag_;
  other.tag = model::Tag("other");
  other.tables = {{"shop.orders", "all.orders", {"name"}}};
  Create({tag_, other});
  const std::vector<ScriptEvent> script = {Rows(Orders(), {Insert({1, "a"})}),
                                           Rows(Log(), {Insert({"x"})})};
  EXPECT_THAT(Of(script, 0),
              ElementsAre("insert shop.orders[1] - -> [1,\"a\"]", "insert shop.log[\"x\"] +1"));
  EXPECT_THAT(Of(script, 1), ElementsAre("insert all.orders[1] - -> [1]"));
}

TEST_F(GroupAssemblerRowsTest, SeveralTablesMayBeOneLogicalTable) {
  tag_.tables = {{"shop.order?", "shop.orders", {}}};
  EXPECT_THAT(Of({Rows(Schema("shop", "order1", {"id"}), {Insert({1})}),
                  Rows(Schema("shop", "order2", {"id"}), {Insert({2})})}),
              ElementsAre("insert shop.orders[1] - -> [1]", "insert shop.orders[2] - -> [2]"));
}

TEST_F(GroupAssemblerRowsTest, GravityKeysAreTheBareValue) {
  tag_.tables = {{"shop.orders", "", {}}};
  tag_.key_format = row::KeyFormat::kGravity;
  EXPECT_THAT(Of({Rows(Orders(), {Insert({42, "a"})})}), ElementsAre("insert 42 - -> [42,\"a\"]"));
}

TEST_F(GroupAssemblerRowsTest, Md5IsOfTheText) {
  tag_.digest = row::DigestKind::kMd5;
  Of({Rows(Orders(), {Insert({1, "a"})})});
  EXPECT_EQ(batch_->changes[0].after, model::Version::Content(row::Md5("[1,\"a\"]")));
}

TEST_F(GroupAssemblerRowsTest, ContentsAreKeptOnlyWhereAsked) {
  tag_.capture_rows = false;
  EXPECT_THAT(Of({Rows(Orders(), {Insert({1, "a"})}), Rows(Orders(), {Delete({1, "a"})}),
                  Rows(Orders(), {Insert({2, "b"})})}),
              ElementsAre("insert shop.orders[1] - -> #", "delete shop.orders[1] # -> -",
                          "insert shop.orders[2] - -> #"));
}

TEST_F(GroupAssemblerRowsTest, BeyondTheCaptureLimitContentsAreDigestedOnly) {
  options_.rows.captured_bytes_per_group = 20;
  Of({Rows(Orders(), {Insert({1, "aaaaaaaaaa"}), Insert({2, "b"})})});
  EXPECT_GT(batch_->changes[0].content.size, 0u);
  EXPECT_EQ(batch_->changes[1].content.size, 0u);
  EXPECT_EQ(batch_->changes[1].after.kind, model::Version::Kind::kContent);
}

TEST_F(GroupAssemblerRowsTest, AGroupBeyondTheMemoryLimitIsUnverifiedFromThere) {
  options_.max_group_bytes = 100;
  EXPECT_THAT(Of({Rows(Orders(), {Insert({1, "a"}), Insert({2, "a"}), Insert({3, "a"})})}),
              ElementsAre("insert shop.orders[1] - -> [1,\"a\"]", "unverified shop.orders event"));
}

// ---- barriers ----

TEST_F(GroupAssemblerRowsTest, BarriersKeepTheirPlaceAmongTheChanges) {
  EXPECT_THAT(Of({Rows(Orders(), {Insert({1, "a"})}), Barrier(7),
                  Rows(Orders(), {Insert({2, "a"})}), Barrier(8)}),
              ElementsAre("insert shop.orders[1] - -> [1,\"a\"]", "barrier 7",
                          "insert shop.orders[2] - -> [2,\"a\"]", "barrier 8"));
}

TEST_F(GroupAssemblerRowsTest, AnInsertedBarrierIsOneADeletedOneIsNot) {
  EXPECT_THAT(Of({Rows(BarrierTable(), {Insert({1, 3, "t"})}),
                  Rows(BarrierTable(), {Delete({1, 3, "t"})})}),
              ElementsAre("barrier 3"));
}

TEST_F(GroupAssemblerRowsTest, OnlyTheConfiguredRowIsABarrier) {
  MysqlTag second = tag_;
  second.tag = model::Tag("second");
  second.barrier_id = 2;
  Create({tag_, second});
  const std::vector<ScriptEvent> script = {Barrier(7, 1), Barrier(8, 2), Barrier(9, 3)};
  EXPECT_THAT(Of(script, 0), ElementsAre("barrier 7"));
  EXPECT_THAT(Of(script, 1), ElementsAre("barrier 8"));
}

TEST_F(GroupAssemblerRowsTest, ABarrierWithoutColumnNamesIsFoundByPlace) {
  EXPECT_THAT(Of({Rows(Schema("drc", "barrier", {"", "", ""}), {Insert({1, 3, "t"})})}),
              ElementsAre("barrier 3"));
}

TEST_F(GroupAssemblerRowsTest, AMinimalBarrierTakesItsIdFromTheBeforeImage) {
  EXPECT_THAT(Of({Rows(BarrierTable(), {Update({1, Absent(), Absent()}, {Absent(), 12, "t"})})}),
              ElementsAre("barrier 12"));
}

TEST_F(GroupAssemblerRowsTest, ABarrierWithoutOffsetIsLogged) {
  EXPECT_THAT(Of({Rows(BarrierTable(), {Insert({1, Absent(), "t"})})}), IsEmpty());
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("no id or offset")));
}

TEST_F(GroupAssemblerRowsTest, ABarrierIsReportedWhenItsGroupIsClosed) {
  Create({tag_});
  EXPECT_THAT(Of({Rows(Orders(), {Insert({1, "a"})})}), ElementsAre(::testing::_));
  EXPECT_FALSE(groups_->barrier_closed());
  Script script = {Gtid(2), Barrier(1), Xid()};
  SetPlaces(&script);
  for (ScriptEvent& entry : script) {
    EXPECT_FALSE(groups_->barrier_closed());
    rows_.Reset(&entry);
    entry.event.rows = &rows_;
    groups_->Add(entry.event);
  }
  EXPECT_TRUE(groups_->barrier_closed());
}

}  // namespace
}  // namespace dcp::collector
