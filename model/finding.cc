#include "model/finding.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "model/wildcard.h"

namespace dcp::model {
namespace {

constexpr std::array<FindingState, 4> kStates = {FindingState::kOpen, FindingState::kAcknowledged,
                                                 FindingState::kIgnored, FindingState::kResolved};

bool Names(const std::string& wanted, absl::string_view name) {
  return wanted.empty() || wanted == name;
}

// All but its column.
bool Concerns(const IgnoreRule& rule, absl::string_view check, absl::string_view target,
              const FindingFacts& facts, absl::Time now) {
  if (rule.until && *rule.until <= now) return false;
  if (!Names(rule.check, check) || !Names(rule.target, target)) return false;
  if (rule.key && !(*rule.key == facts.key)) return false;
  return rule.table.empty() || MatchesWildcard(rule.table, facts.table);
}

}  // namespace

bool IsIgnored(absl::Span<const IgnoreRule> rules, absl::string_view check,
               absl::string_view target, const FindingFacts& facts, absl::Time now) {
  const auto some_rule = [&](const auto& fits) {
    return std::any_of(rules.begin(), rules.end(), [&](const IgnoreRule& rule) {
      return fits(rule) && Concerns(rule, check, target, facts, now);
    });
  };
  if (some_rule([](const IgnoreRule& rule) { return rule.column.empty(); })) return true;
  return !facts.columns.empty() &&
         std::all_of(facts.columns.begin(), facts.columns.end(), [&](const std::string& column) {
           return some_rule([&](const IgnoreRule& rule) {
             return !rule.column.empty() && absl::EqualsIgnoreCase(rule.column, column);
           });
         });
}

const char* ToString(FindingState state) {
  switch (state) {
    case FindingState::kOpen:
      return "open";
    case FindingState::kAcknowledged:
      return "acknowledged";
    case FindingState::kIgnored:
      return "ignored";
    case FindingState::kResolved:
      return "resolved";
  }
  return "unknown";
}

std::optional<FindingState> FindingStateFromText(absl::string_view text) {
  for (const FindingState state : kStates) {
    if (text == ToString(state)) return state;
  }
  return std::nullopt;
}

FindingState StateOf(bool resolved, bool acknowledged, bool ignored) {
  if (resolved) return FindingState::kResolved;
  if (ignored) return FindingState::kIgnored;
  return acknowledged ? FindingState::kAcknowledged : FindingState::kOpen;
}

}  // namespace dcp::model
