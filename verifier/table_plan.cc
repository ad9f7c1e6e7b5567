#include "verifier/table_plan.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "mysql/column_type.h"
#include "verifier/column_value.h"

namespace dcp::verifier {
namespace {

using mysql::Column;
using mysql::TableSchema;
using Names = std::vector<std::string>;
using KeyKind = TableSchema::KeyKind;

const Column* FindColumn(const TableSchema& schema, absl::string_view name) {
  const auto found =
      std::find_if(schema.columns.begin(), schema.columns.end(),
                   [&](const Column& c) { return absl::EqualsIgnoreCase(c.name, name); });
  return found == schema.columns.end() ? nullptr : &*found;
}

bool Contains(const Names& names, absl::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& n) { return absl::EqualsIgnoreCase(n, name); });
}

Names KeyNames(const TableSchema& schema) {
  Names names;
  for (const uint32_t i : schema.key_columns) names.push_back(schema.columns[i].name);
  return names;
}

absl::StatusOr<Names> ChooseKey(const PlanInput& input) {
  const TableSchema& first = input.source[0];
  if (first.key_kind == KeyKind::kNone || first.key_kind == KeyKind::kUnknown) {
    return absl::FailedPreconditionError(absl::StrCat(
        first.database, ".", first.name,
        " has neither a primary key nor a unique key without NULLs: its rows cannot be looked up"));
  }
  Names key = KeyNames(first);
  for (const TableSchema& other : input.source) {
    if (KeyNames(other) == key) continue;
    return absl::FailedPreconditionError(absl::StrCat(first.database, ".", first.name, " and ",
                                                      other.database, ".", other.name,
                                                      " of the source have different keys"));
  }
  return key;
}

Names ChooseColumns(const PlanInput& input) {
  Names names;
  const auto everywhere = [&](absl::string_view name) {
    const auto has = [&](const TableSchema& s) { return FindColumn(s, name) != nullptr; };
    return std::all_of(input.source.begin(), input.source.end(), has) &&
           std::all_of(input.target.begin(), input.target.end(), has);
  };
  const auto add = [&](const std::string& name) {
    if (!Contains(input.ignored, name) && everywhere(name)) names.push_back(name);
  };
  for (const std::string& name : input.columns) add(name);
  if (!input.columns.empty()) return names;
  for (const Column& column : input.source[0].columns) add(column.name);
  return names;
}

// The places of the key's columns in `names`, to which those that lack are added.
std::vector<uint32_t> AddKey(const Names& key, Names* names) {
  std::vector<uint32_t> places;
  for (const std::string& name : key) {
    const auto found = std::find_if(names->begin(), names->end(), [&](const std::string& n) {
      return absl::EqualsIgnoreCase(n, name);
    });
    places.push_back(static_cast<uint32_t>(found - names->begin()));
    if (found == names->end()) names->push_back(name);
  }
  return places;
}

absl::StatusOr<TableRead> ToRead(const TableSchema& schema, const Names& names) {
  TableRead read{{schema.database, schema.name}, {}, {}};
  for (const std::string& name : names) {
    const Column* column = FindColumn(schema, name);
    if (column == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat(read.name.ToString(), " lacks the key column ", name, " of the source"));
    }
    DCP_RETURN_IF_ERROR(Annotate(CheckReadable(*column), read.name.ToString()));
    read.columns.push_back(*column);
  }
  return read;
}

absl::Status AppendReads(const std::vector<TableSchema>& schemas, const Names& names,
                         std::vector<TableRead>* reads) {
  for (const TableSchema& schema : schemas) {
    DCP_ASSIGN_OR_RETURN(TableRead read, ToRead(schema, names));
    reads->push_back(std::move(read));
  }
  return absl::OkStatus();
}

void ChooseWidths(TablePlan* plan) {
  plan->float_width.assign(plan->compared, false);
  for (const auto* side : {&plan->source, &plan->target}) {
    for (const TableRead& table : *side) {
      for (size_t i = 0; i < plan->compared; ++i) {
        if (table.columns[i].type == mysql::kTypeFloat) plan->float_width[i] = true;
      }
    }
  }
}

}  // namespace

absl::StatusOr<TablePlan> MakePlan(const PlanInput& input) {
  if (input.source.empty() || input.target.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "no table of the ", input.source.empty() ? "source" : "target", " is ", input.logical));
  }
  TablePlan plan;
  plan.keyless = input.allow_keyless && input.source[0].key_kind == KeyKind::kNone;
  Names names = ChooseColumns(input);
  Names key = names;
  if (!plan.keyless) {
    DCP_ASSIGN_OR_RETURN(key, ChooseKey(input));
  }
  plan.compared = names.size();
  plan.key = AddKey(key, &names);
  DCP_RETURN_IF_ERROR(AppendReads(input.source, names, &plan.source));
  DCP_RETURN_IF_ERROR(AppendReads(input.target, names, &plan.target));
  ChooseWidths(&plan);
  return plan;
}

std::string SelectFrom(const TableRead& table) {
  const std::string columns = absl::StrJoin(
      table.columns, ", ",
      [](std::string* out, const Column& column) { out->append(SelectExpression(column)); });
  return absl::StrCat("SELECT ", columns, " FROM ", mysql::QuoteName(table.name.database), ".",
                      mysql::QuoteName(table.name.name));
}

std::string WhereOf(const TableRead& table, absl::string_view condition) {
  if (table.where.empty() && condition.empty()) return "";
  if (table.where.empty()) return absl::StrCat(" WHERE ", condition);
  return absl::StrCat(" WHERE (", table.where, ")", condition.empty() ? "" : " AND ", condition);
}

absl::StatusOr<std::optional<std::string>> KeyCondition(const TablePlan& plan,
                                                        const TableRead& table,
                                                        const std::vector<KeyPart>& key) {
  if (key.size() != plan.key.size()) {
    return absl::InvalidArgumentError(absl::StrCat("the key has ", key.size(), " values, but ",
                                                   plan.key.size(),
                                                   " columns are the table's key now"));
  }
  std::string condition = "(";
  for (size_t i = 0; i < key.size(); ++i) {
    const Column& column = table.columns[plan.key[i]];
    DCP_ASSIGN_OR_RETURN(const std::optional<std::string> literal, KeyLiteral(column, key[i]));
    if (!literal.has_value()) return std::nullopt;
    absl::StrAppend(&condition, i == 0 ? "" : " AND ", mysql::QuoteName(column.name), " = ",
                    *literal);
  }
  condition.push_back(')');
  return condition;
}

}  // namespace dcp::verifier
