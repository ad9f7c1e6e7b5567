#include "alarm/firing_alerts.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "alarm/text.h"

namespace dcp::alarm {
namespace {

using model::AlarmType;
using nlohmann::json;

// An alert of one table has no room for more; the oldest alarms end with it.
constexpr size_t kMaxAlarmsOfAlert = 10'000;
constexpr size_t kMaxSummary = 1000;

const char* NameOf(AlarmType type) {
  switch (type) {
    case AlarmType::kDiff:
      return "DcpDiff";
    case AlarmType::kUnverified:
      return "DcpUnverified";
    case AlarmType::kTimeout:
      return "DcpTimeout";
    case AlarmType::kSame:
    case AlarmType::kResolved:
      break;
  }
  return nullptr;
}

// `severity`: "" of an alarm that an older version has stored.
std::map<std::string, std::string> LabelsOf(const Alarm& alarm, const std::string& severity,
                                            const std::string& table) {
  std::map<std::string, std::string> labels = {{"alertname", NameOf(alarm.type)},
                                               {"check", alarm.check},
                                               {"source", alarm.source},
                                               {"target", alarm.target},
                                               {"type", model::ToString(alarm.type)}};
  if (!severity.empty()) labels["severity"] = severity;
  if (!table.empty()) labels["table"] = table;
  return labels;
}

std::vector<std::string> TablesOf(const Alarm& alarm) {
  return alarm.tables.empty() ? std::vector<std::string>{""} : alarm.tables;
}

// What an alert fires for. Of a group its members: a `resolved` names them. A `diff` that only
// touches what differs already has no end of its own, nor any part in another's.
std::vector<std::string> FiringIdsOf(const Alarm& alarm, const json& object) {
  if (!object.is_object()) return {alarm.id};
  if (alarm.type == AlarmType::kDiff && object.value("diff_count", 1) == 0) return {};
  if (!object.contains("merged")) return {alarm.id};
  return object.at("merged").get<std::vector<std::string>>();
}

json TimeOrNull(absl::Time time) {
  return time == absl::InfiniteFuture() ? json() : json(absl::ToUnixMillis(time));
}

absl::Time TimeOf(const json& value) {
  return value.is_null() ? absl::InfiniteFuture() : absl::FromUnixMillis(value.get<int64_t>());
}

json ToObject(const Alert& alert) {
  json alarms = json::object();
  for (const auto& [id, until] : alert.alarms) alarms[id] = TimeOrNull(until);
  return {{"labels", alert.labels},
          {"summary", alert.summary},
          {"last_id", alert.last_id},
          {"starts_at", TimeOrNull(alert.starts_at)},
          {"ended_at", TimeOrNull(alert.ended_at)},
          {"alarms", std::move(alarms)}};
}

Alert FromObject(const json& object) {
  Alert alert;
  alert.labels = object.at("labels").get<std::map<std::string, std::string>>();
  alert.summary = object.at("summary").get<std::string>();
  alert.last_id = object.at("last_id").get<std::string>();
  alert.starts_at = TimeOf(object.at("starts_at"));
  alert.ended_at = TimeOf(object.at("ended_at"));
  for (const auto& [id, until] : object.at("alarms").items()) alert.alarms[id] = TimeOf(until);
  return alert;
}

}  // namespace

std::vector<Alert> FiringAlerts::Apply(const Alarm& alarm) {
  if (alarm.type == AlarmType::kResolved) return End(alarm);
  return NameOf(alarm.type) == nullptr ? std::vector<Alert>() : Begin(alarm);
}

std::vector<Alert> FiringAlerts::Begin(const Alarm& alarm) {
  const bool ends_itself = alarm.type == AlarmType::kUnverified;
  const absl::Time until = ends_itself ? alarm.at + unverified_for_ : absl::InfiniteFuture();
  const json object = json::parse(alarm.json, nullptr, false);
  const std::vector<std::string> ids = FiringIdsOf(alarm, object);
  if (ids.empty()) return {};
  const std::string severity = object.is_object() ? object.value("severity", "") : "";
  std::vector<Alert> changed;
  for (const std::string& table : TablesOf(alarm)) {
    const auto labels = LabelsOf(alarm, severity, table);
    Alert& alert = alerts_[labels];
    if (alert.alarms.empty()) {
      alert.labels = labels;
      alert.starts_at = alarm.at;
    }
    alert.ended_at = absl::InfiniteFuture();
    alert.summary = Readable(alarm.text, kMaxSummary);
    alert.last_id = alarm.id;
    for (const std::string& id : ids) {
      if (alert.alarms.size() < kMaxAlarmsOfAlert) alert.alarms[id] = until;
    }
    changed.push_back(alert);
  }
  return changed;
}

std::vector<Alert> FiringAlerts::End(const Alarm& alarm) {
  std::vector<Alert> changed;
  for (auto& [labels, alert] : alerts_) {
    size_t ended = 0;
    for (const std::string& id : alarm.resolves) ended += alert.alarms.erase(id);
    if (ended == 0) continue;
    if (alert.alarms.empty()) alert.ended_at = alarm.at;
    changed.push_back(alert);
  }
  return changed;
}

std::vector<Alert> FiringAlerts::Expire(absl::Time now) {
  std::vector<Alert> changed;
  for (auto& [labels, alert] : alerts_) {
    if (!alert.fires()) continue;
    std::erase_if(alert.alarms, [now](const auto& alarm) { return alarm.second <= now; });
    if (!alert.alarms.empty()) continue;
    alert.ended_at = now;
    changed.push_back(alert);
  }
  return changed;
}

std::vector<Alert> FiringAlerts::All() const {
  std::vector<Alert> all;
  for (const auto& [labels, alert] : alerts_) all.push_back(alert);
  return all;
}

void FiringAlerts::Forget(const std::vector<Alert>& alerts) {
  for (const Alert& alert : alerts) {
    const auto found = alerts_.find(alert.labels);
    if (!alert.fires() && found != alerts_.end() && !found->second.fires()) alerts_.erase(found);
  }
}

std::string FiringAlerts::ToJson() const {
  json all = json::array();
  for (const auto& [labels, alert] : alerts_) all.push_back(ToObject(alert));
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::StatusOr<FiringAlerts> FiringAlerts::FromJson(absl::string_view text,
                                                    absl::Duration unverified_for) {
  FiringAlerts firing(unverified_for);
  try {
    for (const json& object : json::parse(text.begin(), text.end())) {
      Alert alert = FromObject(object);
      firing.alerts_[alert.labels] = std::move(alert);
    }
  } catch (const json::exception& error) {
    return absl::DataLossError(absl::StrCat("it holds no alerts: ", error.what()));
  }
  return firing;
}

std::string PostableAlerts(const std::vector<Alert>& alerts, absl::Time alive_until) {
  json all = json::array();
  for (const Alert& alert : alerts) {
    // Alertmanager refuses an end before the beginning.
    const absl::Time ends = std::max(alert.fires() ? alive_until : alert.ended_at,
                                     alert.starts_at + absl::Milliseconds(1));
    all.push_back({{"labels", alert.labels},
                   {"annotations", {{"summary", alert.summary}, {"alarm_id", alert.last_id}}},
                   {"startsAt", Rfc3339(alert.starts_at)},
                   {"endsAt", Rfc3339(ends)}});
  }
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace dcp::alarm
