#include "collector/grpc/push_session.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::collector {
namespace {

std::optional<Reply> FindFault(const Message& message, const model::Tag& tag, int64_t max_bytes) {
  const auto size = static_cast<int64_t>(message.ByteSizeLong());
  if (size > max_bytes) {
    return Reply{ResponseCode::kTooLarge,
                 absl::StrCat("the message has ", size, " bytes; this server accepts ", max_bytes)};
  }
  if (!message.tag().empty() && message.tag() != tag.value()) {
    return Reply{ResponseCode::kUnknownTag,
                 absl::StrCat("the message is of another tag than the call, which feeds \"",
                              tag.value(), "\"")};
  }
  return collector::FindFault(message);
}

}  // namespace

absl::Status PushSession::Open(const PushRequest& request, const TagRegistry& tags) {
  if (!request.has_open()) {
    return absl::InvalidArgumentError("the first request of a Push call must be its `open`");
  }
  const PushOpen& open = request.open();
  if (open.session().empty() || open.session().size() > SessionTable::kMaxIdBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the session has ", open.session().size(),
                                                   " bytes, not 1 to ", SessionTable::kMaxIdBytes));
  }
  if (open.acknowledged() >= std::numeric_limits<uint64_t>::max() / 2) {
    return absl::InvalidArgumentError("`acknowledged` is no number of a session");
  }
  tag_ = tags.Find(open.tag());
  if (tag_ == nullptr) {
    const Reply reply = UnknownTag(tags, open.tag());
    return absl::NotFoundError(reply.msg);
  }
  session_ = open.session();
  acknowledged_ = open.acknowledged();
  return absl::OkStatus();
}

void PushSession::GoOnFrom(const SessionState& held) {
  has_gap_ = !held.is_writer || held.last < acknowledged_;
  last_ = std::max(held.last, acknowledged_);
}

absl::Status PushSession::Begin(const PushRequest& request) const {
  if (!request.has_batch()) {
    return absl::InvalidArgumentError("a request behind the first one must be a `batch`");
  }
  const uint64_t first = request.batch().first_sequence();
  if (first == 0 || first >= std::numeric_limits<uint64_t>::max() / 2) {
    return absl::InvalidArgumentError(absl::StrCat("`first_sequence` is ", first));
  }
  if (first <= last_ + 1) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat("session \"", session_, "\": the next message is ",
                                            last_ + 1, ", and a batch begins with ", first));
}

PushSession::Taken PushSession::Take(const PushBatch& batch, int index, int64_t max_bytes,
                                     PushResponse& response) {
  const uint64_t number = batch.first_sequence() + static_cast<uint64_t>(index);
  if (number <= last_) return Taken::kHeld;
  last_ = number;
  std::optional<Reply> fault = FindFault(batch.messages(index), *tag_, max_bytes);
  if (!fault) return Taken::kNew;
  PushRefusal& refusal = *response.add_refused();
  refusal.set_sequence(number);
  refusal.set_code(static_cast<int32_t>(fault->code));
  refusal.set_msg(std::move(fault->msg));
  return Taken::kRefused;
}

PushSession::Stored PushSession::Store(absl::Span<const PushRequest* const> requests,
                                       const IntakeLog& log, const Storing& storing) {
  Stored stored;
  IntakeBatch batch = Begun(log, storing.peer);
  const uint64_t only_break = batch.count();
  for (const PushRequest* request : requests) {
    stored.fault = Collect(*request, storing.max_message_bytes, batch, stored);
    if (!stored.fault.ok()) break;
  }
  if (batch.count() > only_break) {
    if (!storing.store(batch)) return stored;
    has_begun_ = true;
  }
  stored.response.set_last_sequence(last_);
  stored.done = true;
  return stored;
}

IntakeBatch PushSession::Begun(const IntakeLog& log, const std::string& peer) const {
  IntakeBatch batch(session_);
  if (!has_begun_ && has_gap_ && log.next() > 1) {
    batch.AddBreak(absl::StrCat("the client stream from ", peer,
                                " feeds the tag now, and does "
                                "not go on where the one before it ended"));
  }
  return batch;
}

absl::Status PushSession::Collect(const PushRequest& request, int64_t max_bytes, IntakeBatch& batch,
                                  Stored& stored) {
  if (absl::Status fault = Begin(request); !fault.ok()) return fault;
  const PushBatch& messages = request.batch();
  for (int i = 0; i < messages.messages_size(); ++i) {
    ++stored.messages;
    const Taken taken = Take(messages, i, max_bytes, stored.response);
    if (taken == Taken::kRefused) batch.AddRefused(last_);
    if (taken == Taken::kNew) batch.AddNumbered(last_, messages.messages(i).SerializeAsString());
  }
  return absl::OkStatus();
}

}  // namespace dcp::collector
