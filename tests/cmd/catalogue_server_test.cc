// The catalogue of types on every server: each row image as `dcp binlog` gives it is what the
// server's own SELECT said of the row at that time, and the same data is the same text on every
// server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"
#include "base/status.h"
#include "tests/cmd/binlog_run.h"
#include "tests/mysql/type_catalogue.h"
#include "tests/servers/replica_pair.h"
#include "tests/servers/shared_servers.h"
#include "tests/support/status_matchers.h"

namespace dcp::cmd {
namespace {

using ::dcp::mysql::TextForm;
using ::dcp::mysql::TypeCase;
using ::dcp::mysql::WideCase;
using ::dcp::test::Flavour;
using ::dcp::test::MysqlServer;

constexpr const char* kImages[] = {"FULL", "MINIMAL", "NOBLOB"};
constexpr const char* kAbsent = R"({"absent":true})";
constexpr size_t kColumns = 4;
enum Column : size_t { kId, kV, kW, kN };

struct Setup {
  const char* name;
  Flavour flavour;
  std::string globals;
};

void PrintTo(const Setup& setup, std::ostream* out) { *out << setup.name; }

std::vector<Setup> Setups() {
  return {{"Mysql97MinimalMetadata", Flavour::kMysql97, "SET GLOBAL binlog_row_metadata = MINIMAL"},
          {"Mysql97FullMetadata", Flavour::kMysql97, "SET GLOBAL binlog_row_metadata = FULL"},
          {"Mysql97Compressed", Flavour::kMysql97,
           "SET GLOBAL binlog_transaction_compression = ON, binlog_checksum = NONE"},
          {"Mysql56", Flavour::kMysql56, "SET GLOBAL binlog_checksum = CRC32"},
          {"MariaDbNoMetadata", Flavour::kMariaDb, "SET GLOBAL binlog_row_metadata = NO_LOG"},
          {"MariaDbFullMetadataCompressed", Flavour::kMariaDb,
           "SET GLOBAL binlog_row_metadata = FULL, log_bin_compress = ON, "
           "log_bin_compress_min_len = 10"}};
}

// The end of the JSON value that begins at `at`.
size_t ValueEnd(const std::string& text, size_t at) {
  int depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      for (++at; text[at] != '"'; ++at) at += text[at] == '\\' ? 1u : 0u;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      if (depth-- == 0) return at;
    } else if (c == ',' && depth == 0) {
      return at;
    }
  }
  return at;
}

// One line of output; the images as the texts of their elements, none where it is null.
struct Line {
  std::string table, op;
  std::vector<std::string> before, after;
};

std::vector<std::string> Elements(const std::string& line, const std::string& field) {
  std::vector<std::string> elements;
  size_t at = line.find(absl::StrCat(",\"", field, "\":")) + field.size() + 4;
  if (line[at] != '[') return elements;
  do {
    const size_t end = ValueEnd(line, ++at);
    elements.push_back(line.substr(at, end - at));
    at = end;
  } while (line[at] == ',');
  return elements;
}

Line ToLine(const std::string& text) {
  const auto fields = nlohmann::json::parse(text);
  return {fields["table"].get<std::string>().substr(2), fields["op"].get<std::string>(),
          Elements(text, "before"), Elements(text, "row")};
}

// A JSON column's element is compared by NormalJson(), see there.
std::string Comparable(TextForm form, const std::string& element) {
  if (form != TextForm::kJson || element == "null" || element == kAbsent) return element;
  return mysql::NormalJson(nlohmann::json::parse(element).get<std::string>());
}

// Rows of one table, by id: the canonical elements that SELECT gives.
using State = std::map<int, std::array<std::string, kColumns>>;

// What a table's rows were before and after the UPDATE.
struct Expected {
  const TypeCase* type;
  int image;
  State inserted, updated;
};

// A wide table's rows, in order.
struct ExpectedWide {
  std::string table;
  std::vector<std::vector<std::string>> rows;
};

// A server with all of the catalogue written, and what was read of it.
struct Played {
  absl::Status status;
  std::vector<Expected> expected;
  std::vector<ExpectedWide> wide;
  // By table and image, in order.
  std::map<std::pair<std::string, int>, std::vector<Line>> lines;
  std::string err;
  int rows = 0;
};

class Player {
 public:
  explicit Player(MysqlServer& server, Flavour flavour) : server_(server), flavour_(flavour) {}

  absl::Status Play(const std::string& globals, Played* played) {
    DCP_RETURN_IF_ERROR(server_.Execute(globals));
    DCP_RETURN_IF_ERROR(server_.Execute("CREATE DATABASE t"));
    DCP_ASSIGN_OR_RETURN(session_, server_.Connect());
    DCP_RETURN_IF_ERROR(
        session_->Execute("SET NAMES utf8mb4, sql_mode = '', time_zone = '+00:00'"));
    DCP_RETURN_IF_ERROR(CreateTables());
    for (int image = 0; image < 3; ++image) {
      DCP_RETURN_IF_ERROR(
          session_->Execute(absl::StrCat("SET SESSION binlog_row_image = ", kImages[image])));
      for (const TypeCase& type : mysql::TypeCatalogue()) {
        if (type.On(flavour_)) DCP_RETURN_IF_ERROR(PlayType(type, image, played));
      }
    }
    DCP_RETURN_IF_ERROR(session_->Execute("SET SESSION binlog_row_image = FULL"));
    for (const WideCase& wide : mysql::WideCatalogue()) {
      if (wide.On(flavour_)) DCP_RETURN_IF_ERROR(PlayWide(wide, played));
    }
    return Read(played);
  }

 private:
  absl::Status CreateTables() {
    for (const TypeCase& type : mysql::TypeCatalogue()) {
      if (!type.On(flavour_)) continue;
      if (type.old_temporal) {
        DCP_RETURN_IF_ERROR(session_->Execute("SET GLOBAL mysql56_temporal_format = OFF"));
      }
      DCP_RETURN_IF_ERROR(session_->Execute(
          absl::Substitute("CREATE TABLE t.$0 (id INT PRIMARY KEY, v $1 DEFAULT NULL, "
                           "w $1 DEFAULT NULL, n INT)",
                           type.name, type.type)));
      if (type.old_temporal) {
        DCP_RETURN_IF_ERROR(session_->Execute("SET GLOBAL mysql56_temporal_format = ON"));
      }
    }
    return absl::OkStatus();
  }

  // Row 0 is of NULLs, row i has the literal i and in w the next one; the last row is not told v
  // and w.
  absl::Status PlayType(const TypeCase& type, int image, Played* played) {
    std::vector<std::string> rows = {"(0,NULL,NULL,0)"};
    const size_t count = type.literals.size();
    for (size_t i = 0; i < count; ++i) {
      rows.push_back(absl::Substitute("($0,$1,$2,0)", i + 1, type.literals[i],
                                      type.literals[(i + 1) % count]));
    }
    Expected expected{&type, image, {}, {}};
    DCP_RETURN_IF_ERROR(session_->Execute(
        absl::StrCat("INSERT INTO t.", type.name, " VALUES ", absl::StrJoin(rows, ","))));
    DCP_RETURN_IF_ERROR(session_->Execute(
        absl::Substitute("INSERT INTO t.$0 (id) VALUES ($1)", type.name, count + 1)));
    DCP_ASSIGN_OR_RETURN(expected.inserted, Select(type));
    DCP_RETURN_IF_ERROR(
        session_->Execute(absl::StrCat("UPDATE t.", type.name, " SET v = w, n = 1 ORDER BY id")));
    DCP_ASSIGN_OR_RETURN(expected.updated, Select(type));
    DCP_RETURN_IF_ERROR(
        session_->Execute(absl::StrCat("DELETE FROM t.", type.name, " ORDER BY id")));
    played->expected.push_back(std::move(expected));
    return absl::OkStatus();
  }

  absl::Status PlayWide(const WideCase& wide, Played* played) {
    std::vector<std::string> names = {"id"}, definitions = {"id INT PRIMARY KEY"}, shown = {"id"};
    for (size_t i = 0; i < wide.columns.size(); ++i) {
      names.push_back(absl::StrCat("c", i));
      definitions.push_back(absl::StrCat(names.back(), " ", wide.columns[i].type));
      shown.push_back(absl::Substitute(wide.columns[i].select, names.back()));
    }
    DCP_RETURN_IF_ERROR(session_->Execute(
        absl::StrCat("CREATE TABLE t.", wide.name, " (", absl::StrJoin(definitions, ","), ")")));
    for (size_t i = 0; i < wide.rows.size(); ++i) {
      DCP_RETURN_IF_ERROR(session_->Execute(absl::Substitute("INSERT INTO t.$0 ($1) VALUES ($2,$3)",
                                                             wide.name, absl::StrJoin(names, ","),
                                                             i, absl::StrJoin(wide.rows[i], ","))));
    }
    DCP_ASSIGN_OR_RETURN(const test::Rows rows,
                         session_->Query(absl::Substitute("SELECT $1 FROM t.$0 ORDER BY id",
                                                          wide.name, absl::StrJoin(shown, ","))));
    ExpectedWide& expected = played->wide.emplace_back(ExpectedWide{wide.name, {}});
    for (const test::Row& row : rows) {
      std::vector<std::string>& elements = expected.rows.emplace_back();
      elements.push_back(*row[0]);
      for (size_t i = 1; i < row.size(); ++i) {
        elements.push_back(mysql::CanonicalElement(wide.columns[i - 1].form, "", row[i]));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<State> Select(const TypeCase& type) {
    DCP_ASSIGN_OR_RETURN(const test::Rows rows, session_->Query(absl::Substitute(
                                                    "SELECT id, $1, $2, n FROM t.$0 ORDER BY id",
                                                    type.name, absl::Substitute(type.select, "v"),
                                                    absl::Substitute(type.select, "w"))));
    State state;
    for (const test::Row& row : rows) {
      state[std::atoi(row[kId]->c_str())] = {
          *row[kId], mysql::CanonicalElement(type.form, type.raw, row[kV]),
          mysql::CanonicalElement(type.form, type.raw, row[kW]), row[kN].value_or("null")};
    }
    return state;
  }

  absl::Status Read(Played* played) {
    const BinlogRun run = RunBinlogOnce(LiveBinlog(server_, BinlogArgs::Format::kJsonl));
    played->err = run.err;
    std::map<std::string, size_t> seen;
    std::map<std::string, size_t> rows;
    for (const Expected& e : played->expected) rows[e.type->name] = 3 * e.inserted.size();
    for (const ExpectedWide& e : played->wide) rows[e.table] = e.rows.size();
    for (const std::string& text : run.lines()) {
      Line line = ToLine(text);
      const int image = static_cast<int>(seen[line.table]++ / rows[line.table]);
      played->lines[{line.table, image}].push_back(std::move(line));
      ++played->rows;
    }
    return run.status;
  }

  MysqlServer& server_;
  const Flavour flavour_;
  std::unique_ptr<test::Session> session_;
};

Played PlayOn(const Setup& setup) {
  Played played;
  std::unique_ptr<MysqlServer> own;
  if (setup.flavour != Flavour::kMysql97) {
    auto started = MysqlServer::Start({.flavour = setup.flavour});
    played.status = started.status();
    if (!started.ok()) return played;
    own = *std::move(started);
  } else {
    played.status = test::SharedServers::Reset();
    if (!played.status.ok()) return played;
  }
  MysqlServer& server = own ? *own : test::SharedServers::Pair().source();
  played.status = Player(server, setup.flavour).Play(setup.globals, &played);
  return played;
}

// Each is played once, when the first test asks for it.
const Played& PlayedOn(const std::string& name) {
  static auto& all = *new std::map<std::string, Played>;
  for (const Setup& setup : Setups()) {
    if (setup.name == name && all.count(name) == 0) all[name] = PlayOn(setup);
  }
  return all.at(name);
}

enum class Op { kInsert, kUpdate, kDelete };

// Whether an image has the column: what the manuals of the servers say of binlog_row_image.
bool IsPresent(const Expected& e, Op op, bool after, Column column, bool told) {
  const bool is_value = column == kV || column == kW;
  const bool set = op == Op::kInsert ? told || column == kId : column == kV || column == kN;
  switch (e.image) {
    case 0:
      return true;
    case 1:
      return after ? set : column == kId;
    default:
      return !(e.type->blob && is_value) || (after && set);
  }
}

class CatalogueTest : public ::testing::TestWithParam<Setup> {
 protected:
  static void ExpectImage(const Expected& e, Op op, bool after, const State& state, int id,
                          const std::vector<std::string>& image) {
    ASSERT_EQ(image.size(), kColumns);
    const bool told = id + 1 < static_cast<int>(e.inserted.size());
    for (const Column column : {kId, kV, kW, kN}) {
      const TextForm form = column == kV || column == kW ? e.type->form : TextForm::kNumber;
      const bool present = IsPresent(e, op, after, column, told);
      ASSERT_EQ(Comparable(form, image[column]), present ? state.at(id)[column] : kAbsent)
          << "column " << column << " " << (after ? "after" : "before") << ", "
          << (told && id > 0 ? e.type->literals[static_cast<size_t>(id) - 1] : "NULL");
    }
  }

  static void ExpectLines(const Expected& e, const std::vector<Line>& lines) {
    const size_t rows = e.inserted.size();
    ASSERT_EQ(lines.size(), 3 * rows);
    for (size_t i = 0; i < rows; ++i) {
      const int id = static_cast<int>(i);
      const Line &insert = lines[i], &update = lines[rows + i], &remove = lines[2 * rows + i];
      ASSERT_EQ(insert.op + update.op + remove.op, "INSERTUPDATEDELETE");
      EXPECT_TRUE(insert.before.empty() && remove.after.empty());
      ExpectImage(e, Op::kInsert, true, e.inserted, id, insert.after);
      ExpectImage(e, Op::kUpdate, false, e.inserted, id, update.before);
      ExpectImage(e, Op::kUpdate, true, e.updated, id, update.after);
      ExpectImage(e, Op::kDelete, false, e.updated, id, remove.before);
      if (HasFatalFailure()) return;
    }
  }
};

TEST_P(CatalogueTest, EveryImageIsWhatSelectSays) {
  const Played& played = PlayedOn(GetParam().name);
  ASSERT_OK(played.status) << played.err;
  EXPECT_EQ(played.err, "");
  for (const Expected& e : played.expected) {
    SCOPED_TRACE(absl::StrCat(e.type->name, " ", kImages[e.image]));
    const auto lines = played.lines.find({e.type->name, e.image});
    ASSERT_NE(lines, played.lines.end());
    ExpectLines(e, lines->second);
    if (HasFatalFailure()) break;  // one table's is enough to read
  }
  for (const ExpectedWide& e : played.wide) {
    SCOPED_TRACE(e.table);
    const std::vector<Line>& lines = played.lines.at({e.table, 0});
    ASSERT_EQ(lines.size(), e.rows.size());
    for (size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i].after, e.rows[i]);
  }
  EXPECT_GE(played.wide.size(), 2u);
  EXPECT_GE(played.rows, 3000);
  RecordProperty("rows", absl::StrCat(played.rows));
}

INSTANTIATE_TEST_SUITE_P(, CatalogueTest, ::testing::ValuesIn(Setups()),
                         [](const auto& c) { return std::string(c.param.name); });

// The elements of v of the inserted rows with whole images, by table.
std::map<std::string, std::vector<std::string>> Values(const Played& played) {
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& [key, lines] : played.lines) {
    for (const Line& line : lines) {
      if (key.second != 0 || line.op != "INSERT") continue;
      if (line.after.size() == kColumns) {
        values[key.first].push_back(line.after[kV]);
      } else {  // a wide one
        values[key.first].push_back(absl::StrJoin(line.after, ","));
      }
    }
  }
  return values;
}

TEST(CatalogueServersTest, TheSameDataIsTheSameTextOnEveryServer) {
  const auto mysql97 = Values(PlayedOn("Mysql97FullMetadata"));
  ASSERT_FALSE(mysql97.empty());
  for (const char* other : {"Mysql97MinimalMetadata", "Mysql97Compressed", "Mysql56",
                            "MariaDbNoMetadata", "MariaDbFullMetadataCompressed"}) {
    size_t compared = 0;
    for (const auto& [table, values] : Values(PlayedOn(other))) {
      const auto same = mysql97.find(table);
      if (same == mysql97.end()) continue;
      EXPECT_EQ(values, same->second) << table << " on " << other;
      compared += values.size();
    }
    EXPECT_GE(compared, 150u) << other;
  }
}

// MariaDB's forms of before 10.1 are only other bytes.
TEST(CatalogueServersTest, OldFormsOfDatesAreTheSameText) {
  const auto mysql97 = Values(PlayedOn("Mysql97FullMetadata"));
  const auto mariadb = Values(PlayedOn("MariaDbNoMetadata"));
  for (const std::string type : {"TIME", "DATETIME", "TIMESTAMP"}) {
    for (int digits = 0; digits <= 6; ++digits) {
      EXPECT_EQ(mariadb.at(absl::StrCat("old_", type, digits)),
                mysql97.at(absl::StrCat("new_", type, digits)))
          << type << digits;
    }
  }
}

}  // namespace
}  // namespace dcp::cmd
