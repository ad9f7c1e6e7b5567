#include "collector/grpc/stream_intake.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace dcp::collector {
namespace {

// At most `size` bytes of `text`, cut between characters: a response that is not
// UTF-8 would end the client's stream.
absl::string_view Shorten(absl::string_view text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

Reply TagTaken(const model::Tag& tag) {
  return {ResponseCode::kTagTaken, absl::StrCat("another stream feeds tag \"", tag.value(),
                                                "\"; send again when that one has ended")};
}

// Why the checker did not take a message of `tag`.
Reply FromChecker(const absl::Status& status, absl::string_view tag) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return {ResponseCode::kUnknownTag, absl::StrCat("no check uses tag \"", tag, "\"")};
    case absl::StatusCode::kCancelled:
      return {ResponseCode::kStopping, "dcp is stopping; send again after a reconnect"};
    default:
      return {ResponseCode::kRefused, absl::StrCat("tag \"", tag, "\": ", status.ToString())};
  }
}

}  // namespace

Reply UnknownTag(const TagRegistry& tags, absl::string_view tag) {
  if (tag.empty()) return {ResponseCode::kUnknownTag, "the message has no tag"};
  return {ResponseCode::kUnknownTag, absl::StrCat("unknown tag \"", Shorten(tag, 200),
                                                  "\"; this collector has: ", tags.names())};
}

Reply NotAuthorised(const model::Grant& grant, absl::string_view tag) {
  return {ResponseCode::kNotAuthorised,
          absl::StrCat("the token \"", grant.token(), "\" may not push tag \"", Shorten(tag, 200),
                       "\"")};
}

std::optional<Reply> FindFault(const Message& message) {
  if (message.body_case() == Message::BODY_NOT_SET) {
    return Reply{ResponseCode::kNoBody, "the message has neither a barrier nor a payload"};
  }
  if (message.has_payload() && message.payload().id().empty()) {
    return Reply{ResponseCode::kEmptyKey,
                 "the payload has no id: it is the key, without which nothing can be compared"};
  }
  return std::nullopt;
}

std::optional<Reply> StreamIntake::Offer(const Message& message) {
  if (!open_failure_.ok()) {
    return FromChecker(std::exchange(open_failure_, absl::OkStatus()), message.tag());
  }
  if (std::optional<Reply> fault = FindFault(message)) return fault;
  Feed* feed = FindFeed(message.tag());
  if (feed == nullptr) return BeginFeed(message);
  if (!feed->failure.ok()) return FromChecker(feed->failure, message.tag());
  return Keep(*feed, message);
}

std::optional<Reply> StreamIntake::BeginFeed(const Message& message) {
  if (!grant_.Covers(message.tag())) return NotAuthorised(grant_, message.tag());
  const model::Tag* tag = tags_.Find(message.tag());
  if (tag == nullptr) return UnknownTag(tags_, message.tag());
  if (!tags_.Claim(*tag, stream_)) return TagTaken(*tag);
  to_open_ = tag;
  return std::nullopt;
}

void StreamIntake::Opened(const absl::Status& status, absl::string_view lost) {
  const model::Tag* tag = std::exchange(to_open_, nullptr);
  if (!status.ok()) {
    tags_.Release(*tag, stream_);
    open_failure_ = status;
    return;
  }
  last_feed_ = feeds_.emplace_back(std::make_unique<Feed>(tag, capture_)).get();
  if (!lost.empty()) last_feed_->messages.AddBreak(lost);
}

Reply StreamIntake::Keep(Feed& feed, const Message& message) {
  if (durable_) {
    const size_t held = feed.messages.bytes();
    feed.messages.AddMessage(message.SerializeAsString());
    pending_bytes_ += feed.messages.bytes() - held;
    return {};
  }
  BatchBuilder& builder = feed.builder;
  const size_t before = builder.bytes();
  AddMessage(message, nullptr, builder);
  has_barrier_ |= !message.has_payload();
  pending_bytes_ += builder.bytes() - before;
  return {};
}

std::vector<StreamIntake::TagBatch> StreamIntake::TakeBatches() {
  std::vector<TagBatch> batches;
  for (const auto& feed : feeds_) {
    if (!feed->builder.empty()) batches.push_back({feed->tag, feed->builder.Take(), IntakeBatch()});
    if (durable_ && feed->messages.bytes() > 0) {
      batches.push_back({feed->tag, nullptr, std::exchange(feed->messages, IntakeBatch())});
    }
  }
  pending_bytes_ = 0;
  has_barrier_ = false;
  return batches;
}

void StreamIntake::Failed(const model::Tag& tag, const absl::Status& status) {
  if (Feed* feed = FindFeed(tag.value())) feed->failure = status;
}

void StreamIntake::ReleaseTags() {
  for (const auto& feed : feeds_) tags_.Release(*feed->tag, stream_);
  if (to_open_ != nullptr) tags_.Release(*to_open_, stream_);
  feeds_.clear();
  last_feed_ = nullptr;
  to_open_ = nullptr;
}

StreamIntake::Feed* StreamIntake::FindFeed(absl::string_view tag) {
  if (last_feed_ != nullptr && last_feed_->tag->value() == tag) return last_feed_;
  for (const auto& feed : feeds_) {
    if (feed->tag->value() == tag) return last_feed_ = feed.get();
  }
  return nullptr;
}

}  // namespace dcp::collector
