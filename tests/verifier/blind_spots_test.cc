// What the digests of other tools do not see, on every flavour of server, each with such a digest
// as proof that the rows would pass for equal there; and what is not a difference although bytes
// differ.
#include "tests/verifier/verification_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class BlindSpotTest : public VerificationTest, public ::testing::WithParamInterface<test::Flavour> {
 protected:
  BlindSpotTest() : VerificationTest(test::PairOf(GetParam())) {}

  // A table without any key.
  void KeylessTables(const std::string& columns, const std::string& source,
                     const std::string& target) {
    if (GetParam() == test::Flavour::kMysql97) {
      OnBoth("SET SESSION sql_generate_invisible_primary_key = 0");
    }
    Tables(columns, source, target);
  }

  // The same table on both sides, with the rows of either.
  void Tables(const std::string& columns, const std::string& source, const std::string& target) {
    OnBoth(absl::StrCat("CREATE TABLE shop.t (", columns, ") DEFAULT CHARSET=utf8mb4"));
    OnEach("INSERT INTO shop.t VALUES " + source, "INSERT INTO shop.t VALUES " + target);
  }

  // `digest`, an expression as another tool has it, is blind to the difference.
  void ExpectBlind(const std::string& digest) {
    const std::string sql = absl::StrCat("SELECT CONCAT(COUNT(*), ' ', ", digest, ") FROM shop.t");
    ASSERT_OK_AND_ASSIGN(const std::string source, pair().source().QueryValue(sql));
    ASSERT_OK_AND_ASSIGN(const std::string target, pair().replica().QueryValue(sql));
    EXPECT_EQ(source, target) << "not blind to it: " << digest;
  }
};

TEST_P(BlindSpotTest, TheSameChangeToTwoRowsOfEqualLength) {
  Tables("id INT PRIMARY KEY, st CHAR(1), v INT", "(11,'A',5),(12,'A',6),(13,'A',7)",
         "(11,'B',5),(12,'B',6),(13,'A',7)");
  ExpectBlind("BIT_XOR(CRC32(CONCAT_WS('#', id, st, v)))");
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[11]", "mismatch shop.t[12]"));
}

TEST_P(BlindSpotTest, BordersBetweenColumns) {
  Tables("id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9)", "(1,'a,b','c')", "(1,'a','b,c')");
  ExpectBlind("BIT_XOR(CAST(CRC32(CONCAT_WS(',', id, a, b)) AS UNSIGNED))");
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[1]"));
  EXPECT_THAT(events_.differences[0].columns, ElementsAre("a", "b"));
  EXPECT_EQ(events_.differences[0].source, R"([1,"a,b","c"])");
}

TEST_P(BlindSpotTest, NullBesideTheWord) {
  Tables("id INT PRIMARY KEY, a VARCHAR(9)", "(1, NULL)", "(1, 'NULL')");
  ExpectBlind("BIT_XOR(CRC32(CONCAT_WS(',', id, COALESCE(a, 'NULL'))))");
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[1]"));
}

TEST_P(BlindSpotTest, NullBesideTheEmptyText) {
  Tables("id INT PRIMARY KEY, a VARCHAR(9), b VARCHAR(9)", "(1, NULL, '')", "(1, '', NULL)");
  ExpectBlind("BIT_XOR(CAST(CRC32(CONCAT_WS(',', id, a, b)) AS UNSIGNED))");  // leaves out NULLs
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[1]"));
}

TEST_P(BlindSpotTest, FloatZeroBesideNull) {
  Tables("id INT PRIMARY KEY, f FLOAT", "(1, 0)", "(1, NULL)");
  const std::string rounded =
      "ROUND(f, 5 - FLOOR(LOG10(ABS(NULLIF(f, 0)))))";  // NULL for 0, as for NULL
  if (GetParam() != test::Flavour::kMysql56) {          // where ROUND(0, NULL) is 0
    ExpectBlind(absl::StrCat("BIT_XOR(CRC32(CONCAT_WS(',', id, ", rounded, ", CONCAT(ISNULL(",
                             rounded, ")))))"));
  }
  ExpectBlind("BIT_XOR(CRC32(CONCAT_WS(',', id, COALESCE(f, 0))))");
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[1]"));
}

TEST_P(BlindSpotTest, BytesThatAreNoText) {
  Tables("id INT PRIMARY KEY, b VARBINARY(9)", "(1, x'ff41')", "(1, x'fe41')");
  ExpectBlind("COALESCE(BIT_XOR(CRC32(CONVERT(b USING utf8mb4))), 'NULL')");
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[1]"));
}

TEST_P(BlindSpotTest, PairsOfDuplicateRows) {
  KeylessTables("a INT, b INT", "(1,1),(1,1),(9,9)", "(2,2),(2,2),(9,9)");
  ExpectBlind("BIT_XOR(CAST(CONV(LEFT(SHA2(CONCAT(a, ':', b), 256), 16), 16, 10) AS UNSIGNED))");
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("extra shop.t[2,2]", "missing shop.t[1,1]"));
}

TEST_P(BlindSpotTest, OneCopyMoreOfARowWithoutAKey) {
  KeylessTables("a INT, b INT", "(1,1),(1,1),(2,2)", "(1,1),(2,2),(2,2)");
  ExpectBlind("SUM(DISTINCT CRC32(CONCAT(a, ':', b)))");  // a set of rows
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("extra shop.t[2,2]", "missing shop.t[1,1]"));
}

TEST_P(BlindSpotTest, SwappedValuesOfTwoRows) {
  Tables("id INT PRIMARY KEY, v INT", "(1, 10), (2, 20)", "(1, 20), (2, 10)");
  ExpectBlind("CONCAT(BIT_XOR(CRC32(id)), ' ', BIT_XOR(CRC32(v)))");
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("mismatch shop.t[1]", "mismatch shop.t[2]"));
}

TEST_P(BlindSpotTest, WhatACollationTakesForEqual) {
  Tables("id INT PRIMARY KEY, v VARCHAR(9)", "(1, 'a'), (2, 'x'), (3, 'e')",
         "(1, 'A'), (2, 'x '), (3, '\xc3\xa9')");
  ExpectBlind("SUM(v IN ('a', 'x', 'e' COLLATE utf8mb4_general_ci))");
  Run();
  EXPECT_THAT(events_.Found(),
              ElementsAre("mismatch shop.t[1]", "mismatch shop.t[2]", "mismatch shop.t[3]"));
}

TEST_P(BlindSpotTest, KeysThatACollationTakesForEqual) {
  Tables("k VARCHAR(9) PRIMARY KEY, v INT", "('a', 1), ('b', 2)", "('A', 1), ('b', 2)");
  ExpectBlind("SUM(v * (k IN ('a', 'b')))");  // what joins by the key
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("extra shop.t[\"A\"]", "missing shop.t[\"a\"]"));
}

TEST_P(BlindSpotTest, TheLastDigitsOfNumbers) {
  Tables("id INT PRIMARY KEY, d DOUBLE, f FLOAT, n DECIMAL(30,10)",
         "(1, 0.1, 0.1, 1), (2, 1, 1, 1), (3, 1, 16777216, 1), (4, 1, 1, 0.0000000001)",
         "(1, 0.10000000000000002, 0.1, 1), (2, 1, 1, 1), (3, 1, 16777218, 1), (4, 1, 1, 0)");
  ExpectBlind("BIT_XOR(CRC32(CONCAT_WS('#', id, ROUND(d, 10), f, ROUND(n, 9))))");
  Run();
  EXPECT_THAT(events_.Found(),
              ElementsAre("mismatch shop.t[1]", "mismatch shop.t[3]", "mismatch shop.t[4]"));
}

INSTANTIATE_TEST_SUITE_P(, BlindSpotTest, ::testing::ValuesIn(test::kAllFlavours),
                         [](const auto& tested) { return test::NameOf(tested.param); });

// What follows differs in bytes, not in values.
class ValuesTest : public VerificationTest {};

TEST_F(ValuesTest, CharsetCollationAndWidthAreNoDifferences) {
  OnEach(
      "CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20) CHARACTER SET latin1, c CHAR(9) "
      "COLLATE utf8mb4_bin, n INT UNSIGNED, f FLOAT, e ENUM('a','b'), d DECIMAL(10,2), t "
      "DATETIME(3), b BINARY(4)); INSERT INTO shop.t VALUES "
      "(1, 'Gr\xc3\xbc\xc3\x9f', 'x', 7, 0.1, 'b', 1.50, '2026-01-02 03:04:05.5', x'01'), "
      "(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
      "CREATE TABLE shop.t (id BIGINT PRIMARY KEY, v TEXT CHARACTER SET utf8mb4, c CHAR(200) "
      "COLLATE utf8mb4_0900_ai_ci, n BIGINT, f DOUBLE, e ENUM('x','b','a'), d DECIMAL(20,5), t "
      "DATETIME(6), b BINARY(9)); INSERT INTO shop.t VALUES "
      "(1, 'Gr\xc3\xbc\xc3\x9f', 'x', 7, 0.1, 'b', 1.5, '2026-01-02 03:04:05.5', x'01'), "
      "(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
  ExpectEqual();
  EXPECT_EQ(Table("shop.t").rows, 2u);
}

TEST_F(ValuesTest, ColumnsInAnotherOrderAreComparedByName) {
  OnEach(
      "CREATE TABLE shop.t (id INT PRIMARY KEY, a INT, b INT); INSERT INTO shop.t VALUES (1,2,3)",
      "CREATE TABLE shop.t (b INT, id INT PRIMARY KEY, A INT); INSERT INTO shop.t VALUES (3,1,2)");
  ExpectEqual();
}

// The two collations order these keys in different ways, so that rows stand in other chunks.
TEST_F(ValuesTest, KeysOrderedByOtherCollations) {
  std::string values;
  for (int i = 0; i < 400; ++i) {
    absl::StrAppend(&values, i == 0 ? "" : ",", "('", i % 2 == 0 ? "k" : "K", i * 37 % 400, "', ",
                    i, ")");
  }
  OnEach(
      "CREATE TABLE shop.t (k VARCHAR(20) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, v INT); "
      "INSERT INTO shop.t VALUES " +
          values,
      "CREATE TABLE shop.t (k VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, v INT); "
      "INSERT INTO shop.t VALUES " +
          values);
  options_.scan.chunk = {.first = 7, .min = 7, .max = 7};
  ExpectEqual();
  OnTarget(
      "UPDATE shop.t SET v = -1 WHERE k = 'K37'; DELETE FROM shop.t WHERE k = 'k2'; "
      "INSERT INTO shop.t VALUES ('kk', 1)");
  Run();
  EXPECT_THAT(events_.Found(), ElementsAre("extra shop.t[\"kk\"]", "mismatch shop.t[\"K37\"]",
                                           "missing shop.t[\"k2\"]"));
}

}  // namespace
}  // namespace dcp::verifier
