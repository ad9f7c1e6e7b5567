// The work of `dcp push`: sends messages, given as JSON lines, to a daemon by
// DCPService.Process.
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

namespace dcp::cmd {

struct PushOptions {
  std::string target;    // HOST:PORT
  std::string tag = {};  // of lines without one; empty: such lines are bad
  absl::Duration connect_timeout = absl::Seconds(10);
};

struct PushResult {
  // OK: every line was accepted.
  //   kInvalidArgument  some lines were bad or refused, all others were accepted
  //   kUnavailable      no connection, or it was lost: what was not acknowledged
  //                     may or may not have arrived
  //   other             the daemon ended the call, with this code
  absl::Status status;
  uint64_t sent = 0;
  uint64_t acknowledged = 0;  // accepted by the daemon
  uint64_t refused = 0;       // by the daemon
  uint64_t bad_lines = 0;     // not sent
};

// Sends all of `in`, without waiting for responses in between; returns when all
// have come. Writes one line to `errors` for each bad line and each refused
// message. Messages carry the time of `clock`. It notices a lost connection when
// the next line comes, or `in` ends.
PushResult Push(const PushOptions& options, std::istream& in, std::ostream& errors,
                const Clock& clock);

}  // namespace dcp::cmd
