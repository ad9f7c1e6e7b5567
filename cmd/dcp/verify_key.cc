#include "cmd/dcp/verify_key.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "alarm/text.h"
#include "base/status.h"
#include "cmd/dcp/convert.h"
#include "cmd/dcp/feed.h"

namespace dcp::cmd {
namespace {

using verifier::JobTableRule;
using verifier::TableRule;

struct TableKey {
  std::string table, key;  // an array
};

// A table's name may have a bracket of its own.
absl::StatusOr<TableKey> Split(const std::string& text) {
  for (size_t i = text.find('['); i != text.npos; i = text.find('[', i + 1)) {
    if (i > 0 && alarm::IsJsonArray(text.substr(i)))
      return TableKey{text.substr(0, i), text.substr(i)};
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--key '", text, "' is no key of a table, as alarms show them: shop.orders[42]"));
}

absl::StatusOr<model::Tag> TargetOf(const config::CheckOptions& check, const std::string& name) {
  if (name.empty() && check.targets.size() == 1) return check.targets.front();
  if (name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the check ", check.name, " has several targets: name one with --target"));
  }
  const model::Tag tag(name);
  if (std::find(check.targets.begin(), check.targets.end(), tag) != check.targets.end()) return tag;
  return absl::NotFoundError(absl::StrCat("the check ", check.name, " has no target '", name, "'"));
}

absl::StatusOr<Feed> ReadableFeed(const config::Config& config, const model::Tag& tag) {
  const Feed feed = FeedOf(config, tag);
  if (!feed.pushed() && !feed.of_files()) return feed;
  return absl::FailedPreconditionError(absl::StrCat("the tag ", tag.value(), " is ",
                                                    feed.pushed() ? "pushed" : "read from files",
                                                    ": its rows cannot be read"));
}

// The rules by which tables of the tag are the logical `table`.
std::vector<TableRule> RulesFor(const std::vector<TableRule>& rules, const std::string& table) {
  std::vector<TableRule> found;
  for (const TableRule& rule : rules) {
    if (rule.as == table) found.push_back(rule);
  }
  const TableRule* own = verifier::FindRule(rules, verifier::SplitTableName(table));
  if (own != nullptr && own->as.empty()) found.push_back({table, "", own->ignore_columns});
  return found;
}

// The only table of the target that is `table`.
absl::StatusOr<TableRule> TargetTable(const config::MysqlTagOptions& tag,
                                      const std::string& table) {
  const std::vector<TableRule> rules = RulesFor(ToVerifierRules(tag), table);
  if (rules.size() == 1 && !verifier::HasWildcard(rules.front())) return rules.front();
  return absl::FailedPreconditionError(
      rules.empty() ? absl::StrCat("the tag ", tag.tag.value(), " has no table ", table)
                    : absl::StrCat("several tables of the tag ", tag.tag.value(), " are ", table,
                                   ": compare them by a [[job]]"));
}

}  // namespace

absl::StatusOr<verifier::VerificationOptions> OptionsOfKey(const config::Config& config,
                                                           const VerifyCommand& command) {
  const auto check = std::find_if(config.checks.begin(), config.checks.end(),
                                  [&](const auto& one) { return one.name == command.check; });
  if (check == config.checks.end()) {
    return absl::NotFoundError(absl::StrCat("there is no [[check]] '", command.check, "'"));
  }
  DCP_ASSIGN_OR_RETURN(const TableKey key, Split(command.key));
  DCP_ASSIGN_OR_RETURN(const model::Tag target, TargetOf(*check, command.target));
  DCP_ASSIGN_OR_RETURN(const Feed from, ReadableFeed(config, check->source));
  DCP_ASSIGN_OR_RETURN(const Feed to, ReadableFeed(config, target));
  DCP_ASSIGN_OR_RETURN(const TableRule there, TargetTable(*to.mysql_tag, key.table));
  verifier::VerificationOptions options;
  options.source = from.mysql->connection;
  options.target = to.mysql->connection;
  options.sync.barrier_id = check->barrier_id;
  for (TableRule rule : RulesFor(ToVerifierRules(*from.mysql_tag), key.table)) {
    rule.as = there.match;
    rule.ignore_columns.insert(rule.ignore_columns.end(), there.ignore_columns.begin(),
                               there.ignore_columns.end());
    options.tables.push_back({.rule = std::move(rule), .where = "", .key = key.key});
  }
  if (!options.tables.empty()) return options;
  return absl::FailedPreconditionError(
      absl::StrCat("the tag ", check->source.value(), " has no table ", key.table));
}

}  // namespace dcp::cmd
