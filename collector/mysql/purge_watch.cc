#include "collector/mysql/purge_watch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mysql/binlog_place.h"

namespace dcp::collector {
namespace {

using mysql::BinlogInventory;
using Report = PurgeWatch::Report;
using State = PurgeWatch::State;

std::string Size(uint64_t bytes) {
  constexpr uint64_t kMegabyte = 1'000'000, kGigabyte = 1'000'000'000;
  if (bytes >= kGigabyte) {
    return absl::StrCat(bytes / kGigabyte, ".", bytes % kGigabyte / (kGigabyte / 10), " GB");
  }
  if (bytes >= kMegabyte) {
    return absl::StrCat(bytes / kMegabyte, ".", bytes % kMegabyte / (kMegabyte / 10), " MB");
  }
  return absl::StrCat(bytes, " bytes");
}

std::string Behind(const Report& report) {
  return absl::StrCat(report.files_behind, report.files_behind == 1 ? " file (" : " files (",
                      Size(report.bytes_behind), ") behind");
}

// In whole units: people need no nanoseconds.
std::string Rounded(absl::Duration duration) {
  const absl::Duration unit = duration >= absl::Hours(1)     ? absl::Minutes(1)
                              : duration >= absl::Minutes(1) ? absl::Seconds(1)
                                                             : absl::Milliseconds(100);
  return absl::FormatDuration(absl::Floor(duration, unit));
}

uint64_t BytesBehind(const BinlogInventory& inventory, size_t index, uint64_t offset) {
  uint64_t bytes = 0;
  for (size_t i = index; i < inventory.files.size(); ++i) bytes += inventory.files[i].size;
  return bytes - std::min(bytes, offset);
}

std::string NearText(const Report& report, const std::string& needed, bool by_age,
                     absl::Duration kept_for) {
  const std::string still =
      absl::StrCat(needed, ", which this collector still needs (it is ", Behind(report), ")");
  if (!by_age) {
    return absl::StrCat("binlogs are being purged on the server, and the next one is ", still,
                        ": keep it until the collector has come behind it");
  }
  return absl::StrCat(
      "the server keeps binlogs for ", Rounded(kept_for), " and may purge ", still,
      report.left > absl::ZeroDuration() ? absl::StrCat(" in ", Rounded(report.left))
                                         : " at any moment",
      ": raise binlog_expire_logs_seconds (expire_logs_days) until the collector has caught up");
}

std::string LostText(const Report& report, const std::string& needed) {
  return absl::StrCat(
      "the server has purged ", needed, ", which this collector still needs (the oldest is ",
      report.oldest,
      "): if its connection breaks, what lies between is not seen (unverified, gap)");
}

}  // namespace

bool PurgeWatch::IsNearByAge(const BinlogInventory& inventory, const Report& report) const {
  return inventory.kept_for < absl::InfiniteDuration() &&
         report.left <= inventory.kept_for * options_.near;
}

bool PurgeWatch::IsNear(const BinlogInventory& inventory, const Report& report,
                        bool needs_oldest) const {
  if (report.files_behind == 0) return false;  // the newest is never purged
  if (IsNearByAge(inventory, report)) return true;
  return needs_oldest && purging_;  // by hand or by size: this one is next
}

void PurgeWatch::Find(const BinlogInventory& inventory, const Place& place, Report* report) const {
  const std::string& needed = place.position.file;
  const auto file =
      std::find_if(inventory.files.begin(), inventory.files.end(),
                   [&](const BinlogInventory::File& one) { return one.name == needed; });
  if (file == inventory.files.end()) {
    const bool purged = mysql::FileNumber(needed) < mysql::FileNumber(report->oldest);
    report->state = purged ? State::kLost : State::kUnknown;
    return;
  }
  const auto index = static_cast<size_t>(file - inventory.files.begin());
  report->files_behind = inventory.files.size() - 1 - index;
  report->bytes_behind = BytesBehind(inventory, index, place.position.offset);
  if (report->files_behind > 0 && place.time != absl::InfinitePast()) {
    report->left = place.time + inventory.kept_for - inventory.now;
  }
  report->state = IsNear(inventory, *report, index == 0) ? State::kNear : State::kSafe;
}

Report PurgeWatch::Look(const BinlogInventory& inventory, const Place& place) {
  Report report;
  if (inventory.files.empty()) return report;
  report.oldest = inventory.files.front().name;
  purging_ = purging_ || (!oldest_.empty() && oldest_ != report.oldest);
  oldest_ = report.oldest;
  if (!place.position.file.empty()) Find(inventory, place, &report);
  const bool again = report.state == seen_ && place.position == seen_place_;
  if (report.state == State::kSafe) {
    said_ = State::kSafe;
    purging_ = purging_ && report.files_behind > 0;
  } else if (again && report.state != said_ && report.state != State::kUnknown) {
    said_ = report.state;
    report.warning = said_ == State::kLost
                         ? LostText(report, place.position.file)
                         : NearText(report, place.position.file, IsNearByAge(inventory, report),
                                    inventory.kept_for);
  }
  seen_ = report.state;
  seen_place_ = place.position;
  return report;
}

std::string Describe(const Report& report) {
  switch (report.state) {
    case State::kUnknown:
      return "";
    case State::kLost:
      return absl::StrCat("binlog: purged, the oldest is ", report.oldest);
    case State::kSafe:
    case State::kNear:
      break;
  }
  if (report.left == absl::InfiniteDuration()) return absl::StrCat("binlog: ", Behind(report));
  return absl::StrCat("binlog: ", Behind(report), ", kept ",
                      Rounded(std::max(report.left, absl::ZeroDuration())), " more");
}

}  // namespace dcp::collector
