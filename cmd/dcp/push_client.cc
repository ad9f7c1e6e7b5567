#include "cmd/dcp/push_client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status.h"
#include "cmd/dcp/push_lane.h"
#include "proto/dcp.grpc.pb.h"

namespace dcp::cmd {
namespace {

using Json = nlohmann::json;

absl::Status Bad(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::Status CheckNames(const Json& line) {
  static constexpr absl::string_view kNames[] = {"tag", "id",      "barrier",
                                                 "key", "content", "checksum"};
  for (const auto& item : line.items()) {
    bool known = false;
    for (const absl::string_view name : kNames) known = known || name == item.key();
    if (!known) {
      return Bad(absl::StrCat("unknown name \"", item.key(),
                              "\"; there are tag, id, barrier, key, content, checksum"));
    }
  }
  return absl::OkStatus();
}

// The text under `name`; nullopt when there is none.
absl::StatusOr<std::optional<std::string>> TextOf(const Json& line, const char* name) {
  const auto it = line.find(name);
  if (it == line.end() || it->is_null()) return std::nullopt;
  if (!it->is_string()) return Bad(absl::StrCat("\"", name, "\" is not a string"));
  return it->get<std::string>();
}

absl::Status ReadBarrier(const Json& line, Message& message) {
  const Json& barrier = line["barrier"];
  if (!barrier.is_number_unsigned()) return Bad("\"barrier\" is not a whole number from 0");
  for (const char* name : {"key", "content", "checksum"}) {
    if (line.contains(name)) return Bad(absl::StrCat("both \"barrier\" and \"", name, "\""));
  }
  message.set_barrier(barrier.get<uint64_t>());
  return absl::OkStatus();
}

absl::Status ReadPayload(const Json& line, Message& message) {
  DCP_ASSIGN_OR_RETURN(std::optional<std::string> key, TextOf(line, "key"));
  DCP_ASSIGN_OR_RETURN(std::optional<std::string> content, TextOf(line, "content"));
  DCP_ASSIGN_OR_RETURN(std::optional<std::string> checksum, TextOf(line, "checksum"));
  if (!key) return Bad("neither \"barrier\" nor \"key\"");
  if (!content && !checksum) return Bad("neither \"content\" nor \"checksum\"");
  message.mutable_payload()->set_id(*std::move(key));
  message.mutable_payload()->set_content(std::move(content).value_or(""));
  message.set_checksum(std::move(checksum).value_or(""));
  return absl::OkStatus();
}

// The message that line `number` tells.
absl::StatusOr<Message> ParseLine(const std::string& text, uint64_t number,
                                  const PushOptions& options) {
  const Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (line.is_discarded()) return Bad("not JSON");
  if (!line.is_object()) return Bad("not a JSON object");
  DCP_RETURN_IF_ERROR(CheckNames(line));
  DCP_ASSIGN_OR_RETURN(std::optional<std::string> tag, TextOf(line, "tag"));
  DCP_ASSIGN_OR_RETURN(std::optional<std::string> id, TextOf(line, "id"));
  Message message;
  message.set_tag(std::move(tag).value_or(options.tag));
  message.set_id(std::move(id).value_or(absl::StrCat(number)));
  if (message.tag().empty()) return Bad("no \"tag\", and none was given with --tag");
  DCP_RETURN_IF_ERROR(line.contains("barrier") ? ReadBarrier(line, message)
                                               : ReadPayload(line, message));
  return message;
}

// LineReader: the lines of a stream; knows whether the next one is here already.
class LineReader {
 public:
  explicit LineReader(std::istream& in) : in_(*in.rdbuf()) {}

  // False at the end of the stream; the last line may lack its newline.
  bool Next(std::string& line) {
    while (!HasLine() && Fill()) {
    }
    const size_t end = buffer_.find('\n', begin_);
    if (end == std::string::npos && begin_ == buffer_.size()) return false;
    line = buffer_.substr(begin_, end == std::string::npos ? end : end - begin_);
    begin_ = end == std::string::npos ? buffer_.size() : end + 1;
    return true;
  }

  // True when Next() will not wait.
  bool HasLine() {
    if (buffer_.find('\n', std::max(begin_, searched_)) != std::string::npos) return true;
    searched_ = buffer_.size();
    return false;
  }

 private:
  // Waits for more; false at the end.
  bool Fill() {
    using Traits = std::streambuf::traits_type;
    if (Traits::eq_int_type(in_.sgetc(), Traits::eof())) return false;
    buffer_.erase(0, std::exchange(begin_, 0));
    searched_ = buffer_.size();
    const size_t old = buffer_.size();
    const std::streamsize more = std::clamp<std::streamsize>(in_.in_avail(), 1, 1 << 16);
    buffer_.resize(old + static_cast<size_t>(more));
    const std::streamsize got = in_.sgetn(buffer_.data() + old, more);
    buffer_.resize(old + static_cast<size_t>(got));
    return true;
  }

  std::streambuf& in_;
  std::string buffer_;
  size_t begin_ = 0;     // of the next line
  size_t searched_ = 0;  // no newline between begin_ and here
};

std::string RandomSession() {
  std::random_device device;
  std::string session;
  for (int i = 0; i < 4; ++i) absl::StrAppend(&session, absl::Hex(device(), absl::kZeroPad8));
  return session;
}

// Reconnects soon: a daemon that is restarted is back in a moment.
grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  return arguments;
}

// Pusher: reads the lines, and has one lane per tag.
class Pusher {
 public:
  Pusher(const PushOptions& options, std::ostream& errors, const Clock& clock)
      : options_(options),
        session_(options.session.empty() ? RandomSession() : options.session),
        errors_(errors),
        clock_(clock) {}

  PushResult Run(std::istream& in);

 private:
  absl::Status Connect();
  void SendAll(std::istream& in);
  bool SendLine(const std::string& text, uint64_t number);
  PushLane& LaneOf(const std::string& tag);
  absl::Status FinishLanes();
  void Complain(uint64_t number, absl::string_view what) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Conclude(const absl::Status& end) const;

  const PushOptions& options_;
  const std::string session_;
  std::ostream& errors_;
  const Clock& clock_;
  std::string token_;
  std::unique_ptr<DCPService::Stub> stub_;
  PushResult result_;
  Mutex mu_;                                                // for errors_
  std::map<std::string, std::unique_ptr<PushLane>> lanes_;  // by tag; end first
};

PushResult Pusher::Run(std::istream& in) {
  result_.status = Connect();
  if (!result_.status.ok()) return result_;
  SendAll(in);
  result_.status = Conclude(FinishLanes());
  return result_;
}

absl::Status Pusher::Connect() {
  DCP_ASSIGN_OR_RETURN(token_, ReadToken(options_.channel));
  DCP_ASSIGN_OR_RETURN(const auto channel, MakeChannel(options_.channel, Arguments()));
  const gpr_timespec deadline = gpr_time_add(
      gpr_now(GPR_CLOCK_MONOTONIC),
      gpr_time_from_micros(absl::ToInt64Microseconds(options_.connect_timeout), GPR_TIMESPAN));
  if (!channel->WaitForConnected(deadline)) {
    return absl::UnavailableError(absl::StrCat(
        "cannot connect to ", options_.channel.target, " within ",
        absl::FormatDuration(options_.connect_timeout),
        ": is the daemon running, is this the address of its grpc collector, and do both "
        "sides use TLS, or neither (--tls, --tls-ca)?"));
  }
  stub_ = DCPService::NewStub(channel);
  return absl::OkStatus();
}

void Pusher::SendAll(std::istream& in) {
  LineReader lines(in);
  std::string text;
  for (uint64_t number = 1; lines.Next(text); ++number) {
    const bool empty = text.find_first_not_of(" \t\r") == std::string::npos;
    if (!empty && !SendLine(text, number)) return;
  }
}

// False when the connection is lost for good.
bool Pusher::SendLine(const std::string& text, uint64_t number) {
  absl::StatusOr<Message> message = ParseLine(text, number, options_);
  if (!message.ok()) {
    ++result_.bad_lines;
    Complain(number, absl::StrCat(message.status().message(), "; not sent"));
    return true;
  }
  message->set_timestamp(
      static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixSeconds(clock_.Now()))));
  ++result_.sent;
  PushLane& lane = LaneOf(message->tag());
  return lane.Add(*std::move(message), number);
}

PushLane& Pusher::LaneOf(const std::string& tag) {
  std::unique_ptr<PushLane>& lane = lanes_[tag];
  if (lane == nullptr) {
    lane = std::make_unique<PushLane>(
        *stub_, PushLane::Options{session_, tag, options_.connect_timeout, token_},
        [this](const PushLane::Refusal& refusal) {
          Complain(refusal.line, absl::StrCat("message \"", refusal.id, "\" was refused with code ",
                                              refusal.code, ": ", refusal.msg));
        });
  }
  return *lane;
}

// The first failure of a lane.
absl::Status Pusher::FinishLanes() {
  absl::Status status;
  for (auto& [tag, lane] : lanes_) {
    absl::Status end = lane->Finish();
    if (status.ok()) status = std::move(end);
    result_.acknowledged += lane->counts().acknowledged;
    result_.refused += lane->counts().refused;
    result_.unanswered += lane->counts().unanswered;
  }
  return status;
}

void Pusher::Complain(uint64_t number, absl::string_view what) {
  MutexLock lock(mu_);
  errors_ << "line " << number << ": " << std::string(what) << "\n";
}

absl::Status Pusher::Conclude(const absl::Status& end) const {
  if (!end.ok()) {
    return Annotate(
        end, absl::StrCat("the connection to ", options_.channel.target, " was lost after ",
                          result_.acknowledged, " acknowledged messages, ", result_.unanswered,
                          " sent ones have no answer"));
  }
  if (result_.bad_lines + result_.refused == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(result_.bad_lines, " bad lines, ", result_.refused,
                                                 " refused messages, ", result_.acknowledged,
                                                 " acknowledged"));
}

}  // namespace

PushResult Push(const PushOptions& options, std::istream& in, std::ostream& errors,
                const Clock& clock) {
  return Pusher(options, errors, clock).Run(in);
}

}  // namespace dcp::cmd
