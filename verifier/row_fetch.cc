#include "verifier/row_fetch.h"

#include <numeric>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/change.h"
#include "row/canonical.h"

namespace dcp::verifier {
namespace {

class Fetch {
 public:
  Fetch(const TablePlan& plan, const FetchOptions& options, SideSession& session,
        const std::vector<Lookup>& lookups)
      : plan_(plan),
        options_(options),
        session_(session),
        lookups_(lookups),
        compared_(plan.compared),
        states_(lookups.size()) {
    std::iota(compared_.begin(), compared_.end(), 0u);
  }

  std::vector<RowState> From(const std::vector<TableRead>& tables) {
    for (const TableRead& table : tables) {
      const absl::Status status = FromTable(table);
      if (status.ok()) continue;
      for (RowState& state : states_) state.status.Update(Annotate(status, table.name.ToString()));
      return std::move(states_);
    }
    RefuseCopies();
    return std::move(states_);
  }

 private:
  absl::Status FromTable(const TableRead& table) {
    std::string conditions;
    for (size_t i = 0; i < lookups_.size(); ++i) {
      const auto condition = KeyCondition(plan_, table, lookups_[i].key);
      if (!condition.ok()) {
        states_[i].status.Update(Annotate(
            condition.status(), absl::StrCat(session_.server(), ": ", table.name.ToString())));
      }
      if (!condition.ok() || !condition->has_value()) continue;
      absl::StrAppend(&conditions, conditions.empty() ? "(" : " OR ", **condition);
    }
    if (conditions.empty()) return absl::OkStatus();
    DCP_ASSIGN_OR_RETURN(
        const mysql::Rows rows,
        session_.Query(absl::StrCat(SelectFrom(table), WhereOf(table, conditions + ")"))));
    return Take(table, rows);
  }

  absl::Status Take(const TableRead& table, const mysql::Rows& rows) {
    absl::flat_hash_map<std::string, std::string> contents;
    std::vector<model::Value> values;
    for (const mysql::Row& row : rows) {
      DCP_RETURN_IF_ERROR(ToValues(plan_, table, row, &values));
      std::string content(1, model::kCanonicalRow);
      row::AppendBinaryRow(values, compared_, &content);
      contents[KeyText(values)] = std::move(content);
    }
    for (size_t i = 0; i < lookups_.size(); ++i) {
      const auto found = contents.find(lookups_[i].key_text);
      if (found == contents.end()) continue;
      ++states_[i].copies;
      states_[i].row = {true, found->second};
    }
    return absl::OkStatus();
  }

  std::string KeyText(const std::vector<model::Value>& values) const {
    std::string text;
    if (options_.key_format == row::KeyFormat::kGravity) {
      row::AppendGravityKey(values[plan_.key[0]], &text);
    } else {
      row::AppendKeyText(options_.logical, values, plan_.key, &text);
    }
    return text;
  }

  void RefuseCopies() {
    for (RowState& state : states_) {
      if (state.copies < 2) continue;
      state.status.Update(absl::FailedPreconditionError(
          absl::StrCat(session_.server(), ": ", state.copies, " tables that are ", options_.logical,
                       " hold a row with this key")));
    }
  }

  const TablePlan& plan_;
  const FetchOptions& options_;
  SideSession& session_;
  const std::vector<Lookup>& lookups_;
  std::vector<uint32_t> compared_;
  std::vector<RowState> states_;
};

}  // namespace

std::vector<RowState> FetchRows(const TablePlan& plan, const std::vector<TableRead>& tables,
                                const FetchOptions& options, SideSession& session,
                                const std::vector<Lookup>& lookups) {
  return Fetch(plan, options, session, lookups).From(tables);
}

}  // namespace dcp::verifier
