#include "collector/grpc/stream_shared.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace dcp::collector {
namespace {

constexpr absl::Duration kRetry = absl::Milliseconds(200);

}  // namespace

absl::Status StreamShared::OpenTag(const model::Tag& tag, absl::string_view peer,
                                   std::string* why_lost) {
  if (durable()) {
    DurableTag& durable_tag = this->durable_tag(tag);
    if (durable_tag.log().next() > 1) {
      *why_lost = absl::StrCat("a client stream from ", peer,
                               " feeds the tag now; nothing tells whether changes were lost or "
                               "repeated between it and the one before");
    }
    return durable_tag.taken();
  }
  absl::Status status = sink.Open(tag, tags.OriginFor(tag, peer));
  if (status.ok()) tags.MarkOpened(tag, peer);
  return status;
}

bool StreamShared::Store(const model::Tag& tag, const IntakeBatch& batch,
                         const std::function<bool()>& gives_up) {
  IntakeLog& log = durable_tag(tag).log();
  for (bool failed = false;; failed = true) {
    const absl::Status status = log.Append(batch);
    if (failed && status.ok()) {
      options.log(absl::StrCat("tag ", tag.value(), ": pushed messages are stored again"));
    }
    if (status.ok()) return true;
    storage_errors.fetch_add(1, std::memory_order_relaxed);
    if (!failed) {
      options.log(
          absl::StrCat("tag ", tag.value(),
                       ": pushed messages wait, nothing is acknowledged: ", status.message()));
    }
    if (stopping || gives_up()) return false;
    log.WaitForRoom(kRetry);
  }
}

}  // namespace dcp::collector
