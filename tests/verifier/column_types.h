// All column types, with values at their borders.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace dcp::verifier {

struct Type {
  const char* name;
  const char* definition;
  std::vector<std::string> values;  // SQL
};

inline void PrintTo(const Type& type, std::ostream* out) { *out << type.definition; }

inline const std::vector<std::string> kDoubles = {"0",
                                                  "0.1",
                                                  "1/3e0",
                                                  "1e21",
                                                  "123456789012345680000",
                                                  "1e22",
                                                  "1.5e-7",
                                                  "-1e-300",
                                                  "1.7976931348623157e308",
                                                  "5e-324",
                                                  "9007199254740993e0",
                                                  "1e15",
                                                  "0.30000000000000004e0"};

inline const std::vector<Type> kBoth = {
    {"TinyInt", "TINYINT", {"-128", "0", "127"}},
    {"TinyUnsignedZerofill", "TINYINT(3) UNSIGNED ZEROFILL", {"0", "7", "255"}},
    {"SmallInt", "SMALLINT", {"-32768", "32767"}},
    {"MediumInt", "MEDIUMINT", {"-8388608", "8388607"}},
    {"MediumUnsigned", "MEDIUMINT UNSIGNED", {"0", "16777215"}},
    {"Int", "INT", {"-2147483648", "2147483647"}},
    {"BigInt", "BIGINT", {"-9223372036854775808", "9223372036854775807"}},
    {"BigUnsigned", "BIGINT UNSIGNED", {"0", "18446744073709551615"}},
    {"Decimal", "DECIMAL(10,4)", {"0", "-0.5", "12.5", "999999.9999", "-999999.9999"}},
    {"DecimalWide",
     "DECIMAL(65,30)",
     {"12345678901234567890123456789012345.678901234567890123456789012345", "-0.1"}},
    {"DecimalFraction", "DECIMAL(5,5)", {"0.00001", "-0.99999"}},
    {"Float", "FLOAT", {"0", "0.1", "16777216", "123456789", "3.4028235e38", "1e-45", "-1.5e-7"}},
    {"Double", "DOUBLE", kDoubles},
    {"DoubleScaled", "DOUBLE(20,3)", {"0.1", "12345.678", "-99999999999.125"}},
    {"Bit1", "BIT(1)", {"b'0'", "b'1'"}},
    {"Bit64", "BIT(64)", {"0", "x'8000000000000001'", "~0"}},
    {"Year", "YEAR", {"0", "1901", "2155", "2026"}},
    {"Date", "DATE", {"'2026-02-28'", "'0000-00-00'", "'9999-12-31'", "'2026-02-31'"}},
    {"Time", "TIME", {"'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"}},
    {"Time6", "TIME(6)", {"'-00:00:00.000001'", "'12:34:56.120000'", "'-838:59:58.999999'"}},
    {"Datetime", "DATETIME", {"'2026-02-28 13:14:15'", "'0000-00-00 00:00:00'"}},
    {"Datetime3", "DATETIME(3)", {"'2026-02-28 13:14:15.250'", "'1000-01-01 00:00:00.001'"}},
    {"Datetime6", "DATETIME(6)", {"'9999-12-31 23:59:59.999999'", "'2026-01-01 00:00:00.100000'"}},
    {"Timestamp",
     "TIMESTAMP",
     {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'2024-02-29 23:59:59'", "0"}},
    {"Timestamp6", "TIMESTAMP(6)", {"'2026-03-01 00:00:00.000010'"}},
    {"Char", "CHAR(20)", {"''", "'a  '", "'🍣'", R"('\'"\\`\0x\n')", "'null'"}},
    {"Varchar", "VARCHAR(200)", {"''", "'a  '", "'grüß'", R"('\Z\r\n\t\b')", "'{\"a\": 1}'"}},
    {"VarcharLatin1",
     "VARCHAR(200) CHARACTER SET latin1",
     {"'€ü'", "_latin1 x'8081828d8f909dff'", "''"}},
    {"VarcharUtf8mb3", "VARCHAR(200) CHARACTER SET utf8mb3", {"'ő寿'"}},
    {"VarcharBin", "VARCHAR(200) COLLATE utf8mb4_bin", {"'a'", "'A'"}},
    {"VarcharNoPad", "VARCHAR(200) COLLATE utf8mb4_0900_as_cs", {"'a'", "'A'", "'a '"}},
    {"Binary", "BINARY(6)", {"x'00'", "x'cafe'", "x'00ff000000'", "'a\\'b'", "x'ffffffffffff'"}},
    {"Varbinary", "VARBINARY(100)", {"''", "x'00'", "x'cafe00'", "x'5c27'", "'ü'"}},
    {"Enum", "ENUM('a','b''c','ü','')", {"'a'", "'b\\'c'", "'ü'", "''"}},
    {"EnumLatin1", "ENUM('€','x') CHARACTER SET latin1", {"'€'", "'x'"}},
    {"Set", "SET('x','y','z')", {"''", "'x'", "'z,x'", "'x,y,z'"}},
};

inline const std::vector<Type> kContentOnly = {
    {"FloatScaled", "FLOAT(8,2)", {"0.1", "12345.68", "-0.5"}},
    {"DoubleMinusZero", "DOUBLE", {"-0e0"}},
    {"Text", "TEXT", {"''", "'long text'", "REPEAT('ü', 10000)"}},
    {"MediumTextLatin1", "MEDIUMTEXT CHARACTER SET latin1", {"REPEAT('€', 30000)"}},
    {"Blob", "BLOB", {"''", "x'00'", "x'0001feff'", "REPEAT(x'00ff', 20000)"}},
    {"LongBlob", "LONGBLOB", {"REPEAT(x'00ff', 200000)"}},
    {"Point", "POINT", {"ST_GeomFromText('POINT(1.5 -2)')", "ST_GeomFromText('POINT(1 2)', 4326)"}},
    {"Geometry", "GEOMETRY", {"ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')"}},
    {"Vector", "VECTOR(3)", {"STRING_TO_VECTOR('[1, -2.5, 3e10]')"}},
    {"EnumInvalid", "ENUM('a','b')", {"'nothing'"}},
    {"Generated", "INT AS (id + 1) VIRTUAL", {"DEFAULT"}},
    {"Stored", "VARCHAR(9) AS (CONCAT('x', id)) STORED", {"DEFAULT"}},
    {"Invisible", "INT INVISIBLE", {"7"}},
    {"Json",
     "JSON",
     {"'null'", "'{}'", "'[]'", R"('{"b": 1, "a": [true, false, null, {"x": "y"}]}')",
      R"('"a \\"b\\" \\\\ \\u0000 \\n / ü 🍣"')", "'[1, -1, 18446744073709551615, 32768, -32769]'",
      "'[0.0, -0.0, 1.0, 0.1, 1e22, 1.5e-7, 1e100, 123456789012345680000.0, 100000.0]'",
      "'[1e-5, 0.0001, 1e15, 1e14, 1e16, 12345678.5, 1.7976931348623157e308, 5e-324]'",
      "JSON_OBJECT('d', CAST('2026-02-28' AS DATE), 't', CAST('-12:34:56.5' AS TIME(1)))",
      "JSON_ARRAY(CAST('2026-02-28 13:14:15.25' AS DATETIME(6)), CAST(1.50 AS DECIMAL(5,2)))",
      "JSON_ARRAY(CAST(REPEAT('x', 200) AS BINARY), b'101', POINT(1,2))",
      "JSON_ARRAY(CAST('12345678901234567890.123456789' AS DECIMAL(40,15)))",
      "CONCAT('[\"', REPEAT('a', 70000), '\"]')"}},
};

}  // namespace dcp::verifier
