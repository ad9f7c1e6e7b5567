// The work of `dcp binlog`: the row changes of a server's binlog, or of binlog
// files, as JSON lines, as counts or as digests. docs/binlog.md describes the
// formats.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/connection_options.h"
#include "model/gtid_set.h"
#include "model/position.h"

namespace dcp::cmd {

struct BinlogArgs {
  enum class Format : uint8_t { kJsonl, kSummary, kDigest };

  // Exactly one of `server` and `files` is given; files are read in this order.
  std::optional<model::ConnectionOptions> server;
  std::vector<std::string> files;

  // Where to begin; at most one of them. Without: a server's oldest binlog, the
  // first file's beginning.
  std::optional<model::GtidSet> from_gtid;  // behind the transactions of this set
  // The start of an event. Of several files those before the one with this name
  // are left out; an empty name means the first.
  std::optional<model::BinlogPosition> from_position;

  // End at the position that the server had at the start, instead of waiting for
  // more. Files always end.
  bool until_now = false;
  std::vector<std::string> tables;  // `database.table`, with `*`; empty: all
  Format format = Format::kJsonl;
  uint32_t server_id = 0;  // as a replica of the server; 0: a random one
};

struct BinlogResult {
  // False: not even the first event could be asked for (arguments, connection,
  // privileges, a file that cannot be opened).
  bool started = false;
  absl::Status status;
};

// Writes to the descriptor `out`, and one line to `err` for each event that could
// not be given. Returns at the end of what was asked for, soon after `stop` became
// true, or when `out` is a pipe that nobody reads any more; what was read until
// then has been written whole.
// The status:
//   OK                   all row changes were given, up to a clean end
//   kInvalidArgument     `args` contradict themselves, or a file is no binlog
//   kDataLoss            some events could not be given (each has its line on `err`, the
//                        others were given), or the binlog is damaged and ended there
//   kUnavailable         the server cannot be reached, or the connection was lost; the
//                        message says where to go on
//   kPermissionDenied, kFailedPrecondition, kNotFound  the server refuses, or a file
//                        cannot be opened
//   other                `out` cannot be written
// While it runs the process ignores SIGPIPE.
BinlogResult RunBinlog(const BinlogArgs& args, int out, std::ostream& err,
                       const std::atomic<bool>& stop);

}  // namespace dcp::cmd
