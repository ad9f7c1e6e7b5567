#include "verifier/row_reader.h"

#include "absl/strings/str_cat.h"
#include "row/renderer.h"
#include "tests/verifier/reader_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using Kind = model::RowAnswer::Kind;

std::string Json(const std::optional<model::PresentRow>& row) {
  if (!row.has_value()) return "not read";
  return row->exists ? row::Renderer().Json(row->content) : "absent";
}

auto IsKind(Kind kind) { return Field(&model::RowAnswer::kind, kind); }
auto IsUndecided(const std::string& detail) {
  return AllOf(IsKind(Kind::kUndecided), Field(&model::RowAnswer::detail, HasSubstr(detail)));
}

class RowReaderTest : public ReaderTest {
 protected:
  void SetUp() override {
    ReaderTest::SetUp();
    OnSource("CREATE DATABASE shop; CREATE DATABASE drc");
    OnSource("CREATE TABLE drc.barrier (id int unsigned primary key, `offset` bigint unsigned)");
    OnBoth(
        "CREATE TABLE shop.orders (id int, region varchar(20), v int, noise int, "
        "PRIMARY KEY (id, region))");
  }
};

TEST_F(RowReaderTest, EqualRowsAreEqual) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0), (2, 'us', NULL, 0)");
  const auto answers = ReadAll({R"(shop.orders[1,"eu"])", R"(shop.orders[2,"us"])"});
  EXPECT_THAT(answers, Each(IsKind(Kind::kEqual)));
  EXPECT_EQ(Json(answers[0].source), R"([1,"eu",10,0])");
  EXPECT_EQ(Json(answers[1].target), R"([2,"us",null,0])");
}

TEST_F(RowReaderTest, RowsThatDifferAreDifferent) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0)");
  OnTarget("UPDATE shop.orders SET v = 11");
  const auto answer = Read(R"(shop.orders[1,"eu"])");
  EXPECT_THAT(answer, IsKind(Kind::kDifferent));
  EXPECT_EQ(Json(answer.source), R"([1,"eu",10,0])");
  EXPECT_EQ(Json(answer.target), R"([1,"eu",11,0])");
}

TEST_F(RowReaderTest, AbsentOnOneSideIsDifferentAndOnBothEqual) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0)");
  OnTarget("DELETE FROM shop.orders; INSERT INTO shop.orders VALUES (2, 'eu', 10, 0)");
  const auto answers =
      ReadAll({R"(shop.orders[1,"eu"])", R"(shop.orders[2,"eu"])", R"(shop.orders[3,"eu"])"});
  EXPECT_THAT(answers[0], IsKind(Kind::kDifferent));
  EXPECT_EQ(Json(answers[0].target), "absent");
  EXPECT_THAT(answers[1], IsKind(Kind::kDifferent));
  EXPECT_EQ(Json(answers[1].source), "absent");
  EXPECT_THAT(answers[2], IsKind(Kind::kEqual));
}

TEST_F(RowReaderTest, ACollationMakesNoRowOutOfAnother) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'EU', 10, 0)");
  const auto answers = ReadAll({R"(shop.orders[1,"eu"])", R"(shop.orders[1,"EU"])"});
  EXPECT_EQ(Json(answers[0].source), "absent");
  EXPECT_EQ(Json(answers[0].target), "absent");
  EXPECT_EQ(Json(answers[1].source), R"([1,"EU",10,0])");
}

TEST_F(RowReaderTest, HostileKeysAreOnlyKeys) {
  OnBoth(
      R"(INSERT INTO shop.orders VALUES (1, '\'; DROP TABLE x --', 1, 0), (2, 'a\0b`"\\', 1, 0),
         (3, '🍣', 1, 0), (4, 'a', 1, 0))");
  const auto answers =
      ReadAll({R"(shop.orders[1,"'; DROP TABLE x --"])", R"(shop.orders[2,"a\u0000b`\"\\"])",
               R"(shop.orders[3,"🍣"])", R"(shop.orders[4,"a' OR '1'='1"])"});
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(answers[i], IsKind(Kind::kEqual));
    EXPECT_NE(Json(answers[i].source), "absent") << i;
  }
  EXPECT_EQ(Json(answers[3].source), "absent");
}

TEST_F(RowReaderTest, MoreRowsThanOneStatementReadsAreAllAnswered) {
  std::string rows;
  std::vector<std::string> keys;
  for (int i = 0; i < 450; ++i) {
    absl::StrAppend(&rows, i == 0 ? "" : ",", "(", i, ",'eu',", i, ",0)");
    keys.push_back(absl::StrCat("shop.orders[", i, ",\"eu\"]"));
  }
  OnBoth("INSERT INTO shop.orders VALUES " + rows);
  OnTarget("DELETE FROM shop.orders WHERE id = 0; UPDATE shop.orders SET v = 0 WHERE id = 449");
  const auto answers = ReadAll(keys);
  for (size_t i = 0; i < answers.size(); ++i) {
    const bool changed = i == 0 || i == 449;
    EXPECT_THAT(answers[i], IsKind(changed ? Kind::kDifferent : Kind::kEqual)) << i;
    EXPECT_EQ(Json(answers[i].source), absl::StrCat("[", i, ",\"eu\",", i, ",0]"));
  }
}

TEST_F(RowReaderTest, ARowThatChangesBetweenTheReadsIsUndecided) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0), (2, 'eu', 20, 0)");
  OnTarget("UPDATE shop.orders SET v = 0");
  options_.before_second_read = [this] { OnSource("UPDATE shop.orders SET v = 11 WHERE id = 1"); };
  const auto answers = ReadAll({R"(shop.orders[1,"eu"])", R"(shop.orders[2,"eu"])"});
  EXPECT_THAT(answers[0], IsUndecided("changed between two reads"));
  EXPECT_EQ(Json(answers[0].source), R"([1,"eu",11,0])");
  EXPECT_THAT(answers[1], IsKind(Kind::kDifferent));
}

TEST_F(RowReaderTest, ATargetAheadOfTheFirstReadIsEqualToTheSecond) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0)");
  OnTarget("UPDATE shop.orders SET v = 11");
  options_.before_second_read = [this] { OnSource("UPDATE shop.orders SET v = 11"); };
  EXPECT_THAT(Read(R"(shop.orders[1,"eu"])"), IsKind(Kind::kEqual));
}

TEST_F(RowReaderTest, TellsTheBarrierThatTheTargetHeld) {
  Read("shop.orders[1,\"eu\"]");
  EXPECT_EQ(reader().target_barrier(), std::nullopt);
  OnBoth("INSERT INTO drc.barrier VALUES (1, 18446744073709551615), (2, 5)");
  Read("shop.orders[1,\"eu\"]");
  EXPECT_EQ(reader().target_barrier(), 18446744073709551615u);
  OnTarget("DROP TABLE drc.barrier");
  Read("shop.orders[1,\"eu\"]");
  EXPECT_EQ(reader().target_barrier(), std::nullopt);
}

TEST_F(RowReaderTest, IgnoredColumnsMakeNoDifference) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0)");
  OnTarget("UPDATE shop.orders SET noise = 1");
  options_.target.tables = {{"shop.*", "", {"noise"}}};
  const auto answer = Read(R"(shop.orders[1,"eu"])");
  EXPECT_THAT(answer, IsKind(Kind::kEqual));
  EXPECT_EQ(Json(answer.source), R"([1,"eu",10])");
}

TEST_F(RowReaderTest, TheTablesColumnsAreComparedInTheirOrder) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0)");
  table_.columns = {"v", "id"};
  EXPECT_EQ(Json(Read(R"(shop.orders[1,"eu"])").target), "[10,1]");
}

TEST_F(RowReaderTest, OneLogicalTableMayBeSeveral) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0), (2, 'eu', 20, 0), (3, 'eu', 30, 0)");
  OnTarget(
      "CREATE TABLE shop.order_a LIKE shop.orders; CREATE TABLE shop.order_b LIKE shop.orders;"
      "INSERT INTO shop.order_a SELECT * FROM shop.orders WHERE id = 1;"
      "INSERT INTO shop.order_b SELECT * FROM shop.orders WHERE id = 2");
  options_.target.tables = {{"shop.order_*", "shop.orders", {}}};
  const std::vector<std::string> keys = {R"(shop.orders[1,"eu"])", R"(shop.orders[2,"eu"])",
                                         R"(shop.orders[3,"eu"])"};
  auto answers = ReadAll(keys);
  EXPECT_THAT(answers[0], IsKind(Kind::kEqual));
  EXPECT_THAT(answers[1], IsKind(Kind::kEqual));
  EXPECT_THAT(answers[2], IsKind(Kind::kDifferent));

  OnTarget("CREATE TABLE shop.order_c LIKE shop.orders");  // a shard added later counts too
  OnTarget("INSERT INTO shop.order_c SELECT * FROM shop.orders WHERE id IN (1, 3)");
  answers = ReadAll(keys);
  EXPECT_THAT(answers[0], IsUndecided("2 tables that are shop.orders hold a row with this key"));
  EXPECT_THAT(answers[1], IsKind(Kind::kEqual));
  EXPECT_THAT(answers[2], IsKind(Kind::kEqual));
}

TEST_F(RowReaderTest, AMissingTableIsUndecidedAndNamed) {
  OnTarget("DROP TABLE shop.orders");
  EXPECT_THAT(Read("shop.orders[1,\"eu\"]"),
              IsUndecided(absl::StrCat("127.0.0.1:", pair_.replica().port(),
                                       ": table shop.orders does not exist now")));
}

TEST_F(RowReaderTest, ATableWithoutAKeyIsUndecided) {
  OnBoth("ALTER TABLE shop.orders DROP PRIMARY KEY");
  EXPECT_THAT(Read("shop.orders[1,\"eu\"]"), IsUndecided("has neither a primary key"));
  table_.keyless = true;
  EXPECT_THAT(Read("shop.orders[1,\"eu\",1,1]"), IsUndecided("shop.orders has no key"));
}

TEST_F(RowReaderTest, AKeyThatFitsNoColumnIsUndecidedAloneOfItsBatch) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0)");
  const auto answers = ReadAll(
      {"garbage", R"(shop.orders["x","eu"])", R"(shop.orders[1])", R"(shop.orders[1,"eu"])"});
  EXPECT_THAT(answers[0], IsUndecided("not a key of shop.orders"));
  EXPECT_THAT(answers[1], IsUndecided("column id"));
  EXPECT_THAT(answers[2], IsUndecided("the key has 1 values, but 2 columns"));
  EXPECT_THAT(answers[3], IsKind(Kind::kEqual));
}

TEST_F(RowReaderTest, AGeneratedInvisibleKeyIsAKey) {
  OnSource("SET SESSION sql_generate_invisible_primary_key = ON");
  OnBoth("CREATE TABLE shop.hidden (v int)");
  OnSource("SET SESSION sql_generate_invisible_primary_key = OFF");
  OnBoth("INSERT INTO shop.hidden VALUES (7)");
  table_.name = "shop.hidden";
  const auto answer = Read("shop.hidden[1]");
  EXPECT_THAT(answer, IsKind(Kind::kEqual));
  EXPECT_EQ(Json(answer.source), "[1,7]");
}

TEST_F(RowReaderTest, GravityKeysAreFoundToo) {
  OnBoth("CREATE TABLE shop.users (name varbinary(20) primary key, v float)");
  OnBoth("INSERT INTO shop.users VALUES ('a\\'b', 0.1)");
  table_.name = "shop.users";
  options_.key_format = row::KeyFormat::kGravity;
  const auto answer = Read("a'b");
  EXPECT_THAT(answer, IsKind(Kind::kEqual));
  EXPECT_EQ(Json(answer.source), R"(["YSdi",0.1])");
}

TEST_F(RowReaderTest, ALostConnectionIsOpenedAgain) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0)");
  ASSERT_THAT(Read(R"(shop.orders[1,"eu"])"), IsKind(Kind::kEqual));
  for (test::MysqlServer* server : {&pair_.source(), &pair_.replica()}) {
    ASSERT_OK_AND_ASSIGN(const auto sessions,
                         server->Query("SELECT id FROM performance_schema.processlist WHERE user = "
                                       "'dcp' AND command = 'Sleep'"));
    size_t killed = 0;  // a session of the test before may be about to end by itself
    for (const auto& row : sessions) killed += server->Execute("KILL " + row[0].value_or("")).ok();
    ASSERT_GT(killed, 0u);
  }
  EXPECT_THAT(Read(R"(shop.orders[1,"eu"])"), IsKind(Kind::kEqual));
}

TEST_F(RowReaderTest, AServerThatIsGoneIsNamedAndReadAgainWhenItIsBack) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0)");
  ASSERT_THAT(Read(R"(shop.orders[1,"eu"])"), IsKind(Kind::kEqual));
  ASSERT_OK(pair_.replica().Stop());
  const auto answer = Read(R"(shop.orders[1,"eu"])");
  EXPECT_THAT(answer, IsUndecided(absl::StrCat("dcp@127.0.0.1:", pair_.replica().port())));
  EXPECT_EQ(reader().target_barrier(), std::nullopt);
  ASSERT_OK(pair_.replica().Restart());
  EXPECT_THAT(Read(R"(shop.orders[1,"eu"])"), IsKind(Kind::kEqual));
}

TEST_F(RowReaderTest, AStatementThatTakesTooLongIsUndecided) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0)");
  options_.statement_timeout = absl::Seconds(1);
  ASSERT_OK_AND_ASSIGN(const auto session, pair_.replica().Connect());
  ASSERT_OK(session->Execute("LOCK TABLES shop.orders WRITE"));
  EXPECT_THAT(Read(R"(shop.orders[1,"eu"])"), IsUndecided("shop.orders"));
  ASSERT_OK(session->Execute("UNLOCK TABLES"));
  EXPECT_THAT(Read(R"(shop.orders[1,"eu"])"), IsKind(Kind::kEqual));
}

TEST_F(RowReaderTest, TakesNoLocksAndHoldsNoTransaction) {
  OnBoth("INSERT INTO shop.orders VALUES (1, 'eu', 10, 0)");
  OnTarget("UPDATE shop.orders SET v = 11");
  ASSERT_OK_AND_ASSIGN(const auto writer, pair_.source().Connect());
  ASSERT_OK(writer->Execute("BEGIN; UPDATE shop.orders SET v = 12"));
  EXPECT_THAT(Read(R"(shop.orders[1,"eu"])"), IsKind(Kind::kDifferent));
  ASSERT_OK(writer->Execute("ROLLBACK"));
  OnSource("SET SESSION lock_wait_timeout = 2; ALTER TABLE shop.orders ADD COLUMN w int");
}

}  // namespace
}  // namespace dcp::verifier
