#include "verifier/repair_table.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "verifier/present_rows.h"
#include "verifier/row_fetch.h"

namespace dcp::verifier {
namespace {

std::vector<ImageTable> ToImageTables(const std::vector<TableRead>& reads,
                                      const std::vector<mysql::TableSchema>& schemas) {
  std::vector<ImageTable> tables;
  for (size_t i = 0; i < reads.size(); ++i) tables.push_back(ToImageTable(reads[i], schemas[i]));
  return tables;
}

std::string NameOf(const TableName& table) {
  return absl::StrCat(mysql::QuoteName(table.database), ".", mysql::QuoteName(table.name));
}

// Empty: `image` is as the verdict has it.
std::string WhyNot(const RowImage& image, const std::optional<std::string>& content,
                   absl::string_view side) {
  if (!image.status.ok()) return std::string(image.status.message());
  if (image.exists && !content.has_value()) {
    return absl::StrCat("the ", side, " has the row outside of the job's 'where', or again");
  }
  const bool same =
      image.exists == content.has_value() && (!image.exists || image.content == *content);
  return same ? "" : absl::StrCat("the row has just changed on the ", side);
}

// The value of a column after the update, as text; nullptr: not known.
const Cell* NewCell(const RowToRepair& row, size_t place, const TablePlan& plan) {
  return place < plan.compared ? &row.source.cells[place] : &row.target.cells[place];
}

// The text that stands for the values of an index; nullopt: it has a NULL, which equals none.
template <typename CellAt>
std::optional<std::string> Tuple(size_t index, const std::vector<size_t>& places,
                                 const CellAt& cell_at) {
  std::string tuple = absl::StrCat(index);
  for (const size_t place : places) {
    const Cell& cell = cell_at(place);
    if (cell.is_null()) return std::nullopt;
    // Collations differ; most take letters of either case for equal.
    absl::StrAppend(&tuple, ",", cell.text->size(), ":", absl::AsciiStrToLower(*cell.text));
  }
  return tuple;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RepairTarget>> RepairTarget::Plan(
    const TableTask& task, const std::vector<ForeignKey>& keys, const std::string& mark,
    SideSession& source, SideSession& target) {
  std::unique_ptr<RepairTarget> made(new RepairTarget(task, source, target));
  DCP_RETURN_IF_ERROR(made->Prepare(keys, mark));
  return made;
}

absl::Status RepairTarget::Prepare(const std::vector<ForeignKey>& keys, const std::string& mark) {
  DCP_ASSIGN_OR_RETURN(comparison_, PlanComparison(task_, source_, target_));
  if (comparison_.plan.keyless) {
    return absl::FailedPreconditionError(
        "it has no key: no statement can name one of its rows; give it a primary key");
  }
  DCP_RETURN_IF_ERROR(CheckNoTriggers());
  DCP_ASSIGN_OR_RETURN(const mysql::Rows indexes,
                       target_.Query(absl::StrCat("SHOW INDEX FROM ", NameOf(task_.target))));
  unique_ = UniqueIndexes(indexes);
  source_tables_ = ToImageTables(comparison_.plan.source, comparison_.source_schemas);
  target_tables_ = ToImageTables(comparison_.plan.target, comparison_.target_schemas);
  table_ = {&comparison_.plan, &target_tables_[0], comparison_.paged, {}, mark};
  for (const ForeignKey& key : keys) {
    if (key.parent == task_.target) table_.referring.push_back(key);
  }
  lookup_ = LookUpByKeyText(comparison_, task_.logical, source_, target_);
  return absl::OkStatus();
}

// They would change more than the row, and nobody could take that back.
absl::Status RepairTarget::CheckNoTriggers() {
  DCP_ASSIGN_OR_RETURN(
      const mysql::Rows rows,
      target_.Query(absl::StrCat(
          "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ",
          mysql::QuoteString(task_.target.database),
          " AND EVENT_OBJECT_TABLE = ", mysql::QuoteString(task_.target.name), " LIMIT 1")));
  if (rows.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the target has trigger ", rows[0][0].value_or(""),
      " on it, which a repair would set off though replication does not: drop it on the target for "
      "the time of the repair"));
}

absl::Status RepairTarget::CheckUnchanged() {
  return verifier::CheckUnchanged(comparison_, source_, target_);
}

std::vector<RowToRepair> RepairTarget::ReadRows(const std::vector<RowVerdict>& verdicts,
                                                const std::vector<OpenRow*>& rows) {
  std::vector<RowToRepair> ready;
  std::vector<RowToRepair> batch;
  std::vector<RowVerdict> batch_verdicts;
  for (size_t i = 0; i < verdicts.size(); ++i) {
    const std::string text = task_.logical + verdicts[i].key;
    absl::StatusOr<std::vector<KeyPart>> parts = ParseKeyText(task_.logical, text);
    if (parts.ok()) {
      batch.push_back({rows[i], {batch.size(), text, *std::move(parts)}, {}, {}});
      batch_verdicts.push_back(verdicts[i]);
    } else {
      rows[i]->reason = std::string(parts.status().message());
    }
    if (batch.size() < kRowsPerStatement && i + 1 < verdicts.size()) continue;
    ReadBatch(&batch, batch_verdicts);
    for (RowToRepair& row : batch) {
      if (row.row->reason.empty()) ready.push_back(std::move(row));
    }
    batch.clear();
    batch_verdicts.clear();
  }
  return ready;
}

void RepairTarget::ReadBatch(std::vector<RowToRepair>* rows,
                             const std::vector<RowVerdict>& verdicts) {
  std::vector<Lookup> lookups;
  for (const RowToRepair& row : *rows) lookups.push_back(row.lookup);
  std::vector<RowImage> source =
      ReadImages(comparison_.plan, source_tables_, task_.logical, source_, lookups);
  std::vector<RowImage> target =
      ReadImages(comparison_.plan, target_tables_, task_.logical, target_, lookups);
  for (size_t i = 0; i < rows->size(); ++i) {
    RowToRepair& row = (*rows)[i];
    row.row->reason = WhyNot(source[i], verdicts[i].source, "source");
    if (row.row->reason.empty()) {
      row.row->reason = WhyNot(target[i], verdicts[i].target, "target");
    }
    row.source = std::move(source[i]);
    row.target = std::move(target[i]);
  }
}

UniqueOrder RepairTarget::Order(const std::vector<const RowToRepair*>& updates) const {
  std::vector<UniqueChange> changes(updates.size());
  for (size_t index = 0; index < unique_.size(); ++index) {
    std::vector<size_t> places;
    for (const std::string& name : unique_[index]) {
      for (size_t i = 0; i < table_.target->columns.size(); ++i) {
        if (absl::EqualsIgnoreCase(table_.target->columns[i].name, name)) places.push_back(i);
      }
    }
    if (places.size() != unique_[index].size()) continue;
    for (size_t i = 0; i < updates.size(); ++i) {
      const RowToRepair& row = *updates[i];
      const auto old_tuple =
          Tuple(index, places, [&](size_t at) -> const Cell& { return row.target.cells[at]; });
      const auto new_tuple = Tuple(index, places, [&](size_t at) -> const Cell& {
        return *NewCell(row, at, comparison_.plan);
      });
      if (old_tuple == new_tuple) continue;
      if (old_tuple.has_value()) changes[i].left.push_back(*old_tuple);
      if (new_tuple.has_value()) changes[i].taken.push_back(*new_tuple);
    }
  }
  return OrderUpdates(changes);
}

}  // namespace dcp::verifier
