#include "cmd/dcp/ask.h"

#include <filesystem>
#include <fstream>
#include <ostream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "alarm/text.h"
#include "base/clock.h"
#include "base/file_io.h"
#include "base/status.h"
#include "base/stopper.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/wait.h"

namespace dcp::cmd {
namespace {

constexpr size_t kMaxCursor = 64;
// Between tries to reach a daemon that was lost.
constexpr absl::Duration kAgain = absl::Seconds(1);

void Tell(const absl::Status& status, std::ostream& err) {
  err << "dcp: error: " << alarm::Readable(status.message(), 2000) << "\n";
}

std::string InColour(const ControlClient::Watched& alarm, const Colours& colours) {
  const std::string line = alarm::Readable(alarm.text, 10'000);
  if (alarm.type == "same" || alarm.type == "resolved") return colours.Good(line);
  return alarm.type == "diff" ? colours.Bad(line) : colours.Unsure(line);
}

// What may end by itself: the daemon is started again, or the watcher was too slow.
bool GoesOn(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsCancelled(status);
}

// Empty: there is none yet.
absl::StatusOr<std::string> ReadCursorFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return "";
  std::ifstream in(path);
  std::string cursor;
  if (std::getline(in, cursor) && cursor.size() <= kMaxCursor) return cursor;
  return absl::InvalidArgumentError(absl::StrCat("no cursor in ", path));
}

// WatchRun: one `dcp watch`, over lost connections.
class WatchRun {
 public:
  WatchRun(const WatchCommand& command, const Colours& colours, std::ostream& out,
           std::ostream& err)
      : command_(command), colours_(colours), out_(out), err_(err) {
    request_.cursor = command.cursor;
    request_.oldest = command.oldest;
    request_.types = command.types;
    request_.checks = command.checks;
  }

  int Run(ControlClient& client) {
    if (const absl::Status status = ReadCursor(); !status.ok()) {
      Tell(status, err_);
      return kExitUsage;
    }
    while (true) {
      const absl::Status status =
          client.Watch(request_, [&](const ControlClient::Watched& one) { return Take(one); });
      if (status.ok()) return failed_ ? kExitError : kExitOk;
      if (!begun_ || !GoesOn(status)) {
        Tell(status, err_);
        return begun_ ? kExitError : ExitCodeOfCall(status);
      }
      if (!std::exchange(lost_, true)) {
        err_ << "dcp: lost: " << alarm::Readable(status.message(), 2000) << "; trying again\n";
      }
      Stopper().Pause(kAgain, Clock::Real());
    }
  }

 private:
  absl::Status ReadCursor() {
    if (command_.cursor_file.empty()) return absl::OkStatus();
    DCP_ASSIGN_OR_RETURN(std::string cursor, ReadCursorFile(command_.cursor_file));
    if (!cursor.empty()) request_.cursor = std::move(cursor);
    return absl::OkStatus();
  }

  // Noted when it is printed: what was not, comes again.
  bool Take(const ControlClient::Watched& one) {
    if (std::exchange(lost_, false)) err_ << "dcp: goes on\n";
    begun_ = true;
    if (one.has_alarm) {
      out_ << (command_.json ? one.json : InColour(one, colours_)) << "\n";
      out_.flush();
      failed_ = !out_.good();
    }
    if (!one.cursor.empty()) request_.cursor = one.cursor;
    if (!failed_ && one.has_alarm) ++printed_;
    if (!failed_ && !NoteCursor(one.cursor)) failed_ = true;
    return !failed_ && (command_.count == 0 || printed_ < command_.count);
  }

  bool NoteCursor(const std::string& cursor) {
    if (command_.cursor_file.empty() || cursor.empty()) return true;
    if (ReplaceFile(FileIo::Real(), command_.cursor_file, cursor + "\n") == 0) return true;
    err_ << "dcp: error: cannot write " << command_.cursor_file << "\n";
    return false;
  }

  const WatchCommand& command_;
  const Colours& colours_;
  std::ostream& out_;
  std::ostream& err_;
  ControlClient::WatchRequest request_;
  bool begun_ = false;  // there was a response
  bool lost_ = false;
  bool failed_ = false;
  uint64_t printed_ = 0;
};

}  // namespace

std::unique_ptr<ControlClient> Connect(const ChannelOptions& options, std::ostream& err) {
  auto client = ControlClient::Create(options);
  if (client.ok()) return *std::move(client);
  Tell(client.status(), err);
  return nullptr;
}

int ExitCodeOfCall(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  if (absl::IsInvalidArgument(status)) return kExitUsage;
  const bool not_asked = absl::IsUnavailable(status) || absl::IsUnauthenticated(status) ||
                         absl::IsPermissionDenied(status) || absl::IsDeadlineExceeded(status);
  return not_asked ? kExitConfig : kExitError;
}

int ShowStatus(const StatusCommand& command, const Colours& colours, std::ostream& out,
               std::ostream& err) {
  const auto client = Connect(command.server, err);
  if (client == nullptr) return kExitConfig;
  absl::StatusOr<std::string> json = client->StatusJson();
  if (json.ok() && !command.json) {
    *json = StatusText(*json, colours);
    if (json->empty()) json = absl::DataLossError("the daemon's status is no JSON");
  }
  if (!json.ok()) {
    Tell(json.status(), err);
    return ExitCodeOfCall(json.status());
  }
  out << *json;
  out.flush();
  return out.good() ? kExitOk : kExitError;
}

int WatchAlarms(const WatchCommand& command, const Colours& colours, std::ostream& out,
                std::ostream& err) {
  const auto client = Connect(command.server, err);
  if (client == nullptr) return kExitConfig;
  return WatchRun(command, colours, out, err).Run(*client);
}

int WaitForEquality(const WaitCommand& command, const Colours& colours, std::ostream& out,
                    std::ostream& err) {
  const auto client = Connect(command.server, err);
  if (client == nullptr) return kExitConfig;
  WaitOptions options;
  options.checks = command.checks;
  options.gtid = command.gtid;
  options.barrier = command.barrier;
  if (!command.timeout.empty() && (!absl::ParseDuration(command.timeout, &options.timeout) ||
                                   options.timeout < absl::ZeroDuration())) {
    err << "dcp: error: --timeout '" << command.timeout << "' is not a time such as 30s or 10m\n";
    return kExitUsage;
  }
  // A dcp that was never there is not waited for.
  if (const absl::Status status = client->StatusJson().status(); !status.ok()) {
    Tell(status, err);
    return ExitCodeOfCall(status);
  }
  const WaitResult result = Wait(options, *client, Clock::Real());
  if (!result.error.ok()) {
    Tell(result.error, err);
    return ExitCodeOfCall(result.error);
  }
  for (const TargetResult& target : result.targets) {
    out << (command.json ? WaitJson(target) : WaitText(target, colours)) << "\n";
  }
  out.flush();
  return result.exit_code;
}

}  // namespace dcp::cmd
