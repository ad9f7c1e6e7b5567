#include "tests/cmd/traffic.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/mutex.h"
#include "base/status.h"

namespace dcp::test {
namespace {

using Statements = TrafficTransaction;

// A column of the table `types`, and SQL literals that it is given.
struct TypedColumn {
  const char* name;
  const char* type;
  std::vector<const char*> literals;
};

const std::vector<TypedColumn>& TypedColumns() {
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
        "JSON_ARRAY(18446744073709551615, -1, 1e100, 0.1, REPEAT('x', 300))", "'\"\"'"}},
      {"c_point", "POINT", {"ST_GeomFromText('POINT(1 -2.5)')"}},
      {"c_geometry", "GEOMETRY", {"ST_GeomFromText('LINESTRING(0 0, 1 1, 2 0)', 4326)"}},
      {"c_vector", "VECTOR(3)", {"STRING_TO_VECTOR('[1, -2.5, 3e10]')"}},
  };
  return *columns;
}

std::string TypesDefinition() {
  std::string definition = "(id INT PRIMARY KEY";
  for (const TypedColumn& column : TypedColumns()) {
    absl::StrAppend(&definition, ", ", column.name, " ", column.type);
  }
  absl::StrAppend(&definition,
                  ", g_stored BIGINT AS (c_int + 1) STORED, g_virtual TEXT AS (CONCAT(c_char, '!'))"
                  ", hidden INT INVISIBLE DEFAULT 7)");
  return definition;
}

}  // namespace

const std::vector<TrafficTable>& TrafficTables() {
  static const auto* const tables = new std::vector<TrafficTable>{
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
      {"types", TypesDefinition(), "INSERT INTO types (id) VALUES (-9)"},
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
      {"big", "(id INT PRIMARY KEY, v VARCHAR(30), n INT)",
       "INSERT INTO big VALUES (-9, 'own', 0)"},
  };
  return *tables;
}

namespace {

// Draws transactions of one writer.
class Generator {
 public:
  Generator(const TrafficOptions& options, int writer)
      : options_(options),
        writer_(writer),
        random_(options.seed * 1000003 + static_cast<uint64_t>(writer)) {}

  Statements Next() {
    Statements body;
    const int steps = Chance(3) ? 1 : Number(1, 6);
    for (int i = 0; i < steps; ++i) Step(&body);
    if (Chance(12)) return Single();
    if (Chance(25)) return Prepared(std::move(body));
    if (steps == 1 && body.size() == 1 && Chance(2)) return body;  // autocommit
    body.insert(body.begin(), Chance(2) ? "BEGIN" : "START TRANSACTION");
    body.push_back(Chance(12) ? "ROLLBACK" : "COMMIT");
    return body;
  }

  // A transaction of options.big_rows rows; number `i` of four that follow each other.
  Statements Big(int i) {
    const std::string rows = absl::StrCat(options_.big_rows);
    switch (i) {
      case 0:
        return {"BEGIN", absl::StrCat("SET SESSION cte_max_recursion_depth = ", rows),
                absl::StrCat("INSERT INTO big WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT "
                             "i + 1 FROM s WHERE i < ",
                             rows, ") SELECT i, CONCAT('row ', i), i % 7 FROM s"),
                "COMMIT"};
      case 1:
        return {"BEGIN", "UPDATE big SET n = n + 1, v = CONCAT(v, '!')",
                "INSERT INTO plain SELECT -id, v, n FROM big WHERE id % 100 = 3 AND id > 0",
                "COMMIT"};
      case 2:
        return {"BEGIN",
                absl::StrCat("UPDATE big SET id = id + ", rows, " ORDER BY id DESC"),
                "DELETE FROM big WHERE n = 3",
                "SAVEPOINT s",
                "UPDATE big SET v = 'lost'",
                "ROLLBACK TO s",
                "COMMIT"};
      default:
        return {"BEGIN", "DELETE FROM big", "DELETE FROM plain WHERE id < 0 AND id <> -9",
                "COMMIT"};
    }
  }

 private:
  int Number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool Chance(int one_in) { return Number(1, one_in) == 1; }
  template <typename T>
  const T& Pick(const std::vector<T>& of) {
    return of[static_cast<size_t>(Number(0, static_cast<int>(of.size()) - 1))];
  }

  // A row number; of this writer alone in repeatable traffic.
  int Id() { return base() + Number(0, 39); }
  int base() const { return options_.repeatable ? writer_ * 1000 : 0; }
  // "low AND high" of some neighbouring rows.
  std::string Range(int width) {
    const int low = Id();
    return absl::StrCat(low, " AND ", low + Number(0, width));
  }
  std::string Text() {
    static const std::vector<std::string> texts = {"''",   "NULL", "'a'",  "'A'",
                                                   "'ä '", "'😀'",  "'a '", "'\\\\'"};
    return Chance(2) ? Pick(texts) : absl::StrCat("'v", Number(0, 9999), "'");
  }
  // Not repeatable: of the clock, of chance.
  std::string Anything() {
    if (options_.repeatable) return Text();
    return Pick(
        std::vector<std::string>{"UUID()", "RAND()", "NOW(6)", "CONNECTION_ID()", "USER()"});
  }

  template <typename MakeRow>
  std::string Values(int most, MakeRow make_row) {
    std::vector<std::string> rows(static_cast<size_t>(Number(1, most)));
    for (std::string& row : rows) row = make_row();
    return absl::StrJoin(rows, ", ");
  }

  // Appends one or a few statements that belong together.
  void Step(Statements* out) {
    using Part = void (Generator::*)(Statements*);
    static const std::vector<Part> parts = {
        &Generator::Plain,    &Generator::Plain,  &Generator::Plain,   &Generator::Keys,
        &Generator::Keys,     &Generator::Twice,  &Generator::Pairs,   &Generator::WideKey,
        &Generator::Bag,      &Generator::Loose,  &Generator::Counter, &Generator::Types,
        &Generator::Types,    &Generator::Family, &Generator::Parts,   &Generator::OneRow,
        &Generator::Savepoint};
    (this->*Pick(parts))(out);
  }

  std::string PlainRow() { return absl::StrCat("(", Id(), ", ", Text(), ", ", Number(-5, 5), ")"); }

  void Plain(Statements* out) {
    const auto row = [this] { return PlainRow(); };
    switch (Number(0, 10)) {
      case 0:
        return out->push_back(absl::StrCat("INSERT IGNORE INTO plain VALUES ", Values(8, row)));
      case 1:
        return out->push_back(absl::StrCat("INSERT INTO plain VALUES ", Values(2, row)));
      case 2:
        return out->push_back(absl::StrCat("REPLACE INTO plain VALUES ", Values(8, row)));
      case 3:
        return out->push_back(absl::StrCat("INSERT INTO plain VALUES ", Values(8, row),
                                           " ON DUPLICATE KEY UPDATE n = n + 1, v = VALUES(v)"));
      case 4:
        return out->push_back(absl::StrCat("INSERT INTO plain VALUES ", Values(3, row),
                                           " ON DUPLICATE KEY UPDATE n = n"));
      case 5:
        return out->push_back(
            absl::StrCat("UPDATE plain SET n = n + 1 WHERE id BETWEEN ", Range(9)));
      case 6:  // changes nothing
        return out->push_back(absl::StrCat("UPDATE plain SET v = v, n = n WHERE id = ", Id()));
      case 7:  // there and back again
        out->push_back(absl::StrCat("UPDATE plain SET n = n + 7 WHERE id BETWEEN ", Range(3)));
        return out->push_back(out->back());
      case 8:
        return out->push_back(absl::StrCat("DELETE FROM plain WHERE id BETWEEN ", Range(4)));
      case 9:
        return out->push_back(
            absl::StrCat("UPDATE plain JOIN twice ON plain.id = twice.id SET plain.v = twice.v, "
                         "twice.v = 'joined' WHERE plain.id BETWEEN ",
                         Range(5)));
      default:
        return out->push_back(
            absl::StrCat("UPDATE plain SET v = ", Anything(), " WHERE id = ", Id()));
    }
  }

  // The same row again and again.
  void OneRow(Statements* out) {
    const int id = Id();
    out->push_back(absl::StrCat("REPLACE INTO plain VALUES (", id, ", 'first', 0)"));
    for (int i = Number(0, 4); i > 0; --i) {
      out->push_back(absl::StrCat("UPDATE plain SET n = n + 1 WHERE id = ", id));
    }
    out->push_back(absl::StrCat("DELETE FROM plain WHERE id = ", id));
    if (Chance(2)) out->push_back(absl::StrCat("INSERT INTO plain VALUES (", id, ", 'again', 1)"));
  }

  // Changes of the primary key.
  void Keys(Statements* out) {
    const int a = Id(), b = Id();
    const int away = base() + 500;
    switch (Number(0, 3)) {
      case 0:  // a swap
        out->push_back(absl::StrCat("UPDATE plain SET id = ", away, " WHERE id = ", a));
        out->push_back(absl::StrCat("UPDATE plain SET id = ", a, " WHERE id = ", b));
        return out->push_back(absl::StrCat("UPDATE plain SET id = ", b, " WHERE id = ", away));
      case 1:  // a chain upwards in one statement
        return out->push_back(absl::StrCat("UPDATE plain SET id = id + 1 WHERE id BETWEEN ",
                                           Range(6), " ORDER BY id DESC"));
      case 2:  // and downwards
        out->push_back(absl::StrCat("DELETE FROM plain WHERE id = ", a));
        return out->push_back(absl::StrCat("UPDATE plain SET id = id - 1 WHERE id BETWEEN ", a + 1,
                                           " AND ", std::max(a + 1, base() + 39), " ORDER BY id"));
      default:  // along a composite key and back
        out->push_back(
            absl::StrCat("UPDATE IGNORE pairs SET region = 'Eu' WHERE region = 'eu' AND ",
                         "id BETWEEN ", Range(20)));
        return out->push_back(absl::StrCat("UPDATE IGNORE pairs SET region = 'us', v = ", Text(),
                                           " WHERE region = 'EU' AND id BETWEEN ", Range(3)));
    }
  }

  void Twice(Statements* out) {
    const auto row = [this] { return absl::StrCat("(", Id(), ", ", Id(), ", ", Text(), ")"); };
    switch (Number(0, 3)) {
      case 0:  // may delete two rows for one
        return out->push_back(absl::StrCat("REPLACE INTO twice VALUES ", Values(5, row)));
      case 1:
        return out->push_back(absl::StrCat("INSERT IGNORE INTO twice VALUES ", Values(5, row)));
      case 2:
        return out->push_back(absl::StrCat("INSERT INTO twice VALUES ", Values(1, row),
                                           " ON DUPLICATE KEY UPDATE v = 'upserted'"));
      default:
        return out->push_back(absl::StrCat("DELETE FROM twice WHERE id BETWEEN ", Range(2)));
    }
  }

  void Pairs(Statements* out) {
    const auto row = [this] {
      static const std::vector<std::string> regions = {"'eu'", "'EU'", "'us'", "'größe'", "''"};
      return absl::StrCat("(", Pick(regions), ", ", Id(), ", ", Text(), ")");
    };
    if (Chance(3)) {
      return out->push_back(absl::StrCat("DELETE FROM pairs WHERE id BETWEEN ", Range(3)));
    }
    out->push_back(absl::StrCat("INSERT INTO pairs VALUES ", Values(6, row),
                                " ON DUPLICATE KEY UPDATE region = VALUES(region), v = VALUES(v)"));
  }

  void WideKey(Statements* out) {
    const auto row = [this] {
      static const std::vector<std::string> k1 = {"x''", "x'00'", "x'0000'", "'a'", "'A'"};
      static const std::vector<std::string> k2 = {"0", "-0.5", "10.00"};
      static const std::vector<std::string> k5 = {"'é'", "'e'", "''", "'E'"};
      return absl::StrCat("(", Pick(k1), ", ", Pick(k2), ", '2024-01-01 00:00:00.", Number(0, 2),
                          "', ", Number(1, 3), ", ", Pick(k5), ", 'w", writer(), "', ",
                          Number(0, 9), ")");
    };
    if (Chance(4)) {
      return out->push_back(absl::StrCat("UPDATE IGNORE wide_key SET k2 = k2 + 1 WHERE k6 = 'w",
                                         writer(), "\\0\\0' AND n = ", Number(0, 9),
                                         " ORDER BY k1, k2, k3, k4, k5"));
    }
    if (Chance(4)) {
      return out->push_back(absl::StrCat("DELETE FROM wide_key WHERE k6 = 'w", writer(),
                                         "\\0\\0' AND n < ", Number(0, 5)));
    }
    out->push_back(absl::StrCat("REPLACE INTO wide_key VALUES ", Values(5, row)));
  }
  int writer() const { return options_.repeatable ? writer_ : 0; }

  // No key at all, rows more than once.
  void Bag(Statements* out) {
    const auto row = [this] {
      return absl::StrCat("(", Id() / 4 * 4, ", ", Chance(2) ? "'b'" : "NULL", ", 0.25)");
    };
    switch (Number(0, 4)) {
      case 0:
        return out->push_back(absl::StrCat("DELETE FROM bag WHERE a = ", Id() / 4 * 4,
                                           " ORDER BY a, b, c LIMIT ", Number(1, 3)));
      case 1:
        return out->push_back(absl::StrCat("UPDATE bag SET c = c + 1 WHERE a = ", Id() / 4 * 4,
                                           " ORDER BY a, b, c LIMIT ", Number(1, 3)));
      case 2:
        return out->push_back(absl::StrCat("DELETE FROM bag WHERE a BETWEEN ", Range(20)));
      default:
        return out->push_back(absl::StrCat("INSERT INTO bag VALUES ", Values(5, row)));
    }
  }

  // A unique key that may be NULL is none; one that may not is one.
  void Loose(Statements* out) {
    const auto row = [this] {
      return absl::StrCat("(", Chance(3) ? "NULL" : absl::StrCat(Id()), ", 'w", writer(), "')");
    };
    const auto full = [this] { return absl::StrCat("(", Id(), ", ", Text(), ")"); };
    switch (Number(0, 4)) {
      case 0:
        return out->push_back(absl::StrCat("INSERT IGNORE INTO loose VALUES ", Values(4, row)));
      case 1:
        return out->push_back(
            absl::StrCat("DELETE FROM loose WHERE b = 'w", writer(), "' ORDER BY a LIMIT 3"));
      case 2:
        return out->push_back(absl::StrCat("REPLACE INTO unique_only VALUES ", Values(4, full)));
      case 3:
        return out->push_back(
            absl::StrCat("UPDATE unique_only SET b = 'z' WHERE a BETWEEN ", Range(5)));
      default:
        return out->push_back(absl::StrCat("DELETE FROM unique_only WHERE a BETWEEN ", Range(2)));
    }
  }

  void Counter(Statements* out) {
    if (options_.repeatable) return Plain(out);
    if (Chance(4)) {
      return out->push_back("UPDATE counter SET r = 'touched' ORDER BY id DESC LIMIT 2");
    }
    out->push_back(absl::StrCat("INSERT INTO counter (at, r) VALUES (NOW(6), ", Anything(),
                                "), (NULL, ", Text(), ")"));
  }

  std::string Literal(const TypedColumn& column) {
    return Chance(5) ? "NULL" : Pick(column.literals);
  }

  void Types(Statements* out) {
    const int id = base() + Number(0, 14);
    if (Chance(5)) return out->push_back(absl::StrCat("DELETE FROM types WHERE id = ", id));
    if (Chance(2)) {
      const TypedColumn& column = Pick(TypedColumns());
      return out->push_back(absl::StrCat("UPDATE types SET ", column.name, " = ", Literal(column),
                                         ", hidden = ", Number(0, 3), " WHERE id BETWEEN ", id,
                                         " AND ", id + 2));
    }
    std::string names = "id", values = absl::StrCat(id);
    for (const TypedColumn& column : TypedColumns()) {
      absl::StrAppend(&names, ", ", column.name);
      absl::StrAppend(&values, ", ", Literal(column));
    }
    out->push_back(absl::StrCat("REPLACE INTO types (", names, ") VALUES (", values, ")"));
  }

  // Foreign keys that cascade.
  void Family(Statements* out) {
    const int id = base() + Number(0, 9);
    switch (Number(0, 3)) {
      case 0:
        return out->push_back(absl::StrCat("INSERT IGNORE INTO parent VALUES (", id, ", 1)"));
      case 1:
        return out->push_back(absl::StrCat("INSERT IGNORE INTO child VALUES (", Id(), ", ", id,
                                           ", 1), (", Id(), ", NULL, 2)"));
      case 2:
        return out->push_back(absl::StrCat("DELETE FROM parent WHERE id = ", id));
      default:
        return out->push_back(absl::StrCat("UPDATE IGNORE parent SET id = ", base() + Number(0, 9),
                                           ", v = v + 1 WHERE id = ", id));
    }
  }

  void Parts(Statements* out) {
    const auto row = [this] {
      return absl::StrCat("(", Id(), ", ", Number(1, 7), ", ", Text(), ")");
    };
    if (Chance(3)) {  // into another partition
      return out->push_back(
          absl::StrCat("UPDATE IGNORE parts SET day = day + 1 WHERE id BETWEEN ", Range(4)));
    }
    if (Chance(4)) {
      return out->push_back(absl::StrCat("DELETE FROM parts WHERE id BETWEEN ", Range(2)));
    }
    out->push_back(absl::StrCat("REPLACE INTO parts VALUES ", Values(4, row)));
  }

  void Savepoint(Statements* out) {
    const std::string name = Chance(2) ? "`a b`" : "s1";
    Plain(out);
    out->push_back(absl::StrCat("SAVEPOINT ", name));
    Bag(out);
    Keys(out);
    if (Chance(2)) {
      out->push_back(absl::StrCat("SAVEPOINT s2"));
      Types(out);
      out->push_back("ROLLBACK TO SAVEPOINT s2");
      Plain(out);
    }
    if (!Chance(4)) out->push_back(absl::StrCat("ROLLBACK TO ", name));
    if (Chance(3)) out->push_back(absl::StrCat("RELEASE SAVEPOINT ", name));
    Pairs(out);
  }

  // What stands alone: a table without transactions, and administration.
  Statements Single() {
    switch (options_.transactional_only ? 0 : Number(0, 4)) {
      case 0:
        return {"ANALYZE TABLE plain"};
      case 1:
        return {absl::StrCat("DELETE FROM myisam WHERE id BETWEEN ", Range(3))};
      case 2:
        return {absl::StrCat("UPDATE myisam SET v = v + 1 WHERE id BETWEEN ", Range(9))};
      default:
        return {absl::StrCat("REPLACE INTO myisam VALUES ", Values(4, [this] {
                               return absl::StrCat("(", Id(), ", ", Number(0, 9), ")");
                             }))};
    }
  }

  // XA has no savepoints' rollback to speak of: only the other statements.
  Statements Prepared(Statements body) {
    body.erase(std::remove_if(body.begin(), body.end(),
                              [](const std::string& s) {
                                return absl::StrContains(s, "SAVEPOINT") ||
                                       absl::StartsWith(s, "ROLLBACK");
                              }),
               body.end());
    const std::string xid =
        absl::StrCat("'", options_.database, writer_, "-", ++xids_, "', 'x''\\n', 7");
    body.insert(body.begin(), absl::StrCat("XA START ", xid));
    body.push_back(absl::StrCat("XA END ", xid));
    if (Chance(4)) {
      body.push_back(absl::StrCat("XA COMMIT ", xid, " ONE PHASE"));
      return body;
    }
    body.push_back(absl::StrCat("XA PREPARE ", xid));
    body.push_back(absl::StrCat(Chance(4) ? "XA ROLLBACK " : "XA COMMIT ", xid));
    return body;
  }

  const TrafficOptions& options_;
  const int writer_;
  std::mt19937_64 random_;
  int xids_ = 0;
};

// Refused because of the other writers' rows: duplicate keys, deadlocks, waits that
// took too long, foreign keys.
bool IsExpected(const absl::Status& status) {
  for (const char* number :
       {"(1062)", "(1213)", "(1205)", "(1452)", "(1451)", "(1761)", "(1402)", "(1613)", "(1614)"}) {
    if (absl::StrContains(status.message(), number)) return true;
  }
  return false;
}

// What XA START has, behind it; empty for other transactions.
std::string XidOf(const TrafficTransaction& transaction) {
  constexpr absl::string_view kStart = "XA START ";
  const std::string& first = transaction.front();
  return absl::StartsWith(first, kStart) ? first.substr(kStart.size()) : "";
}

void RollBack(Session& session, const TrafficTransaction& transaction) {
  const std::string xid = XidOf(transaction);
  if (xid.empty()) {
    session.Execute("ROLLBACK").IgnoreError();
    return;
  }
  session.Execute(absl::StrCat("XA END ", xid)).IgnoreError();  // it may have ended
  session.Execute(absl::StrCat("XA ROLLBACK ", xid)).IgnoreError();
}

class Writer {
 public:
  Writer(MysqlServer& server, const TrafficOptions& options, int number,
         const TransactionRunner& run)
      : server_(server), options_(options), number_(number), run_(run) {}

  TrafficResult Run() {
    TrafficResult result;
    result.status = RunAll(&result);
    return result;
  }

 private:
  absl::Status RunAll(TrafficResult* result) {
    DCP_ASSIGN_OR_RETURN(const auto session, server_.Connect());
    DCP_RETURN_IF_ERROR(session->Execute(
        absl::StrCat("USE ", options_.database,
                     "; SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', lock_wait_timeout = 20, "
                     "innodb_lock_wait_timeout = 5")));
    Generator generator(options_, number_);
    const int between = std::max(1, options_.transactions / 5);
    for (int i = 0; i < options_.transactions; ++i) {
      DCP_RETURN_IF_ERROR(RunOne(*session, generator.Next(), result));
      const bool big = number_ == 0 && options_.big_rows > 0 && i % between == between - 1;
      if (big) DCP_RETURN_IF_ERROR(RunBig(*session, generator.Big(i / between % 4), result));
    }
    return absl::OkStatus();
  }

  absl::Status RunOne(Session& session, const TrafficTransaction& transaction,
                      TrafficResult* result) {
    const absl::Status status = run_(number_, session, transaction);
    if (status.ok()) ++result->committed;
    if (absl::IsAborted(status)) ++result->aborted;
    return absl::IsAborted(status) ? absl::OkStatus() : status;
  }

  // Until it comes to pass: each builds on the one before.
  absl::Status RunBig(Session& session, const TrafficTransaction& transaction,
                      TrafficResult* result) {
    const uint64_t committed = result->committed;
    while (result->committed == committed) {
      DCP_RETURN_IF_ERROR(RunOne(session, transaction, result));
    }
    return absl::OkStatus();
  }

  MysqlServer& server_;
  const TrafficOptions& options_;
  const int number_;
  const TransactionRunner& run_;
};

}  // namespace

uint64_t TrafficSeed() {
  const char* text = std::getenv("DCP_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : std::random_device()();
}

int TrafficScale() {
  const char* text = std::getenv("DCP_TEST_TRAFFIC_SCALE");
  return text != nullptr ? std::max(1, std::atoi(text)) : 1;
}

absl::Status CreateTrafficTables(MysqlServer& server, const std::string& database) {
  DCP_RETURN_IF_ERROR(server.Execute(
      absl::StrCat("CREATE DATABASE ", database, " CHARSET utf8mb4; USE ", database)));
  for (const TrafficTable& table : TrafficTables()) {
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

absl::Status RunTransaction(Session& session, const TrafficTransaction& transaction) {
  for (const std::string& statement : transaction) {
    const absl::Status status = session.Execute(statement);
    if (status.ok()) continue;
    RollBack(session, transaction);
    return IsExpected(status) ? absl::AbortedError(status.message()) : status;
  }
  return absl::OkStatus();
}

TrafficResult RunTraffic(MysqlServer& server, const TrafficOptions& options,
                         const TransactionRunner& run) {
  std::vector<TrafficResult> results(static_cast<size_t>(options.writers));
  std::vector<std::thread> threads;
  for (int i = 0; i < options.writers; ++i) {
    threads.emplace_back(
        [&, i] { results[static_cast<size_t>(i)] = Writer(server, options, i, run).Run(); });
  }
  for (std::thread& thread : threads) thread.join();
  TrafficResult total;
  for (const TrafficResult& result : results) {
    if (total.status.ok()) total.status = result.status;
    total.committed += result.committed;
    total.aborted += result.aborted;
  }
  return total;
}

TrafficResult RunTraffic(MysqlServer& server, const TrafficOptions& options) {
  return RunTraffic(server, options,
                    [](int, Session& session, const TrafficTransaction& transaction) {
                      return RunTransaction(session, transaction);
                    });
}

}  // namespace dcp::test
