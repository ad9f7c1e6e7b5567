#include "alarm/alarm.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_join.h"
#include "alarm/alarm_json.h"
#include "alarm/alarm_text.h"
#include "model/alarm_id.h"

namespace dcp::alarm {
namespace {

using model::AlarmType;

std::string IdOf(const model::OutcomeHead& head, AlarmType type, absl::string_view extra = "") {
  return model::AlarmId(head, model::ToString(type), extra);
}

Alarm Begin(const model::OutcomeHead& head, AlarmType type, absl::string_view extra = "") {
  Alarm alarm;
  alarm.type = type;
  alarm.id = IdOf(head, type, extra);
  alarm.check = head.check;
  alarm.source = head.source;
  alarm.target = head.target;
  alarm.at = head.at;
  return alarm;
}

AlarmHead HeadOf(const Alarm& alarm, const Rendering& renderer,
                 const model::Verdict* verdict = nullptr) {
  return {alarm.id, renderer.SeverityOf(alarm.check, alarm.type, verdict)};
}

void SortAndUnify(auto& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

void DescribeDiff(const model::Verdict& verdict, Alarm& alarm) {
  for (const auto& [table, count] : verdict.diff_tables) alarm.tables.push_back(table);
  for (const model::RowDiff& diff : verdict.diffs) alarm.kinds.push_back(diff.kind);
  SortAndUnify(alarm.kinds);
}

Alarm MakeVerdict(const model::Verdict& verdict, AlarmType type, const Rendering& renderer) {
  Alarm alarm = Begin(verdict.head, type);
  if (type == AlarmType::kUnverified) {
    if (!verdict.unverified_table.empty()) alarm.tables = {verdict.unverified_table};
    alarm.json = UnverifiedJson(verdict, HeadOf(alarm, renderer, &verdict));
    alarm.text = UnverifiedText(verdict);
    return alarm;
  }
  if (type == AlarmType::kDiff) DescribeDiff(verdict, alarm);
  alarm.json = VerdictJson(verdict, HeadOf(alarm, renderer, &verdict), renderer);
  alarm.text = type == AlarmType::kDiff ? DiffText(verdict, renderer) : SameText(verdict);
  return alarm;
}

Alarm MakeTimeout(const model::Timeout& timeout, const Rendering& renderer) {
  Alarm alarm = Begin(timeout.head, AlarmType::kTimeout, timeout.of_source ? model::kOfSource : "");
  alarm.json = TimeoutJson(timeout, HeadOf(alarm, renderer));
  alarm.text = TimeoutText(timeout);
  return alarm;
}

// `shop.orders` of `shop.orders[42]`; "" of a pushed key.
std::string TableOfKey(absl::string_view key_text) {
  const size_t bracket = key_text.find('[');
  return std::string(bracket == absl::string_view::npos ? "" : key_text.substr(0, bracket));
}

// A segment may see the end of a timeout and of several findings, each said by a
// Resolved of its own: what they end tells them apart.
Alarm MakeResolved(const model::Resolved& resolved, const Rendering& renderer) {
  std::string ends = absl::StrJoin(resolved.resolves, ",");
  if (!resolved.job.empty()) absl::StrAppend(&ends, ";", resolved.job);
  Alarm alarm = Begin(resolved.head, AlarmType::kResolved, ends);
  alarm.resolves = resolved.resolves;
  for (const std::string& key : resolved.keys) {
    if (std::string table = TableOfKey(key); !table.empty()) alarm.tables.push_back(table);
  }
  SortAndUnify(alarm.tables);
  alarm.json = ResolvedJson(resolved, HeadOf(alarm, renderer), renderer);
  alarm.text = ResolvedText(resolved, renderer);
  return alarm;
}

model::AlarmTypes TypesOfVerdict(const model::Verdict& verdict) {
  model::AlarmTypes types;
  switch (verdict.kind) {
    case model::Verdict::Kind::kSame:
      types.Add(AlarmType::kSame);
      break;
    case model::Verdict::Kind::kUnverified:
      types.Add(AlarmType::kUnverified);
      break;
    case model::Verdict::Kind::kDiff:
      types.Add(AlarmType::kDiff);
      if (!verdict.unverified_reason.empty()) types.Add(AlarmType::kUnverified);
      break;
  }
  return types;
}

}  // namespace

model::AlarmTypes TypesOf(const model::Outcome& outcome) {
  if (const auto* verdict = std::get_if<model::Verdict>(&outcome)) return TypesOfVerdict(*verdict);
  model::AlarmTypes types;
  types.Add(std::holds_alternative<model::Timeout>(outcome) ? AlarmType::kTimeout
                                                            : AlarmType::kResolved);
  return types;
}

std::vector<Alarm> MakeAlarms(const model::Outcome& outcome, const Rendering& renderer) {
  std::vector<Alarm> alarms;
  if (const auto* timeout = std::get_if<model::Timeout>(&outcome)) {
    alarms.push_back(MakeTimeout(*timeout, renderer));
  } else if (const auto* resolved = std::get_if<model::Resolved>(&outcome)) {
    alarms.push_back(MakeResolved(*resolved, renderer));
  } else {
    const auto& verdict = std::get<model::Verdict>(outcome);
    const model::AlarmTypes types = TypesOfVerdict(verdict);
    for (AlarmType type : model::kAllAlarmTypes) {
      if (types.Contains(type)) alarms.push_back(MakeVerdict(verdict, type, renderer));
    }
  }
  return alarms;
}

}  // namespace dcp::alarm
