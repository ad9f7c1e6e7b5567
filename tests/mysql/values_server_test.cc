// Every column type through a real server's binlog: the decoded values are what
// the server's own SELECT says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mysql/connection.h"
#include "mysql/server_binlog_reader.h"
#include "tests/mysql/canonical_text.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using Kind = model::Value::Kind;

struct TypeCase {
  const char* name;
  std::string type;
  TextForm form;
  const char* select;  // what SELECT shows of column v
  std::vector<std::string> literals;
};

// ENUM or SET with the labels l1 to lN.
std::string ManyLabels(const char* type, int count) {
  std::vector<std::string> labels;
  for (int i = 1; i <= count; ++i) labels.push_back(absl::StrCat("'l", i, "'"));
  return absl::StrCat(type, "(", absl::StrJoin(labels, ","), ")");
}

const std::vector<TypeCase>& TypeCases() {
  static const std::vector<TypeCase>* const cases = new std::vector<TypeCase>{
      {"tinyint", "TINYINT", TextForm::kPlain, "v", {"0", "1", "-1", "127", "-128"}},
      {"utinyint", "TINYINT UNSIGNED", TextForm::kPlain, "v", {"0", "127", "128", "255"}},
      {"smallint", "SMALLINT", TextForm::kPlain, "v", {"0", "32767", "-32768", "-1", "256"}},
      {"usmallint", "SMALLINT UNSIGNED", TextForm::kPlain, "v", {"0", "32768", "65535"}},
      {"mediumint", "MEDIUMINT", TextForm::kPlain, "v", {"0", "8388607", "-8388608", "-1"}},
      {"umediumint", "MEDIUMINT UNSIGNED", TextForm::kPlain, "v", {"0", "8388608", "16777215"}},
      {"int_", "INT", TextForm::kPlain, "v", {"0", "2147483647", "-2147483648", "-1"}},
      {"uint", "INT UNSIGNED", TextForm::kPlain, "v", {"0", "2147483648", "4294967295"}},
      {"bigint",
       "BIGINT",
       TextForm::kPlain,
       "v",
       {"0", "9223372036854775807", "-9223372036854775808", "-1"}},
      {"ubigint",
       "BIGINT UNSIGNED",
       TextForm::kPlain,
       "v",
       {"0", "9223372036854775808", "18446744073709551615"}},
      {"zerofill", "INT(8) ZEROFILL", TextForm::kPlain, "v+0", {"0", "42", "4294967295"}},
      {"decimal10_3",
       "DECIMAL(10,3)",
       TextForm::kDecimal,
       "v",
       {"0", "-0.000", "1.5", "-1.5", "0.001", "-0.001", "9999999.999", "-9999999.999", "100"}},
      {"decimal65_30",
       "DECIMAL(65,30)",
       TextForm::kDecimal,
       "v",
       {"0", "99999999999999999999999999999999999.999999999999999999999999999999",
        "-99999999999999999999999999999999999.999999999999999999999999999999",
        "0.000000000000000000000000000001", "-123456789.987654321", "1000000000.000000001"}},
      {"decimal65_0",
       "DECIMAL(65,0)",
       TextForm::kDecimal,
       "v",
       {"0", "-1", "99999999999999999999999999999999999999999999999999999999999999999"}},
      {"decimal30_30",
       "DECIMAL(30,30)",
       TextForm::kDecimal,
       "v",
       {"0", "0.5", "-0.999999999999999999999999999999"}},
      {"float_",
       "FLOAT",
       TextForm::kReal,
       "CAST(v AS DOUBLE)",
       {"0", "1.5", "-0.1", "3.4028234e38", "1.17549435e-38", "16777216", "7.565e-7", "-0e0",
        "1e-45", "-1.1e-38"}},
      {"double_",
       "DOUBLE",
       TextForm::kReal,
       "v",
       {"0", "1.5", "-0.1", "1.7976931348623157e308", "2.2250738585072014e-308", "1e15",
        "0.30000000000000004", "-0e0", "5e-324", "-2.2e-308"}},
      {"date_",
       "DATE",
       TextForm::kPlain,
       "v",
       {"'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-02-29'", "'2024-00-00'",
        "'2024-02-00'"}},
      {"time_",
       "TIME",
       TextForm::kTime,
       "v",
       {"'00:00:00'", "'-00:00:01'", "'838:59:59'", "'-838:59:59'", "'12:34:56'"}},
      {"time1", "TIME(1)", TextForm::kTime, "v", {"'-00:00:00.1'", "'1:2:3.9'", "'-1:2:3.9'"}},
      {"time2", "TIME(2)", TextForm::kTime, "v", {"'-00:00:00.01'", "'23:59:59.99'"}},
      {"time3", "TIME(3)", TextForm::kTime, "v", {"'-00:00:00.001'", "'-838:59:58.999'"}},
      {"time4", "TIME(4)", TextForm::kTime, "v", {"'-12:00:00.0100'", "'100:00:00.9999'"}},
      {"time6",
       "TIME(6)",
       TextForm::kTime,
       "v",
       {"'-00:00:00.000001'", "'00:00:00.100000'", "'-838:59:58.999999'", "'12:00:00'"}},
      {"datetime_",
       "DATETIME",
       TextForm::kDatetime,
       "v",
       {"'0000-00-00 00:00:00'", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'",
        "'2024-02-00 01:02:03'"}},
      {"datetime1", "DATETIME(1)", TextForm::kDatetime, "v", {"'2024-02-29 23:59:58.9'"}},
      {"datetime3",
       "DATETIME(3)",
       TextForm::kDatetime,
       "v",
       {"'2024-02-29 23:59:58.120'", "'2024-02-29 23:59:58.999'"}},
      {"datetime6",
       "DATETIME(6)",
       TextForm::kDatetime,
       "v",
       {"'2024-02-29 23:59:58.000001'", "'9999-12-31 23:59:59.999999'"}},
      {"timestamp_",
       "TIMESTAMP NULL",
       TextForm::kTimestamp,
       "v",
       {"'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'",
        "'2024-07-01 12:00:00'", "'2000-02-29 23:59:59'", "'2100-02-28 00:00:00'"}},
      {"timestamp2_",
       "TIMESTAMP(2) NULL",
       TextForm::kTimestamp,
       "v",
       {"'1970-01-01 00:00:01.01'", "'2024-12-31 23:59:59.90'"}},
      {"timestamp6_",
       "TIMESTAMP(6) NULL",
       TextForm::kTimestamp,
       "v",
       {"'1970-01-01 00:00:01.000001'", "'2024-12-31 23:59:59.123450'"}},
      {"year_", "YEAR", TextForm::kPlain, "v+0", {"0", "1901", "2000", "2155"}},
      {"bit1", "BIT(1)", TextForm::kPlain, "v+0", {"b'0'", "b'1'"}},
      {"bit9", "BIT(9)", TextForm::kPlain, "v+0", {"b'0'", "b'111111111'", "b'100000000'"}},
      {"bit64", "BIT(64)", TextForm::kPlain, "v+0", {"0", "18446744073709551615", "1"}},
      {"char_",
       "CHAR(10) CHARSET utf8mb4",
       TextForm::kPlain,
       "v",
       {"''", "'abc'", "'añ😀'", "'a  '"}},
      {"char255",
       "CHAR(255) CHARSET utf8mb4",
       TextForm::kPlain,
       "v",
       {"''", "REPEAT('😀',255)", "REPEAT('a',255)"}},
      {"varchar_", "VARCHAR(20) CHARSET utf8mb4", TextForm::kPlain, "v", {"''", "'añ😀 '"}},
      {"varchar3000",
       "VARCHAR(3000) CHARSET utf8mb4",
       TextForm::kPlain,
       "v",
       {"''", "REPEAT('é',3000)"}},
      {"varchar_mb3",
       "VARCHAR(20) CHARSET utf8mb3",
       TextForm::kPlain,
       "CONVERT(v USING utf8mb4)",
       {"''", "'añ€'"}},
      {"varchar_ascii", "VARCHAR(20) CHARSET ascii", TextForm::kPlain, "v", {"'abc'"}},
      {"varchar_latin1",
       "VARCHAR(200) CHARSET latin1",
       TextForm::kHex,
       "HEX(CONVERT(v USING utf8mb4))",
       {"'añ€'", "x'808182838485868788898A8B8C8D8E8F'", "x'909192939495969798999A9B9C9D9E9F'",
        "x'A0FF7F00'"}},
      {"text_latin1",
       "TEXT CHARSET latin1",
       TextForm::kPlain,
       "CONVERT(v USING utf8mb4)",
       {"''", "'straße'"}},
      {"varchar_sjis",
       "VARCHAR(40) CHARSET sjis",
       TextForm::kPlain,
       "CONVERT(v USING utf8mb4)",
       {"''", "'日本語ｶﾅ \\\\ ~'"}},
      {"char_ucs2",
       "CHAR(200) CHARSET ucs2",
       TextForm::kPlain,
       "CONVERT(v USING utf8mb4)",
       {"''", "'日本 a  '", "REPEAT('ÿ',200)"}},
      {"char_gb18030",
       "CHAR(100) CHARSET gb18030",
       TextForm::kPlain,
       "CONVERT(v USING utf8mb4)",
       {"''", "'中é😀  '"}},
      {"varchar_utf32",
       "VARCHAR(100) CHARSET utf32",
       TextForm::kPlain,
       "CONVERT(v USING utf8mb4)",
       {"''", "'a😀 '"}},
      {"text_utf16le",
       "TEXT CHARSET utf16le",
       TextForm::kPlain,
       "CONVERT(v USING utf8mb4)",
       {"''", "'añ😀'", "REPEAT('é',20000)"}},
      {"text_koi8r",
       "MEDIUMTEXT CHARSET koi8r",
       TextForm::kPlain,
       "CONVERT(v USING utf8mb4)",
       {"'Привет'"}},
      {"enum_gbk",
       "ENUM('中','文') CHARSET gbk",
       TextForm::kPlain,
       "CONVERT(v USING utf8mb4)",
       {"'文'", "''"}},
      {"set_ujis",
       "SET('日','本','語') CHARSET ujis",
       TextForm::kPlain,
       "CONVERT(v USING utf8mb4)",
       {"'日,語'", "''"}},
      {"tinytext", "TINYTEXT", TextForm::kPlain, "v", {"''", "'ä'"}},
      {"text_", "TEXT", TextForm::kPlain, "v", {"''", "REPEAT('ä',30000)"}},
      {"mediumtext", "MEDIUMTEXT", TextForm::kPlain, "v", {"''", "REPEAT('x',70000)"}},
      {"longtext", "LONGTEXT", TextForm::kPlain, "v", {"''", "'x'"}},
      {"binary_",
       "BINARY(5)",
       TextForm::kHex,
       "HEX(TRIM(TRAILING '\\0' FROM v))",
       {"x''", "x'0001'", "x'0100'", "x'FFFFFFFFFF'", "x'6100620000'"}},
      {"varbinary_",
       "VARBINARY(300)",
       TextForm::kHex,
       "HEX(v)",
       {"x''", "x'0100'", "x'00'", "REPEAT(x'FF00',150)"}},
      {"tinyblob", "TINYBLOB", TextForm::kHex, "HEX(v)", {"x''", "x'00FF'"}},
      {"blob_", "BLOB", TextForm::kHex, "HEX(v)", {"x''", "x'00FF00'"}},
      {"mediumblob", "MEDIUMBLOB", TextForm::kHex, "HEX(v)", {"REPEAT(x'00',70000)"}},
      {"longblob", "LONGBLOB", TextForm::kHex, "HEX(v)", {"x'FF'"}},
      {"geometry_",
       "GEOMETRY",
       TextForm::kHex,
       "HEX(v)",
       {"ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('LINESTRING(0 0,1 1)', 4326)"}},
      {"vector_", "VECTOR(3)", TextForm::kHex, "HEX(v)", {"TO_VECTOR('[1,-2.5,3e10]')"}},
      {"enum_",
       "ENUM('a','b''c','x,y','','é','q\\\\w','n\\nl') CHARSET utf8mb4",
       TextForm::kPlain,
       "v",
       {"'a'", "'b\\'c'", "'x,y'", "''", "'é'", "'q\\\\w'", "'n\\nl'"}},
      {"enum_latin1",
       "ENUM('é','ü') CHARSET latin1",
       TextForm::kPlain,
       "CONVERT(v USING utf8mb4)",
       {"'é'", "'ü'"}},
      {"set_",
       "SET('a','b','c','d','e','f','g','h','i') CHARSET utf8mb4",
       TextForm::kPlain,
       "v",
       {"''", "'a'", "'i,a'", "'a,b,c,d,e,f,g,h,i'"}},
      {"enum300", ManyLabels("ENUM", 300), TextForm::kPlain, "v", {"1", "255", "256", "300"}},
      {"enum255", ManyLabels("ENUM", 255), TextForm::kPlain, "v", {"1", "255"}},
      {"set64",
       ManyLabels("SET", 64),
       TextForm::kPlain,
       "v",
       {"0", "1", "9223372036854775808", "18446744073709551615", "4294967296"}},
      {"set33", ManyLabels("SET", 33), TextForm::kPlain, "v", {"4294967296", "8589934591"}},
      {"set17", ManyLabels("SET", 17), TextForm::kPlain, "v", {"65536", "131071"}},
      {"point_",
       "POINT",
       TextForm::kHex,
       "HEX(v)",
       {"ST_GeomFromText('POINT(1e300 -0.5)')", "ST_GeomFromText('POINT(10 20)', 4326)"}},
      {"vector_long",
       "VECTOR(16383)",
       TextForm::kHex,
       "HEX(v)",
       {"TO_VECTOR(CONCAT('[', REPEAT('0.1,', 16382), '-1e-30]'))", "TO_VECTOR('[0]')"}},
      {"json_",
       "JSON",
       TextForm::kJson,
       "CAST(v AS CHAR)",
       {"'null'",
        "'true'",
        "'{}'",
        "'[]'",
        "'0'",
        "'-1'",
        "'65535'",
        "'-32769'",
        "'4294967295'",
        "'-2147483649'",
        "'18446744073709551615'",
        "'-9223372036854775808'",
        "'1.0'",
        "'-0.0'",
        "'1e20'",
        "'0.1'",
        "'123456789012345678901234'",
        "'\"\"'",
        "'\"q\\\\\"uote \\\\\\\\ \\\\n \\\\u0001 é 😀\"'",
        "'{\"bb\": 1, \"a\": [1, 2.50, null, {\"x\": {}}], \"\": false, \"aa\": \"s\"}'",
        "JSON_OBJECT('d', CAST(1.50 AS DECIMAL(5,2)), 'neg', CAST(-0.001 AS DECIMAL(9,3)))",
        "JSON_ARRAY(CAST('2024-02-29' AS DATE), CAST('-12:34:56.5' AS TIME(6)), "
        "CAST('2024-02-29 01:02:03.004' AS DATETIME(6)))",
        "JSON_ARRAY(x'00FF', b'101')",
        "JSON_ARRAY(CAST(-99999999999999999999999999999999999.999999999999999999999999999999 AS "
        "DECIMAL(65,30)))",
        "CONCAT(REPEAT('[', 100), REPEAT(']', 100))",
        "JSON_OBJECT(REPEAT('k', 60000), JSON_ARRAY(CAST(TIMESTAMP'2024-01-01 00:00:00' AS "
        "DATETIME(3)), CAST('838:59:59' AS TIME)))",
        "CAST(CONCAT('{', REPEAT('\"same\":1,', 10), '\"z\":[', REPEAT('70000,', 70000), '1]}') "
        "AS JSON)",
        "JSON_ARRAY(REPEAT('long ', 20000), 1, -70000, 70000)",
        "CAST(CONCAT('[', REPEAT('{\"key\": [12345678, \"v\"]},', 3000), '1]') AS JSON)"}},
  };
  return *cases;
}

class ValuesServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(test::SharedServers::Reset());
    ASSERT_OK(server_.Execute("CREATE DATABASE t"));
    to_.port = server_.port();
    to_.user = "dcp";
    to_.password = "dcp";
  }

  void Create() {
    for (const TypeCase& c : TypeCases()) {
      ASSERT_OK(server_.Execute(
          absl::StrCat("CREATE TABLE t.", c.name, " (id INT PRIMARY KEY, v ", c.type, ")")));
    }
  }

  // One statement per table, so that rows events hold many rows.
  void Insert() {
    ASSERT_OK_AND_ASSIGN(auto session, server_.Connect());
    ASSERT_OK(
        session->Execute("SET NAMES utf8mb4, sql_mode = '', explicit_defaults_for_timestamp=1"));
    for (const TypeCase& c : TypeCases()) {
      std::vector<std::string> rows = {"(0,NULL)"};
      for (const std::string& literal : c.literals) {
        rows.push_back(absl::StrCat("(", rows.size(), ",", literal, ")"));
      }
      ASSERT_OK(session->Execute(
          absl::StrCat("INSERT INTO t.", c.name, " VALUES ", absl::StrJoin(rows, ","))));
    }
  }

  // The last image of each row, by table and id.
  void ReadBinlog() {
    ASSERT_OK_AND_ASSIGN(
        auto reader,
        ServerBinlogReader::Open({.connection = to_,
                                  .server_id = 4711,
                                  .start = model::GtidSet(),
                                  .until_now = true,
                                  .wants = [](absl::string_view database, absl::string_view) {
                                    return database == "t";
                                  }}));
    std::vector<model::Value> before, after;
    while (true) {
      auto event = reader->Next(absl::Seconds(30));
      if (absl::IsOutOfRange(event.status())) return;
      ASSERT_OK(event);
      ASSERT_OK((*event)->error);
      if ((*event)->rows == nullptr) continue;
      while (true) {
        auto row = (*event)->rows->Next(&before, &after);
        ASSERT_OK(row);
        if (!*row) break;
        ASSERT_EQ(after.size(), 2u);
        images_[(*event)->table->name][after[0].signed_int] = after[1];
      }
    }
  }

  // The after image of the first row in the binlog.
  absl::StatusOr<std::vector<model::Value>> FirstRow() {
    auto reader = ServerBinlogReader::Open(
        {.connection = to_, .server_id = 4711, .start = model::GtidSet(), .until_now = true});
    if (!reader.ok()) return reader.status();
    while (true) {
      auto event = (*reader)->Next(absl::Seconds(30));
      if (!event.ok()) return event.status();
      if ((*event)->rows == nullptr) continue;
      std::vector<model::Value> before, after;
      const auto row = (*event)->rows->Next(&before, &after);
      if (!row.ok()) return row.status();
      return after;
    }
  }

  void CompareWithSelect() {
    ASSERT_OK_AND_ASSIGN(auto sql, Connection::Connect(to_));
    for (const TypeCase& c : TypeCases()) {
      ASSERT_OK_AND_ASSIGN(
          const Rows rows,
          sql->Query(absl::StrCat("SELECT id, ", c.select, " FROM t.", c.name, " ORDER BY id")));
      const auto& images = images_[c.name];
      ASSERT_EQ(rows.size(), c.literals.size() + 1) << c.name;
      ASSERT_EQ(images.size(), rows.size()) << c.name;
      EXPECT_EQ(images.at(0).kind, Kind::kNull) << c.name;
      for (size_t i = 1; i < rows.size(); ++i) {
        const model::Value& value = images.at(static_cast<int64_t>(i));
        ASSERT_TRUE(rows[i][1].has_value()) << c.name << " " << c.literals[i - 1];
        EXPECT_EQ(Decoded(c.form, value), Expected(c.form, *rows[i][1]))
            << c.name << " " << c.literals[i - 1];
      }
    }
  }

  test::MysqlServer& server_ = test::SharedServers::Pair().source();
  model::ConnectionOptions to_;
  std::map<std::string, std::map<int64_t, model::Value>> images_;
};

TEST_F(ValuesServerTest, EveryTypeIsWhatSelectSaysWithMinimalMetadata) {
  Create();
  Insert();
  ReadBinlog();
  CompareWithSelect();
}

TEST_F(ValuesServerTest, EveryTypeIsWhatSelectSaysWithFullMetadata) {
  ASSERT_OK(server_.Execute("SET GLOBAL binlog_row_metadata = 'FULL'"));
  Create();
  Insert();
  ReadBinlog();
  CompareWithSelect();
}

// The server's catalog says '?' for them.
TEST_F(ValuesServerTest, LabelsBeyondTheBmpNeedFullMetadata) {
  const char* const insert = "INSERT INTO t.e VALUES (1, 2), (2, 1)";
  ASSERT_OK(server_.Execute("SET NAMES utf8mb4"));
  ASSERT_OK(server_.Execute("CREATE TABLE t.e (id INT PRIMARY KEY, v ENUM('a','😀'))"));
  ASSERT_OK(server_.Execute(insert));
  EXPECT_THAT(FirstRow(), test::StatusIs(absl::StatusCode::kUnimplemented,
                                         ::testing::HasSubstr("binlog_row_metadata=FULL")));
  ASSERT_OK(server_.Execute("TRUNCATE t.e; RESET BINARY LOGS AND GTIDS"));
  ASSERT_OK(server_.Execute("SET GLOBAL binlog_row_metadata = 'FULL'"));
  ASSERT_OK(server_.Execute(insert));
  ASSERT_OK_AND_ASSIGN(const std::vector<model::Value> row, FirstRow());
  EXPECT_EQ(row[1].text, "😀");
}

TEST_F(ValuesServerTest, EveryTypeIsWhatSelectSaysInCompressedTransactions) {
  ASSERT_OK(server_.Execute("SET GLOBAL binlog_transaction_compression = ON"));
  Create();
  Insert();
  ReadBinlog();
  CompareWithSelect();
}

TEST_F(ValuesServerTest, EveryTypeIsWhatSelectSaysWithoutChecksums) {
  ASSERT_OK(server_.Execute("SET GLOBAL binlog_checksum = 'NONE'"));
  Create();
  Insert();
  ReadBinlog();
  CompareWithSelect();
}

}  // namespace
}  // namespace dcp::mysql
