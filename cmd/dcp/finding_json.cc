#include "cmd/dcp/finding_json.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "alarm/text.h"
#include "model/finding.h"

namespace dcp::cmd {
namespace {

using alarm::JsonString;
using alarm::Rfc3339;
using Entry = state::FindingBook::Entry;

std::string AckJson(const decltype(Entry::ack)& ack) {
  if (!ack) return "null";
  return absl::StrCat("{\"at\":\"", Rfc3339(ack->at), "\",\"note\":", JsonString(ack->note), "}");
}

}  // namespace

std::string ToJson(const Entry& entry, bool with_row) {
  const model::FindingNote& note = entry.record.note;
  const auto& resolved_at = entry.record.resolved_at;
  std::string json = absl::StrCat(
      "{\"number\":", entry.record.number, ",\"status\":\"", model::ToString(entry.state),
      "\",\"check\":", JsonString(entry.check), ",\"target\":", JsonString(entry.target),
      ",\"kind\":\"", model::ToString(note.kind),
      "\",\"table\":", alarm::JsonStringOrNull(note.table), ",\"key\":", JsonString(note.key_text),
      ",\"columns\":", alarm::JsonStrings(note.columns));
  absl::StrAppend(&json, ",\"first_seen\":\"", Rfc3339(entry.record.first_seen),
                  "\",\"last_seen\":\"", Rfc3339(entry.record.last_seen),
                  "\",\"resolved_at\":", resolved_at ? JsonString(Rfc3339(*resolved_at)) : "null",
                  ",\"reopened\":", entry.record.reopened,
                  ",\"alarm_id\":", JsonString(note.alarm_id), ",\"ack\":", AckJson(entry.ack));
  if (with_row) {
    absl::StrAppend(&json, ",\"difference\":", note.json.empty() ? "null" : note.json);
  }
  return json + "}";
}

absl::StatusOr<absl::Time> EndOf(absl::string_view text, absl::Time now) {
  absl::Duration time;
  if (absl::ParseDuration(text, &time) && time > absl::ZeroDuration() &&
      time < absl::InfiniteDuration()) {
    return now + time;
  }
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not a time such as 30m or 12h"));
}

}  // namespace dcp::cmd
