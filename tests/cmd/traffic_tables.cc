#include "tests/cmd/traffic_tables.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::test {

namespace {

const std::vector<TypedColumn>& AllColumns() {
  static const auto* const columns = new std::vector<TypedColumn>{
      {"c_tiny", "TINYINT", {"-128", "127", "0", "-1"}},
      {"c_utiny", "TINYINT UNSIGNED", {"0", "128", "255"}},
      {"c_bool", "BOOLEAN", {"TRUE", "FALSE"}},
      {"c_small", "SMALLINT", {"-32768", "32767", "-2"}},
      {"c_usmall", "SMALLINT UNSIGNED", {"0", "65535"}},
      {"c_medium", "MEDIUMINT", {"-8388608", "8388607", "-1"}},
      {"c_umedium", "MEDIUMINT UNSIGNED", {"16777215", "8388608"}},
      {"c_int", "INT", {"-2147483648", "2147483647"}},
      {"c_uint", "INT UNSIGNED", {"4294967295", "2147483648"}},
      {"c_big", "BIGINT", {"-9223372036854775808", "9223372036854775807"}},
      {"c_ubig", "BIGINT UNSIGNED", {"18446744073709551615", "9223372036854775808"}},
      {"c_zero", "INT(7) ZEROFILL", {"7", "1234567"}},
      {"c_bit1", "BIT(1)", {"b'0'", "b'1'"}},
      {"c_bit13", "BIT(13)", {"b'1111111111111'", "b'1'"}},
      {"c_bit64", "BIT(64)", {"0xffffffffffffffff", "0x8000000000000000", "0"}},
      {"c_dec", "DECIMAL(10,2)", {"0.00", "-0.01", "99999999.99", "-99999999.99", "10"}},
      {"c_dec65",
       "DECIMAL(65,30)",
       {"12345678901234567890123456789012345.123456789012345678901234567890", "-1e-30", "-0.0"}},
      {"c_dec_int", "DECIMAL(18,0)", {"999999999999999999", "-1"}},
      {"c_float", "FLOAT", {"0", "-0e0", "1.1", "3.4e38", "1.2e-38", "16777217"}},
      {"c_double", "DOUBLE", {"0.1", "1.7976931348623157e308", "2.2250738585072014e-308", "-0e0"}},
      {"c_date", "DATE", {"'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-02-29'"}},
      {"c_time", "TIME", {"'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"}},
      {"c_time6", "TIME(6)", {"'-00:00:00.000001'", "'12:34:56.7'", "'-838:59:59'"}},
      {"c_time2", "TIME(2)", {"'-00:00:00.99'", "'01:00:00.01'"}},
      {"c_datetime", "DATETIME", {"'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'"}},
      {"c_datetime3", "DATETIME(3)", {"'2024-02-29 12:00:00.1'", "'9999-12-31 23:59:59.999'"}},
      {"c_stamp", "TIMESTAMP NULL", {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "0"}},
      {"c_stamp6", "TIMESTAMP(6) NULL", {"'2024-03-31 02:30:00.000001'", "'2001-09-09 01:46:40'"}},
      {"c_year", "YEAR", {"1901", "2155", "0"}},
      {"c_char", "CHAR(10) CHARSET utf8mb4", {"''", "'a '", "'ä€😀'", "'\\'\\\"\\\\'"}},
      {"c_char_long", "CHAR(200) CHARSET utf8mb4", {"REPEAT('😀', 200)", "'x'"}},
      {"c_latin1", "VARCHAR(300) CHARSET latin1", {"'äöü€'", "REPEAT('é', 300)", "''"}},
      {"c_utf8mb3", "VARCHAR(40) CHARSET utf8mb3", {"'日本語'"}},
      {"c_ascii", "VARCHAR(40) CHARSET ascii", {"'plain'", "''"}},
      {"c_binary", "BINARY(8)", {"x''", "x'610000'", "x'ff00ff00ff00ff00'"}},
      {"c_varbinary", "VARBINARY(300)", {"x'6100'", "REPEAT(x'ff', 300)", "x''"}},
      {"c_tinytext", "TINYTEXT", {"'\\n\\t\\0'", "'ü'"}},
      {"c_text", "TEXT", {"REPEAT('long ', 1000)", "''"}},
      {"c_longtext", "LONGTEXT CHARSET latin1", {"REPEAT('ß', 3000)"}},
      {"c_tinyblob", "TINYBLOB", {"x'00'", "REPEAT(x'01', 255)"}},
      {"c_blob", "MEDIUMBLOB", {"REPEAT(x'00ff', 2000)", "x''"}},
      {"c_enum", "ENUM('', 'small', 'größe', 'x,y')", {"'small'", "'größe'", "''", "4"}},
      {"c_set", "SET('a','b','ü')", {"''", "'b,a'", "'ü'", "7"}},
      {"c_json",
       "JSON",
       {"'null'", "'{\"b\": [1, 2.50, {\"ä\": null}], \"a\": true}'",
        "JSON_OBJECT('t', CAST('12:34:56.7' AS TIME), 'd', CAST('1.10' AS DECIMAL(5,2)))",
        "JSON_ARRAY(18446744073709551615, -1, 1e100, 0.1, REPEAT('x', 300))", "'\"\"'"},
       false},
      {"c_point", "POINT", {"ST_GeomFromText('POINT(1 -2.5)')"}},
      {"c_geometry", "GEOMETRY", {"ST_GeomFromText('LINESTRING(0 0, 1 1, 2 0)', 4326)"}},
      {"c_vector", "VECTOR(3)", {"STRING_TO_VECTOR('[1, -2.5, 3e10]')"}, false},
  };
  return *columns;
}

std::vector<TypedColumn> ColumnsOf(Flavour flavour) {
  std::vector<TypedColumn> columns;
  for (const TypedColumn& column : AllColumns()) {
    if (column.everywhere || flavour == Flavour::kMysql97) columns.push_back(column);
  }
  return columns;
}

std::string TypesDefinition(Flavour flavour) {
  std::string definition = "(id INT PRIMARY KEY";
  for (const TypedColumn& column : TypedColumns(flavour)) {
    absl::StrAppend(&definition, ", ", column.name, " ", column.type);
  }
  if (flavour == Flavour::kMysql56) return definition + ", hidden INT DEFAULT 7)";
  return definition +
         ", g_stored BIGINT AS (c_int + 1) STORED, g_virtual TEXT AS (CONCAT(c_char, '!')), hidden "
         "INT INVISIBLE DEFAULT 7)";
}

std::vector<TrafficTable> TablesOf(Flavour flavour) {
  return {
      {"plain", "(id INT PRIMARY KEY, v VARCHAR(60), n BIGINT)",
       "INSERT INTO plain VALUES (-9, 'own', 0)"},
      {"twice", "(id INT PRIMARY KEY, u INT NOT NULL UNIQUE, v VARCHAR(60))",
       "INSERT INTO twice VALUES (-9, -9, 'own')"},
      {"pairs", "(region VARCHAR(10), id INT UNSIGNED, v TEXT, PRIMARY KEY (region, id))",
       "INSERT INTO pairs VALUES ('own', 9, NULL)"},
      {"wide_key",
       "(k1 VARBINARY(8), k2 DECIMAL(8,2), k3 DATETIME(3), k4 ENUM('a','b','c'), "
       "k5 VARCHAR(10) CHARSET latin1, k6 BINARY(4), n INT, PRIMARY KEY (k6, k5, k4, k3, k2, k1))",
       "INSERT INTO wide_key VALUES ('own', 0, '2000-01-01', 'a', 'own', 'own', 0)"},
      {"bag", "(a INT, b VARCHAR(20), c DOUBLE)", "INSERT INTO bag VALUES (-9, 'own', 0.5)"},
      {"loose", "(a INT NULL UNIQUE, b VARCHAR(20))", "INSERT INTO loose VALUES (-9, 'own')"},
      {"unique_only", "(a INT NOT NULL, b VARCHAR(20), UNIQUE KEY (a))",
       "INSERT INTO unique_only VALUES (-9, 'own')"},
      {"counter", "(id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, at TIMESTAMP(6), r VARCHAR(40))",
       "INSERT INTO counter VALUES (9000000000, NULL, 'own')"},
      {"types", TypesDefinition(flavour), "INSERT INTO types (id) VALUES (-9)"},
      {"parent", "(id INT PRIMARY KEY, v INT)", "INSERT INTO parent VALUES (-9, 0)"},
      {"child",
       "(id INT PRIMARY KEY, parent INT, v INT, FOREIGN KEY (parent) REFERENCES parent (id) "
       "ON DELETE CASCADE ON UPDATE CASCADE)",
       "INSERT INTO child VALUES (-9, NULL, 0)"},
      {"parts",
       "(id INT, day INT, v VARCHAR(20), PRIMARY KEY (id, day)) PARTITION BY HASH (day) "
       "PARTITIONS 3",
       "INSERT INTO parts VALUES (-9, 1, 'own')"},
      {"myisam", "(id INT PRIMARY KEY, v INT) ENGINE=MyISAM", "INSERT INTO myisam VALUES (-9, 0)"},
      {"audit", "(what VARCHAR(30), id INT, v INT)", "INSERT INTO audit VALUES ('own', 0, 0)"},
      {"altered", "(id INT PRIMARY KEY, v VARCHAR(60))",
       "INSERT INTO altered (id, v) VALUES (-9, 'own')"},
      {"big", "(id INT PRIMARY KEY, v VARCHAR(30), n INT)",
       "INSERT INTO big VALUES (-9, 'own', 0)"},
  };
}

}  // namespace

const std::vector<TypedColumn>& TypedColumns(Flavour flavour) {
  static const auto* const columns = new std::map<Flavour, std::vector<TypedColumn>>{
      {Flavour::kMysql97, ColumnsOf(Flavour::kMysql97)},
      {Flavour::kMysql56, ColumnsOf(Flavour::kMysql56)},
      {Flavour::kMariaDb, ColumnsOf(Flavour::kMariaDb)}};
  return columns->at(flavour);
}

const std::vector<TrafficTable>& TrafficTables(Flavour flavour) {
  static const auto* const tables = new std::map<Flavour, std::vector<TrafficTable>>{
      {Flavour::kMysql97, TablesOf(Flavour::kMysql97)},
      {Flavour::kMysql56, TablesOf(Flavour::kMysql56)},
      {Flavour::kMariaDb, TablesOf(Flavour::kMariaDb)}};
  return tables->at(flavour);
}

absl::Status CreateTrafficTables(MysqlServer& server, const std::string& database) {
  DCP_RETURN_IF_ERROR(server.Execute(
      absl::StrCat("CREATE DATABASE ", database, " CHARSET utf8mb4; USE ", database)));
  for (const TrafficTable& table : TrafficTables(server.options().flavour)) {
    DCP_RETURN_IF_ERROR(
        server.Execute(absl::StrCat("CREATE TABLE ", table.name, table.definition)));
  }
  return server.Execute(
      "CREATE TRIGGER parent_in AFTER INSERT ON parent FOR EACH ROW "
      "INSERT INTO audit VALUES ('in', NEW.id, NEW.v); "
      "CREATE TRIGGER parent_up AFTER UPDATE ON parent FOR EACH ROW "
      "UPDATE audit SET v = v + 1 WHERE id = OLD.id; "
      "CREATE TRIGGER parent_out BEFORE DELETE ON parent FOR EACH ROW "
      "DELETE FROM audit WHERE id = OLD.id");
}

}  // namespace dcp::test
