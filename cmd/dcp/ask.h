// The commands that ask a running daemon: `dcp status`, `dcp watch`, `dcp wait`.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "cmd/dcp/colours.h"
#include "cmd/dcp/command_line.h"
#include "cmd/dcp/control_client.h"

namespace dcp::cmd {

// The client of a command; null: `err` has got why.
std::unique_ptr<ControlClient> Connect(const ChannelOptions& options, std::ostream& err);

// 78 where the daemon cannot be asked at all; else 64 for what makes no sense, and 1.
int ExitCodeOfCall(const absl::Status& status);

// The exit statuses. They wait as long as it takes, or end with a signal.
int ShowStatus(const StatusCommand& command, const Colours& colours, std::ostream& out,
               std::ostream& err);
int WatchAlarms(const WatchCommand& command, const Colours& colours, std::ostream& out,
                std::ostream& err);
int WaitForEquality(const WaitCommand& command, const Colours& colours, std::ostream& out,
                    std::ostream& err);

// What /status says, for people. Empty: it is not that.
std::string StatusText(const std::string& json, const Colours& colours);

}  // namespace dcp::cmd
