#include "tests/cmd/traffic_generator.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/cmd/traffic_tables.h"

namespace dcp::test {
namespace {

using Statements = TrafficTransaction;

// Draws transactions of one writer.
class RandomTraffic final : public TrafficGenerator {
 public:
  RandomTraffic(const TrafficOptions& options, int writer)
      : options_(options),
        writer_(writer),
        random_(options.seed * 1000003 + static_cast<uint64_t>(writer)) {}

  Statements Next() override {
    Statements body;
    const int steps = Chance(3) ? 1 : Number(1, 6);
    for (int i = 0; i < steps; ++i) Step(&body);
    if (Chance(12)) return Single();
    if (options_.ddl && Chance(15)) return {Definition()};
    if (Chance(25)) return Prepared(std::move(body));
    if (steps == 1 && body.size() == 1 && Chance(2)) return body;  // autocommit
    body.insert(body.begin(), Chance(2) ? "BEGIN" : "START TRANSACTION");
    body.push_back(Chance(12) ? "ROLLBACK" : "COMMIT");
    return body;
  }

  Statements Big(int i) override {
    const std::string rows = absl::StrCat(options_.big_rows);
    switch (i) {
      case 0:
        return {
            "BEGIN",
            absl::StrCat("INSERT INTO big SELECT n.i, CONCAT('row ', n.i), n.i % 7 FROM (SELECT "
                         "1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS i FROM ",
                         Digits("a"), ", ", Digits("b"), ", ", Digits("c"), ", ", Digits("e"), ", ",
                         Digits("f"), ") AS n WHERE n.i <= ", rows),
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
  // A table of ten rows.
  static std::string Digits(const std::string& name) {
    return absl::StrCat(
        "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT "
        "4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL "
        "SELECT 8 UNION ALL SELECT 9) AS ",
        name);
  }
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
    using Part = void (RandomTraffic::*)(Statements*);
    static const std::vector<Part> parts = {
        &RandomTraffic::Plain,  &RandomTraffic::Plain,     &RandomTraffic::Plain,
        &RandomTraffic::Keys,   &RandomTraffic::Keys,      &RandomTraffic::Twice,
        &RandomTraffic::Pairs,  &RandomTraffic::WideKey,   &RandomTraffic::Bag,
        &RandomTraffic::Loose,  &RandomTraffic::Counter,   &RandomTraffic::Types,
        &RandomTraffic::Types,  &RandomTraffic::Family,    &RandomTraffic::Parts,
        &RandomTraffic::OneRow, &RandomTraffic::Savepoint, &RandomTraffic::Altered};
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
      const TypedColumn& column = Pick(TypedColumns(options_.flavour));
      return out->push_back(absl::StrCat("UPDATE types SET ", column.name, " = ", Literal(column),
                                         ", hidden = ", Number(0, 3), " WHERE id BETWEEN ", id,
                                         " AND ", id + 2));
    }
    std::string names = "id", values = absl::StrCat(id);
    for (const TypedColumn& column : TypedColumns(options_.flavour)) {
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

  void Altered(Statements* out) {
    switch (Number(0, 3)) {
      case 0:
        return out->push_back(
            absl::StrCat("UPDATE altered SET v = ", Text(), " WHERE id BETWEEN ", Range(5)));
      case 1:
        return out->push_back(absl::StrCat("DELETE FROM altered WHERE id BETWEEN ", Range(5)));
      default:
        return out->push_back(absl::StrCat("REPLACE INTO altered (id, v) VALUES (", Id(), ", ",
                                           Text(), "), (", Id(), ", ", Text(), ")"));
    }
  }

  // Of `altered`, refused where another writer's came first; and of partitions.
  std::string Definition() {
    static const std::vector<std::string> statements = {
        "TRUNCATE TABLE altered",
        "ALTER TABLE altered ADD COLUMN w INT DEFAULT 3",
        "ALTER TABLE altered ADD COLUMN f INT DEFAULT 4 FIRST",
        "ALTER TABLE altered DROP COLUMN w",
        "ALTER TABLE altered DROP COLUMN f, ALGORITHM = COPY",
        "ALTER TABLE altered MODIFY v VARCHAR(80) CHARSET latin1",
        "ALTER TABLE altered MODIFY v VARCHAR(90) CHARSET utf8mb4",
        "ALTER TABLE altered ADD INDEX i (v)",
        "CREATE UNIQUE INDEX i ON altered (id, v)",
        "DROP INDEX i ON altered",
        "DROP TABLE IF EXISTS altered; CREATE TABLE IF NOT EXISTS altered (id INT PRIMARY KEY, v "
        "VARCHAR(60))",
        "DROP TABLE IF EXISTS altered; CREATE TABLE altered (id INT PRIMARY KEY, v VARCHAR(60)) AS "
        "SELECT id, v FROM plain WHERE id >= 0",
        "RENAME TABLE altered TO renamed, renamed TO altered",
        "OPTIMIZE TABLE altered",
        "ALTER TABLE parts TRUNCATE PARTITION p1",
        "ALTER TABLE parts TRUNCATE PARTITION p0, p2",
        "ALTER TABLE parts REBUILD PARTITION p1",
    };
    return Pick(statements);
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

}  // namespace

std::unique_ptr<TrafficGenerator> TrafficGenerator::Create(const TrafficOptions& options,
                                                           int writer) {
  return std::make_unique<RandomTraffic>(options, writer);
}

}  // namespace dcp::test
