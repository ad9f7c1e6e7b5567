// TableComparison: how one task's tables are compared: which columns, by which key, in pieces or
// at once, and what of the two schemas stands in the way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mysql/table_schema.h"
#include "verifier/job_tables.h"
#include "verifier/key_range.h"
#include "verifier/side_session.h"
#include "verifier/table_plan.h"

namespace dcp::verifier {

// Columns that are not compared though nobody asked for that, one line each; and their names.
struct SchemaDifferences {
  std::vector<std::string> lines;
  std::vector<std::string> columns;
};

// Pure: columns that one side lacks, and columns whose types have no values in common (INT beside
// VARCHAR; not INT beside BIGINT). `ignored` are left out. REQUIRES: `renamed` has one for each of
// `source`.
SchemaDifferences CompareSchemas(const std::vector<mysql::TableSchema>& source,
                                 const std::vector<RenamedColumns>& renamed,
                                 const std::vector<mysql::TableSchema>& target,
                                 const std::vector<std::string>& ignored);

// Pure. By which columns the two tell rows apart, where that is not the same: a line, otherwise
// empty. Their order does not count, nor do `ignored` columns.
std::string CompareKeys(const mysql::TableSchema& source, const RenamedColumns& renamed,
                        const mysql::TableSchema& target, const std::vector<std::string>& ignored);

struct TableComparison {
  TablePlan plan;
  // Of plan.source and of plan.target. Without one each table is read at once.
  std::vector<std::optional<PagingIndex>> source_index, target_index;
  bool paged = true;
  std::string unpaged_because;
  std::vector<std::string> schema_differences;
  bool all_columns = true;                                         // but for those to be ignored
  std::vector<mysql::TableSchema> source_schemas, target_schemas;  // as read
};

// Reads the schemas and decides. Errors that make the table's comparison impossible, whoever tries
// again: kFailedPrecondition, kUnimplemented, kNotFound; others: not this time.
absl::StatusOr<TableComparison> PlanComparison(const TableTask& task, SideSession& source,
                                               SideSession& target);

// OK if the tables are defined as they were when `comparison` was made.
//   kFailedPrecondition  they are not, or are gone
//   other                they cannot be read now
absl::Status CheckUnchanged(const TableComparison& comparison, SideSession& source,
                            SideSession& target);

}  // namespace dcp::verifier
