#include "verifier/row_reader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "barrier/barrier_table.h"
#include "base/status.h"
#include "verifier/row_fetch.h"
#include "verifier/row_key.h"
#include "verifier/side_session.h"
#include "verifier/table_plan.h"

namespace dcp::verifier {
namespace {

using model::RowAnswer;
using model::RowRequest;

bool SameRow(const RowState& a, const RowState& b) {
  return a.row.exists == b.row.exists && a.row.content == b.row.content;
}

void Add(std::vector<std::string> names, std::vector<std::string>* all) {
  all->insert(all->end(), std::make_move_iterator(names.begin()),
              std::make_move_iterator(names.end()));
}

RowAnswer Undecided(const absl::Status& status) {
  RowAnswer answer;
  answer.detail = std::string(status.message());
  return answer;
}

// REQUIRES: all states are OK.
RowAnswer Compare(const RowState& first, const RowState& target, const RowState& second) {
  RowAnswer answer;
  answer.source = second.row;
  answer.target = target.row;
  if (SameRow(first, target)) {
    answer.kind = RowAnswer::Kind::kEqual;
    answer.source = first.row;
  } else if (SameRow(second, target)) {
    answer.kind = RowAnswer::Kind::kEqual;
  } else if (SameRow(first, second)) {
    answer.kind = RowAnswer::Kind::kDifferent;
  } else {
    answer.detail = "the source's row changed between two reads";
  }
  return answer;
}

// The tables of one side that are the logical table `logical`, and the columns that their
// rules ignore.
struct Found {
  std::vector<TableName> tables;
  std::vector<std::string> ignored;
};

void Take(const TableRule& rule, const TableName& table, Found* found) {
  if (std::find(found->tables.begin(), found->tables.end(), table) != found->tables.end()) return;
  found->tables.push_back(table);
  Add(rule.ignore_columns, &found->ignored);
}

absl::Status TakeListed(const std::vector<TableRule>& rules, const std::string& logical,
                        SideSession& session, Found* found) {
  DCP_ASSIGN_OR_RETURN(
      const mysql::Rows rows,
      session.Query("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES "
                    "WHERE TABLE_TYPE LIKE '%BASE TABLE' ORDER BY TABLE_SCHEMA, TABLE_NAME"));
  for (const mysql::Row& row : rows) {
    const TableName table{row[0].value_or(""), row[1].value_or("")};
    const TableRule* rule = FindRule(rules, table);
    if (rule != nullptr && rule->as == logical) Take(*rule, table, found);
  }
  return absl::OkStatus();
}

// Only patterns that gather tables under one name need the server's list.
absl::StatusOr<Found> FindTables(const std::vector<TableRule>& rules, const std::string& logical,
                                 SideSession& session) {
  Found found;
  const TableName own = SplitTableName(logical);
  const TableRule* rule = FindRule(rules, own);
  if (rules.empty()) found.tables.push_back(own);
  if (rule != nullptr && rule->as.empty()) Take(*rule, own, &found);
  bool listed = false;
  for (const TableRule& r : rules) {
    if (r.as != logical) continue;
    const TableName name = SplitTableName(r.match);
    if (HasWildcard(r)) {
      listed = true;
    } else if (FindRule(rules, name) == &r) {
      Take(r, name, &found);
    }
  }
  if (listed) DCP_RETURN_IF_ERROR(TakeListed(rules, logical, session, &found));
  return found;
}

}  // namespace

struct RowReader::Sessions {
  SideSession source;
  SideSession target;
};

// One call of Read().
class RowReader::Pass {
 public:
  Pass(const Options& options, Sessions& sessions, const std::vector<RowRequest>& requests)
      : options_(options), sessions_(sessions), requests_(requests), answers_(requests.size()) {}

  std::vector<RowAnswer> Run() {
    std::map<const model::Table*, std::vector<size_t>> by_table;
    for (size_t i = 0; i < requests_.size(); ++i) by_table[requests_[i].table].push_back(i);
    for (const auto& [table, indexes] : by_table) ReadTable(table, indexes);
    return std::move(answers_);
  }

 private:
  void ReadTable(const model::Table* table, const std::vector<size_t>& indexes) {
    const absl::StatusOr<TablePlan> plan = Plan(table);
    if (!plan.ok()) {
      for (const size_t i : indexes) answers_[i] = Undecided(plan.status());
      return;
    }
    table_ = table;
    std::vector<Lookup> lookups = ToLookups(indexes);
    for (size_t begin = 0; begin < lookups.size(); begin += kRowsPerStatement) {
      const auto first = lookups.begin() + static_cast<std::ptrdiff_t>(begin);
      const size_t count = std::min(kRowsPerStatement, lookups.size() - begin);
      ReadRows(*plan, {first, first + static_cast<std::ptrdiff_t>(count)});
    }
  }

  absl::StatusOr<TablePlan> Plan(const model::Table* table) {
    if (table == nullptr) return absl::InvalidArgumentError("a pushed row cannot be read");
    if (table->keyless) {
      return absl::FailedPreconditionError(
          absl::StrCat(table->name, " has no key: its rows cannot be looked up"));
    }
    PlanInput input{table->name, table->columns, {}, {}, {}, false};
    DCP_RETURN_IF_ERROR(
        ReadSchemas(options_.source, sessions_.source, table->name, &input.source, &input.ignored));
    DCP_RETURN_IF_ERROR(
        ReadSchemas(options_.target, sessions_.target, table->name, &input.target, &input.ignored));
    return MakePlan(input);
  }

  absl::Status ReadSchemas(const Side& side, SideSession& session, const std::string& logical,
                           std::vector<mysql::TableSchema>* schemas,
                           std::vector<std::string>* ignored) {
    DCP_ASSIGN_OR_RETURN(const Found found, FindTables(side.tables, logical, session));
    for (const TableName& table : found.tables) {
      DCP_ASSIGN_OR_RETURN(mysql::TableSchema schema, session.ReadSchema(table));
      schemas->push_back(std::move(schema));
    }
    Add(found.ignored, ignored);
    return absl::OkStatus();
  }

  std::vector<Lookup> ToLookups(const std::vector<size_t>& indexes) {
    std::vector<Lookup> lookups;
    for (const size_t i : indexes) {
      const std::string& text = requests_[i].key_text;
      if (options_.key_format == row::KeyFormat::kGravity) {
        lookups.push_back({i, text, {{KeyPart::Kind::kRaw, text}}});
        continue;
      }
      absl::StatusOr<std::vector<KeyPart>> key = ParseKeyText(table_->name, text);
      if (key.ok()) {
        lookups.push_back({i, text, *std::move(key)});
      } else {
        answers_[i] = Undecided(key.status());
      }
    }
    return lookups;
  }

  void ReadRows(const TablePlan& plan, const std::vector<Lookup>& lookups) {
    const std::vector<RowState> source = ReadSide(plan, plan.source, sessions_.source, lookups);
    const std::vector<RowState> target = ReadSide(plan, plan.target, sessions_.target, lookups);
    std::vector<Lookup> unequal;
    for (size_t i = 0; i < lookups.size(); ++i) {
      if (source[i].status.ok() && target[i].status.ok() && !SameRow(source[i], target[i])) {
        unequal.push_back(lookups[i]);
      }
    }
    std::vector<RowState> again;
    if (!unequal.empty()) {
      if (options_.before_second_read) options_.before_second_read();
      again = ReadSide(plan, plan.source, sessions_.source, unequal);
    }
    for (size_t i = 0, u = 0; i < lookups.size(); ++i) {
      const bool is_unequal = u < unequal.size() && unequal[u].request == lookups[i].request;
      const RowState& second = is_unequal ? again[u++] : source[i];
      answers_[lookups[i].request] = Answer(source[i], target[i], second);
    }
  }

  static RowAnswer Answer(const RowState& first, const RowState& target, const RowState& second) {
    for (const RowState* state : {&first, &target, &second}) {
      if (!state->status.ok()) return Undecided(state->status);
    }
    return Compare(first, target, second);
  }

  std::vector<RowState> ReadSide(const TablePlan& plan, const std::vector<TableRead>& tables,
                                 SideSession& session, const std::vector<Lookup>& lookups) {
    return FetchRows(plan, tables, {table_->name, options_.key_format}, session, lookups);
  }

  const Options& options_;
  Sessions& sessions_;
  const std::vector<RowRequest>& requests_;
  std::vector<RowAnswer> answers_;
  const model::Table* table_ = nullptr;  // that is being read
};

RowReader::RowReader(Options options)
    : options_(std::move(options)),
      sessions_(new Sessions{SideSession(options_.source.connection, options_.statement_timeout),
                             SideSession(options_.target.connection, options_.statement_timeout)}) {
}

RowReader::~RowReader() = default;

std::vector<RowAnswer> RowReader::Read(const std::vector<RowRequest>& requests) {
  sessions_->source.AllowConnecting();
  sessions_->target.AllowConnecting();
  target_barrier_.reset();
  const absl::StatusOr<mysql::Rows> barrier =
      sessions_->target.Query(barrier::SelectOffset(options_.barrier_id));
  uint64_t offset = 0;
  if (barrier.ok() && !barrier->empty() &&
      absl::SimpleAtoi((*barrier)[0][0].value_or(""), &offset)) {
    target_barrier_ = offset;
  }
  return Pass(options_, *sessions_, requests).Run();
}

}  // namespace dcp::verifier
