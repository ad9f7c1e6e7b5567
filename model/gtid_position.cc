#include "model/gtid_position.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dcp::model {
namespace {

bool ParseGtid(absl::string_view text, Gtid* gtid) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '-');
  return parts.size() == 3 && absl::SimpleAtoi(parts[0], &gtid->source.domain) &&
         absl::SimpleAtoi(parts[1], &gtid->source.server_id) && gtid->source.server_id != 0 &&
         absl::SimpleAtoi(parts[2], &gtid->number) && gtid->number > 0;
}

}  // namespace

absl::StatusOr<GtidPosition> GtidPosition::Parse(absl::string_view text) {
  GtidPosition position;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    part = absl::StripAsciiWhitespace(part);
    if (part.empty()) continue;
    Gtid gtid;
    if (!ParseGtid(part, &gtid)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", part, "' is not a MariaDB GTID (expected domain-server-number, e.g. 0-1-105)"));
    }
    if (!position.last_.emplace(gtid.source.domain, gtid).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", part, "' names domain ", gtid.source.domain, " a second time"));
    }
  }
  return position;
}

std::string GtidPosition::ToString() const {
  std::string text;
  for (const auto& [domain, gtid] : last_) {
    absl::StrAppend(&text, text.empty() ? "" : ",", model::ToString(gtid));
  }
  return text;
}

GtidSet GtidPosition::Executed() const {
  GtidSet executed;
  for (const auto& [domain, gtid] : last_) executed.AddInterval(gtid.source, {1, gtid.number});
  return executed;
}

}  // namespace dcp::model
