#include "cmd/dcp/job_coverage.h"

#include <algorithm>

#include "absl/algorithm/container.h"
#include "cmd/dcp/convert.h"
#include "cmd/dcp/feed.h"

namespace dcp::cmd {
namespace {

using verifier::TableName;

bool Reads(const config::Config& config, const model::Tag& tag,
           const model::ConnectionOptions& server) {
  const Feed feed = FeedOf(config, tag);
  if (feed.pushed() || feed.of_files()) return false;
  const std::string name = model::ServerOf(server);
  return model::ServerOf(feed.mysql->connection) == name ||
         absl::c_any_of(feed.mysql->failover, [&](const model::ConnectionOptions& other) {
           return model::ServerOf(other) == name;
         });
}

// Empty: the tag does not have it.
std::string LogicalOf(const std::vector<verifier::TableRule>& rules, const TableName& table) {
  const verifier::TableRule* const rule = verifier::FindRule(rules, table);
  return rule == nullptr ? "" : verifier::LogicalName(*rule, table);
}

// Whether the tag has no other table of that name than `tables`.
bool HasNoOther(const std::vector<InspectedTag>& tags, const model::Tag& tag,
                const std::string& logical, const std::vector<TableName>& tables) {
  return absl::c_all_of(tags, [&](const InspectedTag& inspected) {
    return inspected.tag != tag ||
           absl::c_all_of(inspected.tables, [&](const InspectedTable& table) {
             return table.logical != logical ||
                    absl::c_linear_search(tables, verifier::SplitTableName(table.name));
           });
  });
}

bool Ignores(const std::vector<verifier::TableRule>& rules, const TableName& table,
             const std::string& column) {
  const verifier::TableRule* const rule = verifier::FindRule(rules, table);
  return rule != nullptr && absl::c_linear_search(rule->ignore_columns, column);
}

}  // namespace

std::vector<CoveredPair> CoveredPairs(const config::Config& config, const config::JobOptions& job) {
  std::vector<CoveredPair> pairs;
  for (const config::CheckOptions& check : config.checks) {
    if (!Reads(config, check.source, job.source)) continue;
    for (const model::Tag& target : check.targets) {
      if (Reads(config, target, job.target)) pairs.push_back({&check, target});
    }
  }
  return pairs;
}

std::string CoveredTable(const config::Config& config, const std::vector<InspectedTag>& tags,
                         const CoveredPair& pair, const verifier::TableTask& task) {
  const auto source = ToVerifierRules(*FeedOf(config, pair.check->source).mysql_tag);
  const auto target = ToVerifierRules(*FeedOf(config, pair.target).mysql_tag);
  const std::string logical = LogicalOf(target, task.target);
  const bool maps = !logical.empty() && absl::c_all_of(task.source, [&](const TableName& table) {
    return LogicalOf(source, table) == logical;
  });
  if (!maps || !HasNoOther(tags, pair.check->source, logical, task.source) ||
      !HasNoOther(tags, pair.target, logical, {task.target})) {
    return "";
  }
  const bool compares_all = absl::c_all_of(task.ignore_columns, [&](const std::string& column) {
    return Ignores(target, task.target, column) ||
           absl::c_all_of(task.source,
                          [&](const TableName& table) { return Ignores(source, table, column); });
  });
  return compares_all ? logical : "";
}

}  // namespace dcp::cmd
