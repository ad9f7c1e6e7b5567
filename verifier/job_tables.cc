#include "verifier/job_tables.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "barrier/barrier_table.h"

namespace dcp::verifier {
namespace {

const JobTableRule* FindJobRule(const std::vector<JobTableRule>& rules, const TableName& table) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const JobTableRule& rule) {
    return Matches(rule.rule, table);
  });
  return found == rules.end() ? nullptr : &*found;
}

const ListedTable* FindListed(const std::vector<ListedTable>& tables, const TableName& name) {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const ListedTable& table) { return table.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

bool IsLeftOut(const JobTableRule& rule, const ListedTable& table) {
  return HasWildcard(rule.rule) && (!table.is_base || table.name.database == barrier::kDatabase);
}

class Chooser {
 public:
  Chooser(const std::vector<JobTableRule>& rules, const std::vector<ListedTable>& source,
          const std::vector<ListedTable>& target)
      : rules_(rules), source_(source), target_(target) {}

  std::vector<TableTask> Choose() {
    for (const ListedTable& table : source_) TakeSource(table);
    for (auto& [name, task] : tasks_) CheckTarget(&task);
    for (const ListedTable& table : target_) TakeTargetOnly(table);
    for (const JobTableRule& rule : rules_) CheckUsed(rule);
    std::vector<TableTask> tasks;
    for (auto& [name, task] : tasks_) tasks.push_back(std::move(task));
    return tasks;
  }

 private:
  void TakeSource(const ListedTable& table) {
    const JobTableRule* const rule = FindJobRule(rules_, table.name);
    if (rule == nullptr || IsLeftOut(*rule, table)) return;
    used_.push_back(rule);
    TableTask& task = TaskOf(LogicalName(rule->rule, table.name));
    task.source.push_back(table.name);
    task.rows_about += rule->key.empty() ? table.rows_about : 1;
    for (const std::string& column : rule->rule.ignore_columns) {
      task.ignore_columns.push_back(column);
    }
    const std::string& target_where = rule->target_where.empty() ? rule->where : rule->target_where;
    if (task.source.size() > 1 && task.target_where != target_where) {
      task.skipped = "its source tables have different 'where'";
    }
    task.where.push_back(rule->where);
    task.target_where = target_where;
    task.key = rule->key;
    task.renamed.push_back(rule->columns);
    if (!table.is_base) task.skipped = absl::StrCat(table.name.ToString(), " is no base table");
  }

  TableTask& TaskOf(const std::string& logical) {
    TableTask& task = tasks_[logical];
    task.logical = logical;
    task.target = SplitTableName(logical);
    return task;
  }

  void CheckTarget(TableTask* task) const {
    const ListedTable* const table = FindListed(target_, task->target);
    if (table == nullptr) {
      task->skipped = "the target has no such table, or this account may not see it";
    } else if (!table->is_base) {
      task->skipped = absl::StrCat(task->logical, " is no base table on the target");
    }
  }

  void TakeTargetOnly(const ListedTable& table) {
    if (tasks_.contains(table.name.ToString())) return;
    const JobTableRule* const rule = FindJobRule(rules_, table.name);
    if (rule == nullptr || !rule->rule.as.empty() || IsLeftOut(*rule, table)) return;
    used_.push_back(rule);
    TaskOf(table.name.ToString()).skipped =
        "only the target has this table, or this account may not see it on the source";
  }

  // A rule that chose nothing is said too.
  void CheckUsed(const JobTableRule& rule) {
    if (std::find(used_.begin(), used_.end(), &rule) != used_.end()) return;
    const std::string& match = rule.rule.match;
    const std::string& logical = rule.rule.as.empty() ? match : rule.rule.as;
    if (tasks_.contains(logical)) return;  // another rule's
    TaskOf(logical).skipped =
        absl::StrCat("the source has no table ", match, ", or this account may not see it");
  }

  const std::vector<JobTableRule>& rules_;
  const std::vector<ListedTable>& source_;
  const std::vector<ListedTable>& target_;
  std::map<std::string, TableTask> tasks_;
  std::vector<const JobTableRule*> used_;
};

}  // namespace

std::vector<ListedTable> ToListedTables(const mysql::Rows& rows) {
  std::vector<ListedTable> tables;
  for (const mysql::Row& row : rows) {
    if (row.size() < 4) continue;
    ListedTable& table = tables.emplace_back();
    table.name = {row[0].value_or(""), row[1].value_or("")};
    const std::string type = row[2].value_or("");
    // MariaDB's system-versioned tables have a type of their own.
    table.is_base = absl::EndsWith(type, "BASE TABLE") || type == "SYSTEM VERSIONED";
    if (!absl::SimpleAtoi(row[3].value_or("0"), &table.rows_about)) table.rows_about = 0;
  }
  return tables;
}

std::vector<TableTask> ChooseTables(const std::vector<JobTableRule>& rules,
                                    const std::vector<ListedTable>& source,
                                    const std::vector<ListedTable>& target) {
  return Chooser(rules, source, target).Choose();
}

}  // namespace dcp::verifier
