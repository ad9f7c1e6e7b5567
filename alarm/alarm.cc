#include "alarm/alarm.h"

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

Alarm MakeVerdict(const model::Verdict& verdict, AlarmType type,
                  const model::RowRenderer& renderer) {
  std::string id = IdOf(verdict.head, type);
  if (type == AlarmType::kUnverified) {
    std::string json = UnverifiedJson(verdict, id);
    return {type, std::move(id), std::move(json), UnverifiedText(verdict)};
  }
  std::string json = VerdictJson(verdict, id, renderer);
  std::string text = type == AlarmType::kDiff ? DiffText(verdict, renderer) : SameText(verdict);
  return {type, std::move(id), std::move(json), std::move(text)};
}

Alarm MakeTimeout(const model::Timeout& timeout) {
  std::string id = IdOf(timeout.head, AlarmType::kTimeout);
  std::string json = TimeoutJson(timeout, id);
  return {AlarmType::kTimeout, std::move(id), std::move(json), TimeoutText(timeout)};
}

// A segment may see the end of a timeout and of several findings, each said by a
// Resolved of its own: what they end tells them apart.
Alarm MakeResolved(const model::Resolved& resolved) {
  std::string id = IdOf(resolved.head, AlarmType::kResolved, absl::StrJoin(resolved.resolves, ","));
  std::string json = ResolvedJson(resolved, id);
  return {AlarmType::kResolved, std::move(id), std::move(json), ResolvedText(resolved)};
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

std::vector<Alarm> MakeAlarms(const model::Outcome& outcome, const model::RowRenderer& renderer) {
  std::vector<Alarm> alarms;
  if (const auto* timeout = std::get_if<model::Timeout>(&outcome)) {
    alarms.push_back(MakeTimeout(*timeout));
  } else if (const auto* resolved = std::get_if<model::Resolved>(&outcome)) {
    alarms.push_back(MakeResolved(*resolved));
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
