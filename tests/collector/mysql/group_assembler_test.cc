// What becomes a change: transaction control, XA, DDL, statements and events
// that cannot be read.
#include "collector/mysql/group_assembler.h"

#include <gmock/gmock.h>

#include "tests/collector/mysql/script.h"
#include "tests/support/status_matchers.h"

namespace dcp::collector {
namespace {

using mysql::BinlogEvent;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Cell kA = "a";

class GroupAssemblerTest : public ::testing::Test {
 protected:
  GroupAssemblerTest() { Use({Tag("src", {{"shop.*", "", {}}})}); }

  static MysqlTag Tag(const std::string& name, std::vector<TablePattern> tables) {
    MysqlTag tag;
    tag.tag = model::Tag(name);
    tag.tables = std::move(tables);
    return tag;
  }

  void Use(std::vector<MysqlTag> tags) {
    GroupAssembler::Options options = options_;
    options.tags = std::move(tags);
    options.registry = &registry_;
    options.log = [this](absl::string_view text) { logged_.emplace_back(text); };
    auto created = GroupAssembler::Create(std::move(options));
    ASSERT_OK(created);
    groups_ = *std::move(created);
    model::StreamOrigin origin;
    origin.has_gtids = true;
    groups_->Begin(origin, {"bin.000001", 4});
  }

  void Run(Script script) {
    SetPlaces(&script);
    for (ScriptEvent& entry : script) {
      rows_.Reset(&entry);
      entry.event.rows = &rows_;
      groups_->Add(entry.event);
    }
  }

  std::vector<std::string> Taken(size_t tag = 0) {
    const auto batch = groups_->Take()[tag];
    return batch == nullptr ? std::vector<std::string>() : Describe(*batch);
  }

  std::vector<std::string> After(Script script) {
    Run(std::move(script));
    groups_->Pause();
    return Taken();
  }

  GroupAssembler::Options options_;
  model::TableRegistry registry_;
  std::unique_ptr<GroupAssembler> groups_;
  std::vector<std::string> logged_;
  ScriptRows rows_;
};

// ---- transactions ----

TEST_F(GroupAssemblerTest, ATransactionEndsByItsXid) {
  Run({Gtid(1), Begin(), Rows(Orders(), {Insert({1, kA})})});
  EXPECT_THAT(Taken(), IsEmpty());

  Run({Xid()});
  EXPECT_THAT(Taken(), ElementsAre("txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(GroupAssemblerTest, ATransactionOfAnotherEngineEndsByCommit) {
  EXPECT_THAT(After({Gtid(1), Begin(), Rows(Orders(), {Delete({1, kA})}), Query("COMMIT")}),
              ElementsAre("txn 1", "delete shop.orders[1] [1,\"a\"] -> -"));
}

TEST_F(GroupAssemblerTest, MariaDbHasNoBegin) {
  EXPECT_THAT(After({Gtid(1), Rows(Orders(), {Insert({1, kA})}), Xid()}),
              ElementsAre("txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
}

// ---- MariaDB ----

TEST_F(GroupAssemblerTest, MariaDbsStandaloneGroupsEndAtOnce) {
  Run({MariaDbGtid(1, true), Query("TRUNCATE shop.orders")});
  EXPECT_THAT(Taken(), ElementsAre("txn 1", "ddl shop.orders gone TRUNCATE shop.orders"));
  EXPECT_TRUE(groups_->outside());
}

TEST_F(GroupAssemblerTest, MariaDbsCreateSelectIsOneTransactionWhateverPauses) {
  Run({MariaDbGtid(1), Query("CREATE TABLE shop.orders (id int)")});
  groups_->Pause();
  EXPECT_THAT(Taken(), IsEmpty());
  EXPECT_THAT(After({Rows(Orders(), {Insert({1, kA})}), Xid()}),
              ElementsAre("txn 1", "ddl shop.orders kept CREATE TABLE shop.orders ( id int )",
                          "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(GroupAssemblerTest, AnAlterOfTwoPhasesIsOneChange) {
  ScriptEvent start = MariaDbGtid(1, true);
  start.event.announces_only = true;
  EXPECT_THAT(
      After({start, Query("ALTER TABLE orders ADD a int"), MariaDbGtid(2, true),
             Query("ALTER TABLE orders ADD a int")}),
      ElementsAre("txn 1", "txn 2", "ddl shop.orders unknown ALTER TABLE orders ADD a int"));
}

TEST_F(GroupAssemblerTest, MariaDbsXaIsHeldLikeAnother) {
  EXPECT_THAT(
      After({MariaDbGtid(1), Rows(Orders(), {Insert({1, kA})}), Query("XA END X'71',X'',1"),
             XaPrepare("X'71',X'',1"), MariaDbGtid(2, true), Query("XA COMMIT X'71',X'',1")}),
      ElementsAre("txn 1", "txn 2", "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(GroupAssemblerTest, AMariaDbGroupCutOffByACrashIsDropped) {
  EXPECT_THAT(After({MariaDbGtid(1), Rows(Orders(), {Insert({1, kA})}), MariaDbGtid(2), Xid()}),
              ElementsAre("txn 2"));
}

TEST_F(GroupAssemblerTest, AnIncidentInAnOpenGroupIsNotLostWithIt) {
  EXPECT_THAT(After({MariaDbGtid(1), OfKind(BinlogEvent::Kind::kIncident), MariaDbGtid(2), Xid()}),
              ElementsAre("txn 1", "unverified * event", "txn 2"));
}

TEST_F(GroupAssemblerTest, SequencesAreNoTables) {
  auto sequence = std::make_shared<mysql::TableSchema>(*Orders());
  sequence->is_sequence = true;
  EXPECT_THAT(After({MariaDbGtid(1), Rows(sequence, {Insert({1, kA})}), Query("COMMIT")}),
              ElementsAre("txn 1"));
}

TEST_F(GroupAssemblerTest, HiddenColumnsAreNotCompared) {
  auto table = std::make_shared<mysql::TableSchema>(*Orders());
  table->columns[1].hidden = true;
  EXPECT_THAT(After({MariaDbGtid(1), Rows(table, {Insert({1, kA})}), Xid()}),
              ElementsAre("txn 1", "insert shop.orders[1] - -> [1]"));
}

TEST_F(GroupAssemblerTest, EachGroupTellsTheServerThatWroteItFirst) {
  ScriptEvent begin = Begin();
  begin.event.server_id = 12;
  Run({MariaDbGtid(1), Xid(), begin, Xid()});
  const auto batch = groups_->Take()[0];
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->txns[0].server_id, 1u);
  EXPECT_EQ(batch->txns[1].server_id, 12u);
}

TEST_F(GroupAssemblerTest, WhatTheServerHasExecutedIsATransactionOfItsOwn) {
  Run({MariaDbGtid(1), Xid()});
  groups_->AddExecuted(*model::GtidSet::Parse("0-1-9"));
  const auto batch = groups_->Take()[0];
  ASSERT_EQ(batch->txns.size(), 2u);
  EXPECT_TRUE(batch->txns[1].gtid.empty());
  ASSERT_EQ(batch->marks.size(), 1u);
  EXPECT_EQ(batch->marks[0].kind, model::Mark::Kind::kExecuted);
  EXPECT_EQ(batch->marks[0].executed.ToString(), "0-1-9");
  EXPECT_EQ(groups_->resume_point().position().offset, batch->txns[0].end_offset);
}

TEST_F(GroupAssemblerTest, AServerWithoutGtidsHasBeginAlone) {
  EXPECT_THAT(After({Begin(), Rows(Orders(), {Insert({1, kA})}), Xid(), Begin(), Xid()}),
              ElementsAre("txn", "insert shop.orders[1] - -> [1,\"a\"]", "txn"));
}

TEST_F(GroupAssemblerTest, ARolledBackGroupIsAnEmptyTransaction) {
  EXPECT_THAT(After({Gtid(1), Begin(), Rows(Orders(), {Insert({1, kA})}), Query("ROLLBACK"),  //
                     Gtid(2), Begin(), Xid()}),
              ElementsAre("txn 1", "txn 2"));
}

TEST_F(GroupAssemblerTest, RollbackToDropsWhatTheSavepointPrecedes) {
  EXPECT_THAT(After({Gtid(1), Begin(), Rows(Orders(), {Insert({1, kA})}), Query("SAVEPOINT `S`"),
                     Rows(Orders(), {Insert({2, kA})}), Barrier(5),
                     Query("ROLLBACK TO SAVEPOINT s"), Rows(Orders(), {Insert({3, kA})}), Xid()}),
              ElementsAre("txn 1", "insert shop.orders[1] - -> [1,\"a\"]",
                          "insert shop.orders[3] - -> [3,\"a\"]"));
}

TEST_F(GroupAssemblerTest, ASavepointStaysAfterRollbackToIt) {
  EXPECT_THAT(After({Gtid(1), Begin(), Query("SAVEPOINT a"), Rows(Orders(), {Insert({1, kA})}),
                     Query("SAVEPOINT b"), Query("ROLLBACK TO a"),
                     Rows(Orders(), {Insert({2, kA})}), Query("ROLLBACK TO a"), Xid()}),
              ElementsAre("txn 1"));
}

TEST_F(GroupAssemblerTest, ASavepointOfTheSameNameMoves) {
  EXPECT_THAT(After({Gtid(1), Begin(), Query("SAVEPOINT a"), Rows(Orders(), {Insert({1, kA})}),
                     Query("SAVEPOINT a"), Rows(Orders(), {Insert({2, kA})}),
                     Query("ROLLBACK TO a"), Xid()}),
              ElementsAre("txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(GroupAssemblerTest, SavepointsDoNotOutliveTheirGroup) {
  EXPECT_THAT(
      After({Gtid(1), Begin(), Query("SAVEPOINT a"), Xid(), Gtid(2), Begin(),
             Rows(Orders(), {Insert({1, kA})}), Query("ROLLBACK TO a"), Xid()}),
      ElementsAre("txn 1", "txn 2", "insert shop.orders[1] - -> [1,\"a\"]", "unverified * event"));
}

TEST_F(GroupAssemblerTest, AGroupCutOffByItsServersCrashIsDropped) {
  EXPECT_THAT(After({Gtid(1), Begin(), Rows(Orders(), {Insert({1, kA})}), Rotate("bin.000002", 4),
                     Gtid(1), Begin(), Rows(Orders(), {Insert({2, kA})}), Xid()}),
              ElementsAre("txn 1", "insert shop.orders[2] - -> [2,\"a\"]"));
}

TEST_F(GroupAssemblerTest, AGroupCutOffWithoutGtidsIsDropped) {
  EXPECT_THAT(After({Begin(), Rows(Orders(), {Insert({1, kA})}), Begin(), Xid()}),
              ElementsAre("txn"));
}

TEST_F(GroupAssemblerTest, EveryGtidIsSaidEvenOfWhatNoTagTakes) {
  EXPECT_THAT(After({Gtid(1), Begin(), Xid(),  //
                     Gtid(2), Begin(), Rows(Schema("other", "t", {"id"}), {Insert({1})}), Xid(),
                     Gtid(3), Query("GRANT SELECT ON *.* TO u")}),
              ElementsAre("txn 1", "txn 2", "txn 3"));
}

TEST_F(GroupAssemblerTest, ATransactionKnowsItsPlaceAndTime) {
  Run({Gtid(7), Begin(), Xid(), Rotate("bin.000002", 4), Gtid(8), Begin(), Xid()});
  const auto batch = groups_->Take()[0];
  ASSERT_EQ(batch->txns.size(), 2u);
  EXPECT_EQ(batch->files[batch->txns[0].file], "bin.000001");
  EXPECT_EQ(batch->txns[0].end_offset, 500u);
  EXPECT_EQ(batch->txns[0].timestamp_micros, 7'000'000);
  EXPECT_EQ(batch->files[batch->txns[1].file], "bin.000002");
  EXPECT_EQ(batch->txns[1].end_offset, 304u);
}

// ---- XA ----

TEST_F(GroupAssemblerTest, RowsOfXaPrepareComeAtItsCommit) {
  EXPECT_THAT(After({Gtid(1), Query("XA START X'61',X'',1"), Rows(Orders(), {Insert({1, kA})}),
                     Query("XA END X'61',X'',1"), XaPrepare("X'61',X'',1"),       //
                     Gtid(2), Begin(), Rows(Orders(), {Insert({2, kA})}), Xid(),  //
                     Gtid(3), Query("XA COMMIT X'61',X'',1")}),
              ElementsAre("txn 1", "txn 2", "insert shop.orders[2] - -> [2,\"a\"]", "txn 3",
                          "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(GroupAssemblerTest, XaRollbackForgetsThem) {
  EXPECT_THAT(After({Gtid(1), Query("XA START 'a'"), Rows(Orders(), {Insert({1, kA})}),
                     XaPrepare("X'61',X'',1"), Gtid(2), Query("XA ROLLBACK 'a'"), Gtid(3),
                     Query("XA COMMIT 'a'")}),
              ElementsAre("txn 1", "txn 2", "txn 3", "unverified * event"));
}

TEST_F(GroupAssemblerTest, XaOfOnePhaseIsACommit) {
  EXPECT_THAT(After({Gtid(1), Query("XA START 'a'"), Rows(Orders(), {Insert({1, kA})}),
                     Query("XA END 'a'"), XaPrepare("X'61',X'',1", /*one_phase=*/true)}),
              ElementsAre("txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(GroupAssemblerTest, XaCommitOfAnUnseenPrepareIsUnverified) {
  EXPECT_THAT(After({Gtid(1), Query("XA COMMIT X'61',X'',1")}),
              ElementsAre("txn 1", "unverified * event"));
}

TEST_F(GroupAssemblerTest, PreparedGroupsOutliveADisconnect) {
  Run({Gtid(1), Query("XA START 'a'"), Rows(Orders(), {Insert({1, kA})}), XaPrepare("'a'")});
  groups_->Disconnect();
  EXPECT_THAT(After({Gtid(2), Query("XA COMMIT 'a'")}),
              ElementsAre("txn 1", "txn 2", "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(GroupAssemblerTest, PreparedGroupsDoNotOutliveAGap) {
  Run({Gtid(1), Query("XA START 'a'"), Rows(Orders(), {Insert({1, kA})}), XaPrepare("'a'")});
  groups_->Begin({}, {"bin.000009", 4});
  EXPECT_THAT(After({Gtid(2), Query("XA COMMIT 'a'")}),
              ElementsAre("txn 1", "txn 2", "unverified * event"));
}

TEST_F(GroupAssemblerTest, TooManyPreparedGroupsForgetTheOldestAndSaySo) {
  options_.prepared.groups = 1;
  Use({Tag("src", {{"shop.*", "", {}}})});
  EXPECT_THAT(
      After({Gtid(1), Query("XA START 'a'"), Rows(Orders(), {Insert({1, kA})}), XaPrepare("'a'"),
             Gtid(2), Query("XA START 'b'"), Rows(Orders(), {Insert({2, kA})}), XaPrepare("'b'"),
             Gtid(3), Query("XA COMMIT 'a'"), Gtid(4), Query("XA COMMIT 'b'")}),
      ElementsAre("txn 1", "txn 2", "txn 3", "unverified * event", "txn 4",
                  "insert shop.orders[2] - -> [2,\"a\"]"));
  EXPECT_THAT(logged_, ElementsAre(HasSubstr("61,,1")));
}

// ---- DDL ----

TEST_F(GroupAssemblerTest, DdlOfARoutedTableIsAMark) {
  EXPECT_THAT(After({Gtid(1), Query("TRUNCATE TABLE orders")}),
              ElementsAre("txn 1", "ddl shop.orders gone TRUNCATE TABLE orders"));
}

// MySQL 5.6 and 5.7: outside any transaction, so nobody's statement.
TEST_F(GroupAssemblerTest, DeleteThatTheServerWroteItselfIsTruncate) {
  EXPECT_THAT(After({Gtid(1), Query("DELETE FROM `shop`.`orders`"), Gtid(2), Begin(),
                     Query("DELETE FROM `shop`.`orders`"), Xid()}),
              ElementsAre("txn 1", "ddl shop.orders gone DELETE FROM `shop`.`orders`", "txn 2",
                          "unverified * statement"));
  EXPECT_THAT(After({Query("DELETE FROM orders"), Begin(), Xid()}),
              ElementsAre("txn", "ddl shop.orders gone DELETE FROM orders", "txn"));
}

// MySQL 5.6, where its applier finds the table empty: neither BEGIN nor COMMIT around the rows.
TEST_F(GroupAssemblerTest, RowsBehindTheDeleteThatTheServerWroteItselfAreOfItsGroup) {
  const auto emptied = Query("DELETE FROM `shop`.`orders`");
  const auto rows = [](int id) { return Rows(Orders(), {Insert({id, kA})}); };
  const std::string ddl = "ddl shop.orders gone DELETE FROM `shop`.`orders`";
  const std::string first = "insert shop.orders[1] - -> [1,\"a\"]";
  const std::string second = "insert shop.orders[2] - -> [2,\"a\"]";
  EXPECT_THAT(After({Gtid(1), emptied, rows(1), Gtid(2), Begin(), rows(2), Query("COMMIT")}),
              ElementsAre("txn 1", ddl, first, "txn 2", second));
  EXPECT_THAT(After({emptied, rows(1), Begin(), rows(2), Xid()}),
              ElementsAre("txn", ddl, first, "txn", second));
  EXPECT_THAT(After({Gtid(3), emptied, rows(1), emptied, rows(2), Gtid(4), Begin(), Xid()}),
              ElementsAre("txn 3", ddl, first, ddl, second, "txn 4"));
  EXPECT_THAT(After({Gtid(5), emptied, rows(1), Query("COMMIT"), Gtid(6), Begin(), Xid()}),
              ElementsAre("txn 5", ddl, first, "txn 6"));
  EXPECT_THAT(After({Gtid(7), emptied, rows(1)}), ElementsAre("txn 7", ddl, first));
}

TEST_F(GroupAssemblerTest, DdlOfOtherTablesIsNone) {
  EXPECT_THAT(After({Gtid(1), Query("TRUNCATE TABLE other.t")}), ElementsAre("txn 1"));
}

TEST_F(GroupAssemblerTest, SeveralTablesAreSeveralMarks) {
  EXPECT_THAT(After({Gtid(1), Query("DROP TABLE `a`, other.b, `c` /* generated by server */")}),
              ElementsAre("txn 1", "ddl shop.a gone DROP TABLE `a`, other.b, `c`",
                          "ddl shop.c gone DROP TABLE `a`, other.b, `c`"));
}

TEST_F(GroupAssemblerTest, DdlIsComparedByVerbTableAndPartitionsOnly) {
  const auto digest = [this](const char* sql) {
    Run({Gtid(1), Query(sql)});
    groups_->Pause();
    return groups_->Take()[0]->marks.at(0).ddl;
  };
  const model::Digest drop = digest("DROP TABLE orders");
  EXPECT_EQ(digest("drop table if exists `shop`.`orders` /* generated by server */"), drop);
  EXPECT_NE(digest("DROP TABLE orders2"), drop);
  EXPECT_NE(digest("TRUNCATE orders"), drop);
  EXPECT_EQ(digest("ALTER TABLE orders TRUNCATE PARTITION p1, p2"),
            digest("alter table shop.orders truncate partition `p1`,`p2`"));
  EXPECT_NE(digest("ALTER TABLE orders TRUNCATE PARTITION p1"),
            digest("ALTER TABLE orders TRUNCATE PARTITION p2"));
}

TEST_F(GroupAssemblerTest, DropDatabaseTakesEveryKnownTableAway) {
  Use({Tag("src", {{"shop.users", "shop.people", {}}, {"shop.*", "", {}}})});
  EXPECT_THAT(After({Gtid(1), Begin(), Rows(Orders(), {Insert({1, kA})}), Xid(), Gtid(2),
                     Query("DROP DATABASE shop"), Gtid(3), Query("DROP DATABASE other")}),
              ElementsAre("txn 1", "insert shop.orders[1] - -> [1,\"a\"]", "txn 2",
                          "ddl shop.orders gone DROP DATABASE shop",
                          "ddl shop.people gone DROP DATABASE shop", "txn 3"));
}

TEST_F(GroupAssemblerTest, CreateTableSelectIsOneTransactionWithItsRows) {
  EXPECT_THAT(
      After({Gtid(1), Begin(), Query("CREATE TABLE orders (id int) START TRANSACTION"),
             Rows(Orders(), {Insert({1, kA})}), Xid()}),
      ElementsAre("txn 1", "ddl shop.orders kept CREATE TABLE orders ( id int ) START TRANSACTION",
                  "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(GroupAssemblerTest, CreateTableSelectOfMariaDbKeepsItsGtid) {
  EXPECT_THAT(After({Gtid(1), Query("CREATE TABLE orders (id int)"),
                     Rows(Orders(), {Insert({1, kA})}), Query("COMMIT")}),
              ElementsAre("txn 1", "ddl shop.orders kept CREATE TABLE orders ( id int )",
                          "insert shop.orders[1] - -> [1,\"a\"]"));
}

TEST_F(GroupAssemblerTest, DdlWithoutGtidsIsAGroupEach) {
  EXPECT_THAT(
      After({Query("TRUNCATE a"), Query("TRUNCATE b"), Begin(), Xid()}),
      ElementsAre("txn", "ddl shop.a gone TRUNCATE a", "txn", "ddl shop.b gone TRUNCATE b", "txn"));
}

TEST_F(GroupAssemblerTest, DdlIsClosedByWhateverCannotFollowIt) {
  Run({Gtid(1), Query("TRUNCATE orders")});
  EXPECT_THAT(Taken(), IsEmpty());
  Run({Heartbeat()});
  EXPECT_THAT(Taken(), ElementsAre("txn 1", "ddl shop.orders gone TRUNCATE orders"));
}

// ---- what is not seen whole ----

TEST_F(GroupAssemblerTest, AStatementWithoutRowsIsUnverified) {
  EXPECT_THAT(After({Gtid(1), Begin(), OfKind(BinlogEvent::Kind::kStatementContext),
                     Query("INSERT INTO v VALUES (RAND())"), Xid()}),
              ElementsAre("txn 1", "unverified * statement"));
}

TEST_F(GroupAssemblerTest, StatementsInATransactionOfMariaDbStayInItsGroup) {
  EXPECT_THAT(After({Gtid(1), Query("UPDATE t SET a = 1"), Query("DELETE FROM t"),
                     Rows(Orders(), {Insert({1, kA})}), Xid(), Gtid(2), Begin(), Xid()}),
              ElementsAre("txn 1", "unverified * statement", "insert shop.orders[1] - -> [1,\"a\"]",
                          "txn 2"));
}

TEST_F(GroupAssemblerTest, AnUnknownStatementIsNeverDropped) {
  EXPECT_THAT(After({Gtid(1), Query("FROBNICATE TABLE t"), Gtid(2), Begin(), Xid()}),
              ElementsAre("txn 1", "unverified * statement", "txn 2"));
}

TEST_F(GroupAssemblerTest, AnIncidentIsUnverified) {
  EXPECT_THAT(After({Gtid(1), OfKind(BinlogEvent::Kind::kIncident)}),
              ElementsAre("txn 1", "unverified * event"));
}

TEST_F(GroupAssemblerTest, AnUnreadableEventConcernsItsTable) {
  EXPECT_THAT(After({Gtid(1), Begin(), Unreadable("no", Orders()), Xid()}),
              ElementsAre("txn 1", "unverified shop.orders event"));
}

TEST_F(GroupAssemblerTest, AnUnreadableEventOfATableThatNobodyTakesIsNone) {
  EXPECT_THAT(After({Gtid(1), Begin(), Unreadable("no", Schema("other", "t", {"id"})), Xid()}),
              ElementsAre("txn 1"));
}

TEST_F(GroupAssemblerTest, AnUnreadableGroupConcernsEveryTable) {
  EXPECT_THAT(After({Gtid(1), Unreadable("cannot inflate"), Gtid(2), Begin(), Xid()}),
              ElementsAre("txn 1", "unverified * event", "txn 2"));
}

TEST_F(GroupAssemblerTest, AnUnreadableEndOfAGroupDoesNotDropIt) {
  EXPECT_THAT(
      After({Gtid(1), Begin(), Rows(Orders(), {Insert({1, kA})}), Unreadable("new event"), Gtid(2),
             Begin(), Xid()}),
      ElementsAre("txn 1", "insert shop.orders[1] - -> [1,\"a\"]", "unverified * event", "txn 2"));
}

TEST_F(GroupAssemblerTest, MarksSayWhereAndWhat) {
  Run({Gtid(1), Begin(), Unreadable("type 99 is new", Orders()), Xid()});
  const auto batch = groups_->Take()[0];
  EXPECT_THAT(batch->marks.at(0).detail, HasSubstr("bin.000001:400"));
  EXPECT_THAT(batch->marks.at(0).detail, HasSubstr("type 99 is new"));
}

// ---- resuming ----

TEST_F(GroupAssemblerTest, AGtidCountsAtItsGroupsEndOnly) {
  Run({Gtid(1), Begin(), Rows(Orders(), {Insert({1, kA})})});
  EXPECT_TRUE(groups_->resume_point().executed().empty());
  Run({Xid()});
  EXPECT_EQ(groups_->resume_point().executed().size(), 1u);
}

// Between a table map and its rows there is no place to begin at.
TEST_F(GroupAssemblerTest, ARotateInAnOpenGroupDoesNotMoveThePlaceToGoOnFrom) {
  Run({Rotate("bin.000006", 400)});
  const model::BinlogPosition place = {"bin.000006", 400};
  ASSERT_EQ(groups_->resume_point().position(), place);
  Run({Gtid(2), Begin(), Rotate("bin.000007", 4)});
  EXPECT_EQ(groups_->resume_point().position(), place);
  Run({Rows(Orders(), {Insert({1, kA})}), Heartbeat()});
  EXPECT_EQ(groups_->resume_point().position(), place);
  Run({Xid(), Rotate("bin.000008", 4)});
  EXPECT_EQ(groups_->resume_point().position(), (model::BinlogPosition{"bin.000008", 4}));
}

TEST_F(GroupAssemblerTest, ADisconnectDropsTheOpenGroupOnly) {
  Run({Gtid(1), Begin(), Xid(), Gtid(2), Begin(), Rows(Orders(), {Insert({1, kA})})});
  groups_->Disconnect();
  EXPECT_THAT(Taken(), ElementsAre("txn 1"));
  EXPECT_EQ(groups_->resume_point().executed().size(), 1u);
}

TEST_F(GroupAssemblerTest, TakingLeavesTheOpenGroup) {
  Run({Gtid(1), Begin(), Rows(Orders(), {Insert({1, kA})}), Xid(),  //
       Gtid(2), Begin(), Rows(Orders(), {Insert({2, kA})}), Barrier(3)});
  EXPECT_THAT(Taken(), ElementsAre("txn 1", "insert shop.orders[1] - -> [1,\"a\"]"));
  Run({Rows(Orders(), {Update({2, kA}, {2, "b"})}), Xid()});
  EXPECT_THAT(Taken(), ElementsAre("txn 2", "insert shop.orders[2] - -> [2,\"a\"]", "barrier 3",
                                   "update shop.orders[2] [2,\"a\"] -> [2,\"b\"]"));
}

// ---- statements ----

class StatementTest : public GroupAssemblerTest {
 protected:
  static ScriptEvent Statement(const std::string& text) {
    ScriptEvent event = OfKind(mysql::BinlogEvent::Kind::kRowsQuery);
    event.event.query = text;
    return event;
  }
  static ScriptEvent Last(ScriptEvent rows) {
    rows.event.ends_statement = true;
    return rows;
  }
  // The statement of each change, "-" of none; "null" where it is not to be told.
  std::vector<std::string> Told(size_t tag = 0) {
    std::vector<std::string> told;
    const auto batch = groups_->Take()[tag];
    for (uint32_t i = 0; i < batch->changes.size(); ++i) {
      const model::Statement* statement = batch->StatementOf(i);
      if (statement == nullptr) {
        told.emplace_back("-");
      } else if (statement->text.size == 0) {
        told.emplace_back("null");
      } else {
        told.emplace_back(batch->text(statement->text));
      }
    }
    return told;
  }
};

TEST_F(StatementTest, IsOfTheRowsUpToItsLastEvent) {
  Run({Gtid(1), Begin(), Statement("one"), Rows(Orders(), {Insert({1, kA}), Insert({2, kA})}),
       Rows(Log(), {Insert({kA})}), Last(Rows(Orders(), {Insert({3, kA})})),
       Last(Rows(Orders(), {Insert({4, kA})})), Statement("two"),
       Last(Rows(Orders(), {Insert({5, kA})})), Xid(), Gtid(2), Begin(),
       Last(Rows(Orders(), {Insert({6, kA})})), Xid()});
  EXPECT_THAT(Told(), ElementsAre("one", "one", "one", "one", "-", "two", "-"));
}

// The last rows may be of a table that no tag takes.
TEST_F(StatementTest, EndsWithRowsThatAreNotWanted) {
  ScriptEvent unwanted = OfKind(mysql::BinlogEvent::Kind::kOther);
  Run({Gtid(1), Begin(), Statement("one"), Rows(Orders(), {Insert({1, kA})}), Last(unwanted),
       Last(Rows(Orders(), {Insert({2, kA})})), Xid()});
  EXPECT_THAT(Told(), ElementsAre("one", "-"));
}

TEST_F(StatementTest, DoesNotOutliveAGroupThatWasCutOff) {
  Run({Gtid(1), Begin(), Statement("one")});
  groups_->Disconnect();
  Run({Gtid(1), Begin(), Last(Rows(Orders(), {Insert({1, kA})})), Xid()});
  EXPECT_THAT(Told(), ElementsAre("-"));
}

TEST_F(StatementTest, ALongOneIsCutBetweenCharacters) {
  options_.max_statement_bytes = 5;
  Use({Tag("src", {{"shop.*", "", {}}})});
  const std::string text = "ab\xf0\x9f\x98\x80 cd";
  Run({Gtid(1), Begin(), Statement(text), Last(Rows(Orders(), {Insert({1, kA})})), Xid()});
  const auto batch = groups_->Take()[0];
  const model::Statement* statement = batch->StatementOf(0);
  ASSERT_NE(statement, nullptr);
  EXPECT_EQ(batch->text(statement->text), "ab");
  EXPECT_EQ(statement->size, text.size());
}

TEST_F(StatementTest, IsNotKeptWhereValuesAreHidden) {
  options_.hide_values = true;
  Use({Tag("src", {{"shop.*", "", {}}})});
  Run({Gtid(1), Begin(), Statement("secret"), Last(Rows(Orders(), {Insert({1, kA})})), Xid()});
  EXPECT_THAT(Told(), ElementsAre("null"));
  Run({Gtid(1), Begin(), Statement("secret"), Last(Rows(Orders(), {Insert({1, kA})})), Xid()});
  EXPECT_THAT(groups_->Take()[0]->bytes, Not(HasSubstr("secret")));
}

TEST_F(StatementTest, IsNotKeptWithoutTheRowsContents) {
  MysqlTag keys_only = Tag("keys", {{"shop.*", "", {}}});
  keys_only.capture_rows = false;
  Use({Tag("src", {{"shop.*", "", {}}}), keys_only});
  const Script script = {Gtid(1), Begin(), Statement("one"),
                         Last(Rows(Orders(), {Insert({1, kA})})), Xid()};
  Run(script);
  EXPECT_THAT(Told(0), ElementsAre("one"));
  Run(script);
  EXPECT_THAT(Told(1), ElementsAre("-"));
}

TEST_F(StatementTest, ComesWithAnXaTransactionToItsCommit) {
  Run({Gtid(1), Query("XA START X'71',X'',1"), Statement("one"),
       Last(Rows(Orders(), {Insert({1, kA})})), Query("XA END X'71',X'',1"),
       XaPrepare("X'71',X'',1"), Gtid(2), Query("XA COMMIT X'71',X'',1")});
  EXPECT_THAT(Told(), ElementsAre("one"));
}

}  // namespace
}  // namespace dcp::collector
