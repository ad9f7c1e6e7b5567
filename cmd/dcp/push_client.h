// The work of `dcp push`: sends messages, given as JSON lines, to a daemon by
// DCPService.Push, one call per tag. A lost connection is opened again, and what was not
// acknowledged is sent once more; each message counts once.
//
// A line is `{"tag","id","barrier"}` or `{"tag","id","key","content","checksum"}`:
// "key" or "barrier" must be there; without "tag" the one of the options is
// taken, without "id" the line's number. Empty lines are skipped.
#pragma once

#include <cstdint>
#include <istream>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "cmd/dcp/channel.h"

namespace dcp::cmd {

struct PushOptions {
  ChannelOptions channel;
  std::string tag = {};  // of lines without one; empty: such lines are bad
  // Names the input: one that was cut off is given again, whole, with the same session, and
  // what the daemon holds of it is not sent again. Empty: a new one.
  std::string session = {};
  // How long to try for a connection; also after one is lost, without an acknowledgement.
  absl::Duration connect_timeout = absl::Seconds(10);
};

struct PushResult {
  // OK: every line was accepted.
  //   kInvalidArgument  an option of `channel`, too: then nothing was sent
  //   kInvalidArgument  some lines were bad or refused, all others were accepted
  //   kUnavailable      no connection, or it was lost and did not come back: what was not
  //                     acknowledged may or may not have arrived
  //   other             the daemon ended the call, with this code
  absl::Status status;
  uint64_t sent = 0;
  uint64_t acknowledged = 0;  // accepted by the daemon, also before, of this session
  uint64_t refused = 0;       // by the daemon
  uint64_t bad_lines = 0;     // not sent
  uint64_t unanswered = 0;    // sent, and nothing was heard of them
};

// Sends all of `in`, without waiting for responses in between; returns when all have come.
// Writes one line to `errors` for each bad line and each refused message. Messages carry the
// time of `clock`. While it waits for the next line it does not notice that it cannot go on.
PushResult Push(const PushOptions& options, std::istream& in, std::ostream& errors,
                const Clock& clock);

}  // namespace dcp::cmd
