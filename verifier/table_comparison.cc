#include "verifier/table_comparison.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "mysql/charset.h"
#include "mysql/column_type.h"

namespace dcp::verifier {
namespace {

using mysql::Column;
using mysql::TableSchema;

// Types of one family can hold equal values.
enum class Family : uint8_t {
  kNumber,
  kDecimal,
  kDate,
  kDatetime,
  kTimestamp,
  kTime,
  kText,
  kBytes,
  kJson,
};

Family FamilyOf(const Column& column) {
  switch (column.type) {
    case mysql::kTypeNewDecimal:
      return Family::kDecimal;
    case mysql::kTypeDate:
      return Family::kDate;
    case mysql::kTypeDatetime2:
      return Family::kDatetime;
    case mysql::kTypeTimestamp2:
      return Family::kTimestamp;
    case mysql::kTypeTime2:
      return Family::kTime;
    case mysql::kTypeEnum:
    case mysql::kTypeSet:
      return Family::kText;
    case mysql::kTypeJson:
      return Family::kJson;
    case mysql::kTypeGeometry:
    case mysql::kTypeVector:
      return Family::kBytes;
    case mysql::kTypeString:
    case mysql::kTypeVarchar:
    case mysql::kTypeBlob:
      return column.collation == mysql::kBinaryCollation ? Family::kBytes : Family::kText;
    default:
      return Family::kNumber;
  }
}

std::string NameOf(const TableSchema& schema) {
  return absl::StrCat(schema.database, ".", schema.name);
}

// A table of one side, and the names of its columns there.
struct SideTable {
  const TableSchema& schema;
  const RenamedColumns& renamed;
  absl::string_view side;

  std::string ToString() const { return absl::StrCat(NameOf(schema), " on the ", side); }
};

class SchemaComparer {
 public:
  explicit SchemaComparer(const std::vector<std::string>& ignored) : ignored_(ignored) {}

  // Of each column of `one`, what `other` has in its place.
  void Compare(const SideTable& one, const SideTable& other) {
    for (const Column& column : one.schema.columns) {
      const std::string name = ComparedName(one.renamed, column.name);
      if (ContainsName(ignored_, name) || ContainsName(found_.columns, name)) continue;
      const Column* const same = FindColumn(other.schema, other.renamed, name);
      if (same == nullptr) {
        Add(name, absl::StrCat("column ", column.name, " of ", one.ToString(), " is missing in ",
                               other.ToString()));
      } else if (FamilyOf(column) != FamilyOf(*same)) {
        Add(name, absl::StrCat("column ", name, " is ", mysql::TypeName(column.type), " in ",
                               one.ToString(), " and ", mysql::TypeName(same->type), " in ",
                               other.ToString(), ", which have no value in common"));
      }
    }
  }

  SchemaDifferences Take() { return std::move(found_); }

 private:
  void Add(const std::string& name, const std::string& line) {
    found_.columns.push_back(name);
    found_.lines.push_back(absl::StrCat(line, ": not compared"));
  }

  const std::vector<std::string>& ignored_;
  SchemaDifferences found_;
};

// As they are called in comparisons; empty: no key.
std::vector<std::string> KeyNames(const TableSchema& schema, const RenamedColumns& renamed) {
  std::vector<std::string> names;
  for (const uint32_t i : schema.key_columns) {
    names.push_back(ComparedName(renamed, schema.columns[i].name));
  }
  return names;
}

// What of a key is not ignored, so that keys of the same columns are equal.
std::vector<std::string> Sorted(const std::vector<std::string>& names,
                                const std::vector<std::string>& ignored) {
  std::vector<std::string> sorted;
  for (const std::string& name : names) {
    if (!ContainsName(ignored, name)) sorted.push_back(absl::AsciiStrToLower(name));
  }
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::string KeyText(const std::vector<std::string>& names) {
  return names.empty() ? "none" : absl::StrCat("(", absl::StrJoin(names, ", "), ")");
}

std::vector<std::string> KeyNames(const TablePlan& plan, const TableRead& table) {
  std::vector<std::string> names;
  for (const uint32_t i : plan.key) names.push_back(table.columns[i].name);
  return names;
}

absl::StatusOr<std::vector<TableSchema>> ReadSchemas(const std::vector<TableName>& tables,
                                                     SideSession& session) {
  std::vector<TableSchema> schemas;
  for (const TableName& table : tables) {
    DCP_ASSIGN_OR_RETURN(TableSchema schema, session.ReadSchema(table));
    schemas.push_back(std::move(schema));
  }
  return schemas;
}

class Planner {
 public:
  Planner(const TableTask& task, SideSession& source, SideSession& target)
      : task_(task), source_(source), target_(target) {}

  absl::StatusOr<TableComparison> Plan() {
    DCP_ASSIGN_OR_RETURN(result_.source_schemas, ReadSchemas(task_.source, source_));
    DCP_ASSIGN_OR_RETURN(result_.target_schemas, ReadSchemas({task_.target}, target_));
    for (size_t i = 0; i < task_.renamed.size(); ++i) {
      DCP_RETURN_IF_ERROR(CheckRenamed(result_.source_schemas[i], task_.renamed[i]));
    }
    SchemaDifferences differences = CompareSchemas(result_.source_schemas, task_.renamed,
                                                   result_.target_schemas, task_.ignore_columns);
    PlanInput input{task_.logical,
                    {},
                    std::move(differences.columns),
                    result_.source_schemas,
                    result_.target_schemas,
                    /*allow_keyless=*/true,
                    task_.renamed,
                    task_.bytes};
    input.ignored.insert(input.ignored.end(), task_.ignore_columns.begin(),
                         task_.ignore_columns.end());
    result_.all_columns = differences.columns.empty();
    result_.schema_differences = std::move(differences.lines);
    DCP_ASSIGN_OR_RETURN(result_.plan, MakePlan(input));
    for (size_t i = 0; i < task_.where.size(); ++i) result_.plan.source[i].where = task_.where[i];
    result_.plan.target[0].where = task_.target_where;
    if (!task_.key.empty()) DCP_RETURN_IF_ERROR(TakeOneRow());
    DCP_RETURN_IF_ERROR(ChoosePaging());
    NoteOtherKey();
    return std::move(result_);
  }

 private:
  // And those that the key's collation takes for the same.
  absl::Status TakeOneRow() {
    TablePlan& plan = result_.plan;
    if (plan.keyless) {
      return absl::FailedPreconditionError(
          absl::StrCat(task_.logical, " has no key: verify the whole table"));
    }
    DCP_ASSIGN_OR_RETURN(const std::vector<KeyPart> key,
                         ParseKeyText(task_.logical, absl::StrCat(task_.logical, task_.key)));
    for (auto* side : {&plan.source, &plan.target}) {
      for (TableRead& table : *side) {
        DCP_ASSIGN_OR_RETURN(const std::optional<std::string> condition,
                             KeyCondition(plan, table, key));
        table.where = condition.value_or("1 = 0");
      }
    }
    return absl::OkStatus();
  }

  absl::Status ChoosePaging() {
    if (result_.plan.keyless) {
      Unpage("neither a primary key nor a unique key without NULLs");
    } else if (!SameLabels()) {
      Unpage("an ENUM or SET in its key has other labels on the other side");
    }
    DCP_RETURN_IF_ERROR(FindIndexes(result_.plan.source, source_, &result_.source_index));
    DCP_RETURN_IF_ERROR(FindIndexes(result_.plan.target, target_, &result_.target_index));
    if (result_.paged) return absl::OkStatus();
    for (auto* indexes : {&result_.source_index, &result_.target_index}) {
      indexes->assign(indexes->size(), std::nullopt);
    }
    return absl::OkStatus();
  }

  // A unique index over the source's key is as good, whatever the target's own key is.
  void NoteOtherKey() {
    if (result_.target_index[0].has_value()) return;
    std::string line = CompareKeys(result_.source_schemas[0], task_.renamed[0],
                                   result_.target_schemas[0], task_.ignore_columns);
    if (!line.empty()) result_.schema_differences.push_back(std::move(line));
  }

  absl::Status FindIndexes(const std::vector<TableRead>& tables, SideSession& session,
                           std::vector<std::optional<PagingIndex>>* indexes) {
    for (const TableRead& table : tables) {
      indexes->emplace_back();
      if (!result_.paged) continue;
      DCP_ASSIGN_OR_RETURN(
          const mysql::Rows rows,
          session.Query(absl::StrCat("SHOW INDEX FROM ", mysql::QuoteName(table.name.database), ".",
                                     mysql::QuoteName(table.name.name))));
      indexes->back() = FindPagingIndex(rows, KeyNames(result_.plan, table));
      if (!indexes->back().has_value()) {
        Unpage(absl::StrCat("no index over the whole key in ", table.name.ToString(), " of ",
                            session.server()));
      }
    }
    return absl::OkStatus();
  }

  void Unpage(std::string why) {
    result_.paged = false;
    result_.unpaged_because = std::move(why);
  }

  bool SameLabels() const {
    const TableRead& first = result_.plan.source[0];
    for (const auto* side : {&result_.plan.source, &result_.plan.target}) {
      for (const TableRead& table : *side) {
        for (const uint32_t i : result_.plan.key) {
          if (table.columns[i].labels != first.columns[i].labels) return false;
        }
      }
    }
    return true;
  }

  const TableTask& task_;
  SideSession& source_;
  SideSession& target_;
  TableComparison result_;
};

absl::Status CheckSide(const std::vector<TableSchema>& before, SideSession& session) {
  for (const TableSchema& schema : before) {
    const absl::StatusOr<TableSchema> now = session.ReadSchema({schema.database, schema.name});
    if (absl::IsNotFound(now.status())) {
      return absl::FailedPreconditionError(absl::StrCat(session.server(), ": ", NameOf(schema),
                                                        " was dropped while it was compared"));
    }
    DCP_RETURN_IF_ERROR(now.status());
    if (*now == schema) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(session.server(), ": the definition of ", NameOf(schema),
                     " changed while it was compared; compare it again"));
  }
  return absl::OkStatus();
}

}  // namespace

SchemaDifferences CompareSchemas(const std::vector<TableSchema>& source,
                                 const std::vector<RenamedColumns>& renamed,
                                 const std::vector<TableSchema>& target,
                                 const std::vector<std::string>& ignored) {
  SchemaComparer comparer(ignored);
  const RenamedColumns none;
  for (size_t i = 0; i < source.size(); ++i) {
    const SideTable one{source[i], renamed[i], "source"};
    for (const TableSchema& schema : target) {
      const SideTable other{schema, none, "target"};
      comparer.Compare(one, other);
      comparer.Compare(other, one);
    }
  }
  return comparer.Take();
}

std::string CompareKeys(const TableSchema& source, const RenamedColumns& renamed,
                        const TableSchema& target, const std::vector<std::string>& ignored) {
  const std::vector<std::string> one = KeyNames(source, renamed);
  const std::vector<std::string> other = KeyNames(target, {});
  if (Sorted(one, ignored) == Sorted(other, ignored)) return "";
  return absl::StrCat("the key of ", NameOf(target), " is ", KeyText(one), " on the source and ",
                      KeyText(other), " on the target: rows are ",
                      one.empty() ? "counted by all their values" : "met by the source's");
}

absl::StatusOr<TableComparison> PlanComparison(const TableTask& task, SideSession& source,
                                               SideSession& target) {
  return Planner(task, source, target).Plan();
}

absl::Status CheckUnchanged(const TableComparison& comparison, SideSession& source,
                            SideSession& target) {
  DCP_RETURN_IF_ERROR(CheckSide(comparison.source_schemas, source));
  return CheckSide(comparison.target_schemas, target);
}

}  // namespace dcp::verifier
