#include "server/event_feed.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/status_json.h"

namespace dcp::server {
namespace {

std::string Event(absl::string_view name, absl::string_view data) {
  return absl::StrCat("event: ", name, "\ndata: ", data, "\n\n");
}

std::string SegmentsEvent(const std::vector<model::SegmentActivity>& segments) {
  if (segments.empty()) return "";
  return absl::StrCat("id: ", segments.back().number, "\n",
                      Event("segments", SegmentsLine(segments)));
}

uint64_t NewestOf(const model::SegmentHistory& history) {
  const auto all = history.After(0);
  return all.segments.empty() ? 0 : all.segments.back().number;
}

}  // namespace

EventFeed::EventFeed(const model::SegmentHistory& history, model::PageFindings& findings)
    : history_(history), findings_(findings), told_(NewestOf(history)) {}

std::string EventFeed::Begin(const std::string& last_event_id) const {
  std::string begin = "retry: 2000\n\n";
  uint64_t number = 0;
  if (!absl::SimpleAtoi(last_event_id, &number)) return begin;
  const auto missed = history_.After(number);
  return begin + (missed.complete ? SegmentsEvent(missed.segments) : Event("reset", "{}"));
}

std::string EventFeed::Next(const model::DaemonStatus& status, absl::Time now) {
  MutexLock lock(mu_);
  return absl::StrCat(NewSegments(), Event("status", StatusLine(status, now)), ChangedFindings());
}

std::string EventFeed::NewSegments() {
  const auto fresh = history_.After(told_);
  if (!fresh.segments.empty()) told_ = fresh.segments.back().number;
  return SegmentsEvent(fresh.segments);
}

std::string EventFeed::ChangedFindings() {
  absl::StatusOr<std::string> findings = findings_.Json();
  if (!findings.ok() || *findings == told_findings_) return "";
  told_findings_ = *std::move(findings);
  return Event("findings", "{}");
}

void EventFeed::Pass() {
  MutexLock lock(mu_);
  told_ = NewestOf(history_);
}

}  // namespace dcp::server
