#include "verifier/table_plan.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/column_type.h"
#include "verifier/cell.h"
#include "verifier/column_value.h"

namespace dcp::verifier {
namespace {

using mysql::Column;
using mysql::TableSchema;
using Names = std::vector<std::string>;
using KeyKind = TableSchema::KeyKind;

const RenamedColumns& RenamedOf(const PlanInput& input, size_t source) {
  static const RenamedColumns kNone;
  return source < input.renamed.size() ? input.renamed[source] : kNone;
}

Names KeyNames(const PlanInput& input, size_t source) {
  const TableSchema& schema = input.source[source];
  Names names;
  for (const uint32_t i : schema.key_columns) {
    names.push_back(ComparedName(RenamedOf(input, source), schema.columns[i].name));
  }
  return names;
}

absl::StatusOr<Names> ChooseKey(const PlanInput& input) {
  const TableSchema& first = input.source[0];
  if (first.key_kind == KeyKind::kNone || first.key_kind == KeyKind::kUnknown) {
    return absl::FailedPreconditionError(absl::StrCat(
        first.database, ".", first.name,
        " has neither a primary key nor a unique key without NULLs: its rows cannot be looked up"));
  }
  Names key = KeyNames(input, 0);
  for (size_t i = 1; i < input.source.size(); ++i) {
    const TableSchema& other = input.source[i];
    if (KeyNames(input, i) == key) continue;
    return absl::FailedPreconditionError(absl::StrCat(first.database, ".", first.name, " and ",
                                                      other.database, ".", other.name,
                                                      " of the source have different keys"));
  }
  return key;
}

bool IsEverywhere(const PlanInput& input, absl::string_view name) {
  for (size_t i = 0; i < input.source.size(); ++i) {
    if (FindColumn(input.source[i], RenamedOf(input, i), name) == nullptr) return false;
  }
  return std::all_of(input.target.begin(), input.target.end(), [&](const TableSchema& schema) {
    return FindColumn(schema, {}, name) != nullptr;
  });
}

Names ChooseColumns(const PlanInput& input) {
  Names names;
  const auto add = [&](const std::string& name) {
    if (!ContainsName(input.ignored, name) && IsEverywhere(input, name)) names.push_back(name);
  };
  for (const std::string& name : input.columns) add(name);
  if (!input.columns.empty()) return names;
  for (const Column& column : input.source[0].columns) {
    add(ComparedName(RenamedOf(input, 0), column.name));
  }
  return names;
}

// The places of the key's columns in `names` from `begin` on, to which those that lack are added.
std::vector<uint32_t> AddKey(const Names& key, size_t begin, Names* names) {
  std::vector<uint32_t> places;
  for (const std::string& name : key) {
    const auto first = names->begin() + static_cast<std::ptrdiff_t>(begin);
    const auto found = std::find_if(
        first, names->end(), [&](const std::string& n) { return absl::EqualsIgnoreCase(n, name); });
    places.push_back(static_cast<uint32_t>(found - names->begin()));
    if (found == names->end()) names->push_back(name);
  }
  return places;
}

absl::StatusOr<TableRead> ToRead(const TableSchema& schema, const RenamedColumns& renamed,
                                 const Names& names) {
  TableRead read{{schema.database, schema.name}, {}, {}, renamed};
  for (const std::string& name : names) {
    const Column* column = FindColumn(schema, renamed, name);
    if (column == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat(read.name.ToString(), " lacks the key column ", name, " of the source"));
    }
    DCP_RETURN_IF_ERROR(Annotate(CheckReadable(*column), read.name.ToString()));
    read.columns.push_back(*column);
  }
  return read;
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
  // Those whose bytes are compared are read once more, as values.
  plan.key = AddKey(key, input.bytes && !plan.keyless ? plan.compared : 0, &names);
  for (size_t i = 0; i < input.source.size(); ++i) {
    DCP_ASSIGN_OR_RETURN(TableRead read, ToRead(input.source[i], RenamedOf(input, i), names));
    plan.source.push_back(std::move(read));
  }
  for (const TableSchema& schema : input.target) {
    DCP_ASSIGN_OR_RETURN(TableRead read, ToRead(schema, {}, names));
    plan.target.push_back(std::move(read));
  }
  ChooseWidths(&plan);
  for (auto* side : {&plan.source, &plan.target}) {
    for (TableRead& table : *side) table.exact = input.bytes ? plan.compared : 0;
  }
  return plan;
}

std::string SelectFrom(const TableRead& table) {
  std::string columns;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    absl::StrAppend(&columns, i == 0 ? "" : ", ",
                    i < table.exact ? ExactExpression(column) : SelectExpression(column));
  }
  for (size_t i = 0; i < table.exact; ++i) {
    absl::StrAppend(&columns, i == 0 ? ", CONCAT(" : ", ", mysql::QuoteName(table.columns[i].name),
                    " IS NULL", i + 1 == table.exact ? ")" : "");
  }
  return absl::StrCat("SELECT ", columns, " FROM ", mysql::QuoteName(table.name.database), ".",
                      mysql::QuoteName(table.name.name));
}

absl::Status ToExactValue(const TableRead& table, size_t i,
                          const std::optional<absl::string_view>& bytes,
                          const std::optional<absl::string_view>& nulls, model::Value* value) {
  const bool told = nulls.has_value() && nulls->size() == table.exact &&
                    (*nulls)[i] == (bytes.has_value() ? '0' : '1');
  if (!told) {
    return absl::DataLossError(
        absl::StrCat("column ", table.columns[i].name,
                     ": the bytes of a value cannot be read: it may be longer than the server's "
                     "max_allowed_packet"));
  }
  ToBytesValue(bytes, value);
  return absl::OkStatus();
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
