#include "collector/grpc/durable_tag.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "base/status.h"
#include "model/digest.h"
#include "proto/dcp.pb.h"

namespace dcp::collector {
namespace {

constexpr size_t kBatchBytes = size_t{512} << 10;
constexpr size_t kMaxNameBytes = 200;
constexpr absl::Duration kRetry = absl::Seconds(1);

bool Parse(absl::string_view bytes, Message& message) {
  return bytes.size() <= size_t{std::numeric_limits<int>::max()} &&
         message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

std::string DurableTag::DirectoryName(const model::Tag& tag) {
  std::string name;
  for (const char c : tag.value()) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-') {
      name.push_back(c);
    } else {
      absl::StrAppendFormat(&name, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  // No short name holds two percent signs side by side.
  return name.size() <= kMaxNameBytes ? name
                                      : absl::StrCat("%%", model::ToHex(model::Xxh3(tag.value())));
}

absl::StatusOr<std::unique_ptr<DurableTag>> DurableTag::Open(model::Tag tag, Options options,
                                                             model::ChangeSink& sink) {
  DCP_ASSIGN_OR_RETURN(auto log, IntakeLog::Open(options.log));
  return std::unique_ptr<DurableTag>(
      new DurableTag(std::move(tag), std::move(options), std::move(log), sink));
}

DurableTag::DurableTag(model::Tag tag, Options options, std::unique_ptr<IntakeLog> log,
                       model::ChangeSink& sink)
    : tag_(std::move(tag)),
      options_(std::move(options)),
      log_(std::move(log)),
      sink_(sink),
      builder_(options_.capture) {}

DurableTag::~DurableTag() {
  log_->Interrupt();
  if (thread_.joinable()) thread_.join();
}

void DurableTag::Start() {
  if (!Begin().ok()) return;
  {
    MutexLock lock(mu_);
    ended_ = false;
  }
  thread_ = std::thread([this] { Run(); });
}

absl::Status DurableTag::Begin() {
  const Beginning beginning = FindBeginning();
  DCP_RETURN_IF_ERROR(OpenSink(beginning.reason, beginning.detail, beginning.sequence));
  reader_.emplace(*log_, beginning.sequence);
  return absl::OkStatus();
}

bool DurableTag::Stop(absl::Duration deadline) {
  log_->Interrupt();
  MutexLock lock(mu_);
  while (!ended_) {
    const absl::Duration left = deadline - Clock::Real().Monotonic();
    if (left <= absl::ZeroDuration()) return false;
    ended_changed_.WaitFor(mu_, left);
  }
  return true;
}

absl::Status DurableTag::taken() const {
  MutexLock lock(mu_);
  return taken_;
}

absl::Status DurableTag::ForgetBefore(absl::string_view place) {
  DCP_ASSIGN_OR_RETURN(const IntakePlace parsed, IntakePlace::Parse(place));
  if (!parsed.SameLog(log_->PlaceOf(0)) || parsed.sequence > log_->next()) {
    return absl::InvalidArgumentError(
        absl::StrCat("tag ", tag_.value(), ": a place of other messages than are held"));
  }
  log_->ForgetBefore(parsed.sequence);
  return absl::OkStatus();
}

DurableTag::Beginning DurableTag::FindBeginning() const {
  const uint64_t first = log_->first(), next = log_->next();
  if (options_.start_place.empty()) return {first, "", ""};
  const absl::StatusOr<IntakePlace> place = IntakePlace::Parse(options_.start_place);
  if (!place.ok()) return {first, "gap", std::string(place.status().message())};
  if (!place->SameLog(log_->PlaceOf(0))) {
    return {first, "gap", "the directory of pushed messages is another one than before"};
  }
  if (place->sequence >= first && place->sequence <= next) return {place->sequence, "", ""};
  return {first, "gap",
          absl::StrCat("pushed messages from ", place->sequence, " on are needed, those from ",
                       first, " to ", next - 1, " are held")};
}

absl::Status DurableTag::OpenSink(std::string reason, std::string detail, uint64_t sequence) {
  model::StreamOrigin origin;
  origin.reason = std::move(reason);
  origin.detail = std::move(detail);
  origin.place = std::make_shared<const std::string>(log_->PlaceOf(sequence).ToText());
  absl::Status status = sink_.Open(tag_, std::move(origin));
  if (!status.ok()) Failed(status);
  return status;
}

void DurableTag::Run() {
  while (log_->WaitFor(reader_->next())) {
    const absl::StatusOr<bool> readable = FeedSome();
    if (!readable.ok()) break;
    // Stopped meanwhile: the rest is read again by the next run.
    if (!*readable && !log_->WaitForRoom(kRetry)) break;
  }
  MutexLock lock(mu_);
  ended_ = true;
  ended_changed_.NotifyAll();
}

absl::StatusOr<bool> DurableTag::FeedSome() {
  bool readable = true;
  while (builder_.bytes() < kBatchBytes) {
    const auto block = reader_->Next();
    if (!block.ok()) {
      options_.log.log(absl::StrCat("tag ", tag_.value(), ": ", block.status().message()));
      readable = false;
    }
    if (!block.ok() || !block->has_value()) break;
    DCP_RETURN_IF_ERROR(FeedBlock(**block));
  }
  DCP_RETURN_IF_ERROR(Flush());
  return readable;
}

absl::Status DurableTag::FeedBlock(const IntakeReader::Block& block) {
  if (block.lost > 0) {
    DCP_RETURN_IF_ERROR(Flush());
    const std::string detail =
        absl::StrCat(block.lost, " pushed message(s) are lost: damage, ", block.damage);
    options_.log.log(absl::StrCat("tag ", tag_.value(), ": ", detail));
    DCP_RETURN_IF_ERROR(OpenSink("gap", detail, block.first));
  }
  uint64_t sequence = block.first;
  for (const IntakeEntry& entry : block.body.entries) {
    DCP_RETURN_IF_ERROR(FeedEntry(entry, sequence++));
  }
  return absl::OkStatus();
}

absl::Status DurableTag::FeedEntry(const IntakeEntry& entry, uint64_t sequence) {
  if (entry.kind == EntryKind::kRefused) return absl::OkStatus();
  Message message;
  const bool is_message = entry.kind != EntryKind::kBreak;
  if (!is_message || !Parse(entry.bytes, message)) {
    DCP_RETURN_IF_ERROR(Flush());
    return OpenSink(is_message ? "gap" : "restart",
                    is_message ? "a stored message is none" : std::string(entry.bytes),
                    sequence + 1);
  }
  model::Place place;
  if (!message.has_payload()) {
    place = std::make_shared<const std::string>(log_->PlaceOf(sequence).ToText());
  }
  AddMessage(message, std::move(place), builder_);
  return absl::OkStatus();
}

absl::Status DurableTag::Flush() {
  if (builder_.empty()) return absl::OkStatus();
  absl::Status status = sink_.Append(tag_, builder_.Take());
  if (!status.ok()) Failed(status);
  return status;
}

void DurableTag::Failed(const absl::Status& status) {
  MutexLock lock(mu_);
  taken_ = status;
}

}  // namespace dcp::collector
