// EventFeed: what an open page is told, as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html):
//
//   segments  with an id: verdicts, an array as in /status. The id is the last one's number, and a
//             reader that comes again with it gets what follows, also after a restart
//   status    all of /status but each check's past
//   findings  {}: /findings has changed
//   reset     what follows the reader's id is not known any more: /status has what there is
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "base/mutex.h"
#include "model/daemon_status.h"
#include "model/ports/page_findings.h"
#include "model/ports/segment_history.h"

namespace dcp::server {

class EventFeed {
 public:
  // Both outlive it. Verdicts that `history` has already are not told again.
  EventFeed(const model::SegmentHistory& history, model::PageFindings& findings);

  // The beginning of a stream for a reader with this Last-Event-ID. Waits for nothing.
  std::string Begin(const std::string& last_event_id) const;

  // What there is to be told since the last call. Takes as long as the disk does.
  std::string Next(const model::DaemonStatus& status, absl::Time now) ABSL_LOCKS_EXCLUDED(mu_);
  // The same for nobody: no stream was there when the history had all that it has.
  void Pass() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  std::string NewSegments() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::string ChangedFindings() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const model::SegmentHistory& history_;
  model::PageFindings& findings_;
  Mutex mu_;
  uint64_t told_ ABSL_GUARDED_BY(mu_) = 0;  // number of the last segment
  std::string told_findings_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::server
