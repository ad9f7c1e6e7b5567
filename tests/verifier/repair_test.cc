// Repairs on real servers: what differs is made equal and nothing else, and can be taken back.
#include <atomic>
#include <random>
#include <thread>

#include "absl/strings/str_join.h"
#include "tests/verifier/column_types.h"
#include "tests/verifier/repair_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

TEST_F(RepairTest, ADryRunSaysTheStatementsAndChangesNothing) {
  OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(9), n INT)");
  OnBoth("INSERT INTO shop.t VALUES (1, 'a', 1), (2, 'b', NULL), (3, 'c', 3)");
  OnTarget("UPDATE shop.t SET v = 'x' WHERE id = 1; DELETE FROM shop.t WHERE id = 2");
  OnTarget("INSERT INTO shop.t VALUES (9, 'y', 0)");
  const std::string before = Bytes(pair().replica(), "shop.t", {"id", "v", "n"});
  Repair(/*execute=*/false);
  EXPECT_THAT(repaired_.statements,
              ElementsAre("DELETE /* dcp:repair test */ FROM `shop`.`t` WHERE (`id` = 9) AND `id` "
                          "<=> 9 AND CAST(`v` AS BINARY) <=> x'79' AND `n` <=> 0",
                          "UPDATE /* dcp:repair test */ `shop`.`t` SET `v` = 'a' WHERE (`id` = 1) "
                          "AND `id` <=> 1 AND CAST(`v` AS BINARY) <=> x'78' AND `n` <=> 1",
                          "INSERT /* dcp:repair test */ INTO `shop`.`t` (`id`, `v`, `n`) VALUES "
                          "(2, 'b', NULL)"));
  EXPECT_EQ(Repaired("shop.t").planned, 3u);
  EXPECT_EQ(Bytes(pair().replica(), "shop.t", {"id", "v", "n"}), before);
  EXPECT_FALSE(std::filesystem::exists(UndoPath()));
}

TEST_F(RepairTest, EveryKindOfDifferenceIsRepairedAndTakenBack) {
  OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(9), n INT)");
  OnBoth("INSERT INTO shop.t VALUES (1, 'a', 1), (2, 'b', NULL), (3, 'c', 3)");
  OnTarget("UPDATE shop.t SET v = 'x' WHERE id = 1; DELETE FROM shop.t WHERE id = 2");
  OnTarget("INSERT INTO shop.t VALUES (9, 'y', 0)");
  const std::string before = Bytes(pair().replica(), "shop.t", {"id", "v", "n"});
  Repair();
  EXPECT_EQ(Repaired("shop.t").repaired, 3u);
  EXPECT_THAT(repaired_.open, IsEmpty());
  ExpectEqual();
  Undo();
  EXPECT_EQ(Bytes(pair().replica(), "shop.t", {"id", "v", "n"}), before);
}

// The type's values stand in another order on the target, some rows are missing and some extra.
TEST_F(RepairTest, EveryTypeIsWrittenAndRecognisedExactly) {
  std::vector<Type> types = kBoth;
  types.insert(types.end(), kContentOnly.begin(), kContentOnly.end());
  std::string columns = "id INT PRIMARY KEY";
  std::vector<std::string> names = {"id"};
  size_t rows = 0;
  for (const Type& type : types) {
    if (std::string(type.definition).find(" AS ") != std::string::npos) continue;
    absl::StrAppend(&columns, ", c_", type.name, " ", type.definition, " NULL");
    rows = std::max(rows, type.values.size());
    // CONCAT() of a number rounds it.
    const bool is_real = std::string(type.definition).find("DOUBLE") == 0 ||
                         std::string(type.definition).find("FLOAT") == 0;
    const bool is_bytes = std::string(type.name).find("Point") == 0 ||
                          std::string(type.name).find("Geometry") == 0 ||
                          std::string(type.name).find("Vector") == 0;
    if (is_bytes) {
      names.push_back(absl::StrCat("c_", type.name));
      continue;
    }
    names.push_back(is_real ? absl::StrCat("CONCAT(c_", type.name, " + 0e0)")
                            : absl::StrCat("CONCAT(c_", type.name, ")"));
  }
  const auto insert = [&](size_t id, size_t shift) {
    std::string sql = "INSERT INTO shop.t SET id = " + absl::StrCat(id);
    for (const Type& type : types) {
      if (std::string(type.definition).find(" AS ") != std::string::npos) continue;
      if ((id + shift) % (rows + 1) >= type.values.size()) continue;
      // The error value of an ENUM cannot be written where it would be an error.
      if (std::string(type.name) == "EnumInvalid") continue;
      const std::string& value = type.values[(id + shift) % (rows + 1)];
      // A DECIMAL inside a document cannot be written as text.
      if (type.definition == std::string("JSON") && value.find("DECIMAL") != value.npos) continue;
      absl::StrAppend(&sql, ", c_", type.name, " = ", value);
    }
    return sql;
  };
  OnBoth("CREATE TABLE shop.t (" + columns + ")");
  for (size_t id = 0; id <= rows; ++id) {
    if (id > 1) OnSourceOnly("SET sql_mode = 'ALLOW_INVALID_DATES'; " + insert(id, 0));
    if (id < rows) OnTarget("SET sql_mode = 'ALLOW_INVALID_DATES'; " + insert(id, 1));
  }
  const std::string before = Bytes(pair().replica(), "shop.t", names);
  Repair();
  EXPECT_THAT(repaired_.open, IsEmpty());
  EXPECT_EQ(Repaired("shop.t").repaired, rows + 1);
  ExpectEqual();
  EXPECT_EQ(Bytes(pair().replica(), "shop.t", names), Bytes(pair().source(), "shop.t", names));
  Undo();
  EXPECT_EQ(Bytes(pair().replica(), "shop.t", names), before);
}

// Texts that leave their quotes, end comments or statements, or are no text at all.
const char* const kHostile[] = {"'; DROP TABLE shop.t; -- ",
                                "\\",
                                "\\'",
                                "`",
                                "\"",
                                "*/ DELETE",
                                "/*!50000",
                                "\xf0\x9f\x8d\xa3",
                                "%s%n",
                                "a\nb\r\x1a",
                                "\xc3\xbc\xe2\x82\xac",
                                "",
                                "NULL",
                                "x'00'",
                                "--",
                                "#",
                                ";",
                                "@@x",
                                "?",
                                "\\0"};

std::string HostileText(std::minstd_rand& random) {
  std::string text;
  for (int i = std::uniform_int_distribution<int>(0, 4)(random); i > 0; --i) {
    text += kHostile[std::uniform_int_distribution<size_t>(0, std::size(kHostile) - 1)(random)];
    if (i == 2) text.push_back('\0');
  }
  return text;
}

std::string HexOf(const std::string& text) {
  std::string hex;
  for (const char c : text) {
    static constexpr char kDigits[] = "0123456789abcdef";
    hex.push_back(kDigits[(static_cast<unsigned char>(c) >> 4) & 15]);
    hex.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return hex;
}

// Every statement is executed, so what a server reads in it is what was meant.
TEST_F(RepairTest, HostileNamesAndValuesAreOnlyNamesAndValues) {
  constexpr uint32_t kSeed = 20261121;
  SCOPED_TRACE(kSeed);
  std::minstd_rand random(kSeed);
  const std::string table = "`o`` */ '; DROP \\ \xc3\xbc`";
  const std::string key = "`k'``\"; --`";
  const std::string value = "`*/ ``v\\ #`";
  OnBoth("CREATE TABLE shop." + table + " (" + key + " VARBINARY(100), " + value +
         " TEXT CHARACTER SET utf8mb4, l TEXT CHARACTER SET latin1, b BLOB, j JSON, PRIMARY KEY (" +
         key + "))");
  const auto fill = [&](bool source) {
    for (int i = 0; i < 60; ++i) {
      const std::string k = absl::StrCat(i, kHostile[static_cast<size_t>(i) % std::size(kHostile)]);
      const std::string v = HostileText(random);
      const std::string sql = absl::StrCat(
          "INSERT INTO shop.", table, " VALUES (x'", HexOf(k), "', _utf8mb4 x'", HexOf(v),
          "', CONVERT(_utf8mb4 x'", HexOf(HostileText(random)), "' USING latin1), x'",
          HexOf(HostileText(random) + "\xff"), "', JSON_ARRAY(_utf8mb4 x'", HexOf(v), "'))");
      if (i % 5 == (source ? 0 : 1)) continue;
      source ? OnSourceOnly(sql) : OnTarget(sql);
    }
  };
  fill(true);
  fill(false);
  const std::vector<std::string> columns = {key, value, "l", "b", "CONCAT(j)"};
  const std::string before = Bytes(pair().replica(), "shop." + table, columns);
  Repair();
  EXPECT_THAT(repaired_.open, IsEmpty());
  EXPECT_EQ(Bytes(pair().replica(), "shop." + table, columns),
            Bytes(pair().source(), "shop." + table, columns));
  Undo();
  EXPECT_EQ(Bytes(pair().replica(), "shop." + table, columns), before);
}

TEST_F(RepairTest, ChildrenAreRemovedBeforeParentsAndWrittenAfterThem) {
  OnBoth(
      "CREATE TABLE shop.z_parent (id INT PRIMARY KEY, v INT); CREATE TABLE shop.a_child (id INT "
      "PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES shop.z_parent (id)); CREATE TABLE shop.tree "
      "(id INT PRIMARY KEY, up INT, FOREIGN KEY (up) REFERENCES shop.tree (id))");
  OnSourceOnly(
      "INSERT INTO shop.z_parent VALUES (1, 1), (2, 2); INSERT INTO shop.a_child VALUES (11, 1), "
      "(12, 2); INSERT INTO shop.tree VALUES (1, NULL), (2, 1), (3, 2)");
  OnTarget(
      "INSERT INTO shop.z_parent VALUES (8, 8), (9, 9); INSERT INTO shop.a_child VALUES (12, 8), "
      "(19, 9); INSERT INTO shop.tree VALUES (7, NULL), (3, 7)");
  Repair();
  EXPECT_THAT(repaired_.open, IsEmpty());
  ExpectEqual();
}

TEST_F(RepairTest, RowsThatExchangeUniqueValuesAreWrittenTogether) {
  OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY, u VARCHAR(9) UNIQUE, extra_here INT)");
  OnTarget("ALTER TABLE shop.t ADD own INT DEFAULT 5");
  OnEach(
      "INSERT INTO shop.t VALUES (1,'b',0), (2,'c',0), (3,'a',0), (4,'n',0), (5,'m',0), (6,'f',0), "
      "(7,'g',0)",
      "INSERT INTO shop.t VALUES (1,'a',0,1), (2,'b',0,2), (3,'c',0,3), (4,'m',0,4), "
      "(5,'old',0,5), "
      "(9,'f',0,9), (7,'n',0,7)");
  const std::string before = Bytes(pair().replica(), "shop.t", {"id", "u", "own"});
  Repair();
  EXPECT_THAT(repaired_.open, IsEmpty());
  EXPECT_THAT(repaired_.statements, Contains("START TRANSACTION"));
  Run();
  EXPECT_THAT(events_.Found(), IsEmpty());
  // What only the target has of a row stays.
  ASSERT_OK_AND_ASSIGN(
      const std::string own,
      pair().replica().QueryValue("SELECT GROUP_CONCAT(own ORDER BY id) FROM shop.t WHERE id < 6"));
  EXPECT_EQ(own, "1,2,3,4,5");
  Undo();
  EXPECT_EQ(Bytes(pair().replica(), "shop.t", {"id", "u", "own"}), before);
}

TEST_F(RepairTest, WhatAServerSetsByItselfStaysAsItIs) {
  OnBoth(
      "CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v INT, g INT AS (v + 1) STORED, at "
      "TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, i INT INVISIBLE)");
  OnBoth(
      "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; INSERT INTO shop.t (id, v, at, i) VALUES (0, 0, "
      "'2020-01-01', 1), (1, 1, '2020-01-01', 1), (2, 2, '2020-01-01', 1)");
  OnTarget(
      "UPDATE shop.t SET v = 9, at = at WHERE id = 1; DELETE FROM shop.t WHERE id = 0; UPDATE "
      "shop.t SET i = 7, at = at WHERE id = 2");
  Repair();
  EXPECT_THAT(repaired_.open, IsEmpty());
  ExpectEqual();
}

TEST_F(RepairTest, KeysThatACollationTakesForEqualAreExchanged) {
  OnBoth("CREATE TABLE shop.t (k VARCHAR(9) PRIMARY KEY, v INT)");
  OnEach("INSERT INTO shop.t VALUES ('a', 1), ('b', 2)",
         "INSERT INTO shop.t VALUES ('A', 1), ('b', 2)");
  Repair();
  EXPECT_THAT(repaired_.open, IsEmpty());
  ExpectEqual();
}

TEST_F(RepairTest, WhatCannotBeRepairedIsSaid) {
  OnBoth(
      "CREATE TABLE shop.none (v INT); CREATE TABLE shop.trig (id INT PRIMARY KEY, v INT); CREATE "
      "TABLE shop.p (id INT PRIMARY KEY); CREATE TABLE shop.c (p INT, "
      "FOREIGN KEY (p) REFERENCES shop.p (id) ON DELETE CASCADE); CREATE TABLE shop.w (id INT "
      "PRIMARY KEY, r CHAR(2))");
  OnTarget("CREATE TRIGGER shop.tr BEFORE INSERT ON shop.trig FOR EACH ROW SET NEW.v = 0");
  OnTarget(
      "INSERT INTO shop.none VALUES (1); INSERT INTO shop.p VALUES (1), (2); INSERT INTO shop.c "
      "VALUES (1)");
  OnSourceOnly("INSERT INTO shop.trig VALUES (1, 1)");
  OnEach("INSERT INTO shop.w VALUES (1, 'us')", "INSERT INTO shop.w VALUES (1, 'eu')");
  options_.tables = {{{"shop.w", "", {}}, "r = 'eu'"},
                     {{"shop.none", "", {}}, ""},
                     {{"shop.trig", "", {}}, ""},
                     {{"shop.p", "", {}}, ""}};
  Repair();
  EXPECT_THAT(Repaired("shop.none").skipped, HasSubstr("it has no key"));
  EXPECT_THAT(Repaired("shop.trig").skipped, HasSubstr("the target has trigger tr"));
  // A cascade would take children that may be right, and nothing could bring them back.
  EXPECT_EQ(Repaired("shop.p").repaired, 1u);
  EXPECT_THAT(repaired_.open, Contains(Pair("shop.p[1]", HasSubstr("not as it was seen"))));
  EXPECT_THAT(repaired_.open, Contains(Pair("shop.w[1]", HasSubstr("outside of the job's"))));
  ASSERT_OK_AND_ASSIGN(const std::string kept,
                       pair().replica().QueryValue("SELECT COUNT(*) FROM shop.c"));
  EXPECT_EQ(kept, "1");
}

TEST_F(RepairTest, NothingComesFromAnIncompleteRead) {
  OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY, v INT); INSERT INTO shop.t VALUES (1, 1)");
  OnTarget("UPDATE shop.t SET v = 2");
  RepairReport report = Report();
  ASSERT_THAT(report["shop.t"].rows, SizeIs(1));
  report["shop.t"].incomplete = "a chunk could not be read";
  ASSERT_OK(TryRepair(report));
  EXPECT_TRUE(Repaired("shop.t").incomplete);
  EXPECT_THAT(repaired_.statements, IsEmpty());
}

TEST_F(RepairTest, ATableThatChangesWhileItIsReadGivesNoStatement) {
  for (const char* const change : {"DROP TABLE shop.t", "ALTER TABLE shop.t ADD w INT FIRST"}) {
    OnBoth("DROP TABLE IF EXISTS shop.t; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)");
    OnBoth("INSERT INTO shop.t VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)");
    OnTarget("UPDATE shop.t SET v = 9 WHERE id IN (1, 4)");
    options_.scan.chunk = {.first = 1, .max = 1};
    options_.scan.max_suspects = 1;  // judged at once
    CollectedEvents events;
    bool changed = false;
    events.on_rows = [&] {
      if (!changed) OnTarget(change);
      changed = true;
    };
    const Pause pause = [](absl::Duration time) { return Wait(time); };
    ASSERT_OK_AND_ASSIGN(const RepairReport report,
                         VerifyForRepair(options_, Clock::Real(), pause, events));
    ASSERT_THAT(events.tables, SizeIs(1));
    EXPECT_GE(events.tables[0].undecided, 1u) << change;
    EXPECT_NE(report.at("shop.t").incomplete, "") << change;
    ASSERT_OK(TryRepair(report));
    EXPECT_TRUE(Repaired("shop.t").incomplete);
    EXPECT_THAT(repaired_.statements, IsEmpty());
    OnTarget("DROP TABLE IF EXISTS shop.t; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)");
  }
}

TEST_F(RepairTest, ATargetThatIsLateGetsNoStatement) {
  OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY, v INT); INSERT INTO shop.t VALUES (1, 1)");
  OnTarget("UPDATE shop.t SET v = 2");
  options_.sync.kind = SyncKind::kGtid;
  const RepairReport report = Report();
  ASSERT_OK(pair().StopReplication());
  OnSource("INSERT INTO shop.t VALUES (2, 2)");
  options_.sync.timeout = absl::Milliseconds(200);
  ASSERT_OK(TryRepair(report));
  EXPECT_EQ(Repaired("shop.t").undecided, 1u);
  EXPECT_THAT(repaired_.statements, IsEmpty());
}

TEST_F(RepairTest, ATableThatIsAlteredInBetweenGetsNoStatement) {
  OnBoth("CREATE TABLE shop.a (id INT PRIMARY KEY, v INT); INSERT INTO shop.a VALUES (1, 1)");
  OnBoth("CREATE TABLE shop.b (id INT PRIMARY KEY, v INT); INSERT INTO shop.b VALUES (1, 1)");
  OnTarget("UPDATE shop.a SET v = 2; UPDATE shop.b SET v = 2");
  bool altered = false;
  repaired_.on_statement = [&] {  // of shop.a
    if (!altered) OnTarget("ALTER TABLE shop.b MODIFY v BIGINT");
    altered = true;
  };
  Repair();
  EXPECT_EQ(Repaired("shop.a").repaired, 1u);
  EXPECT_EQ(Repaired("shop.b").undecided, 1u);
  EXPECT_THAT(repaired_.open, Contains(Pair("shop.b[1]", HasSubstr("definition of shop.b"))));
  EXPECT_THAT(repaired_.statements, SizeIs(1));
}

TEST_F(RepairTest, AnAccountThatMayNotWriteEndsIt) {
  OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1), (2)");
  OnTarget("DELETE FROM shop.t");
  options_.target = ConnectionTo(pair().replica());
  EXPECT_THAT(TryRepair(Report()),
              test::StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("INSERT")));
  ASSERT_OK(TryRepair(Report(), /*execute=*/false));  // reading is enough for that
  EXPECT_EQ(Repaired("shop.t").planned, 2u);
}

TEST_F(RepairTest, AnUndoFileIsNeverWrittenOver) {
  OnBoth("CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1)");
  OnTarget("DELETE FROM shop.t");
  std::ofstream(dir_ / "undo1.sql") << "precious";
  EXPECT_THAT(TryRepair(Report()),
              test::StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("undo1.sql exists")));
}

}  // namespace
}  // namespace dcp::verifier
