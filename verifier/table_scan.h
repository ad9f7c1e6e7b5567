// TableScan: reads the tables of a comparison chunk by chunk, the two sides at the same time, and
// names the keys whose rows were not found alike.
//
// One table, the guide, is read page by page in the order of its key; each page's last key bounds
// a chunk, whose rows are then read in all other tables. A chunk is the rows behind the bound
// before it and up to its own, the last one has no bound: whatever order the collations of other
// tables give their keys, each of their rows is in some chunk. A row that is in another chunk there
// than on the guide's side is met when that chunk comes.
//
// Nothing here decides that rows differ: a suspect is a key to be looked at again (recheck.h).
// No lock, no transaction beyond one page.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/clock.h"
#include "verifier/chunk_size.h"
#include "verifier/row_set.h"
#include "verifier/sync_point.h"

namespace dcp::verifier {

// Reads one physical table. Thread-compatible.
class PageReader {
 public:
  virtual ~PageReader() = default;

  // Replaces `*rows` with at most `limit` rows, the first ones in the order of the key behind
  // `after` and up to `upto` (canonical binary keys; null: from the beginning, to the end).
  //   kNotFound, kInvalidArgument, kDataLoss, kFailedPrecondition, kPermissionDenied
  //          the table cannot be read, again neither
  //   other  not this time
  virtual absl::Status ReadPage(const std::string* after, const std::string* upto, size_t limit,
                                RowSet* rows) = 0;
};

struct ScanOptions {
  ChunkSize::Options chunk;
  size_t max_suspects = 2000;  // more are handed on at once
  int tries = 4;               // of a page
  int max_failed_chunks = 3;   // one behind the other, before the table is given up
  absl::Duration retry_pause = absl::Milliseconds(200);
};

// What a scan tells. Called by the thread that runs it.
class ScanEvents {
 public:
  virtual ~ScanEvents() = default;

  // Before the rows of a chunk are read on the other sides. An error ends the scan and is returned
  // by it.
  virtual absl::Status BeforeChunk() { return absl::OkStatus(); }
  // A chunk was read on both sides. `guide_rows` and `other_rows` are the rows in it.
  virtual void OnChunk(size_t guide_rows, size_t other_rows) = 0;
  // A chunk could not be read; nothing is known of its rows.
  virtual void OnFailedChunk(const absl::Status& why) = 0;
  // Keys to be looked at again; one may be named more than once. An error ends the scan and is
  // returned by it.
  virtual absl::Status OnSuspects(const std::vector<std::string>& keys) = 0;
  // Everything up to the key `upto` has been read, or has failed; but for what is not named yet:
  // `pool`.
  virtual void OnProgress(const std::string& upto, const SuspectPool& pool) {
    static_cast<void>(upto);
    static_cast<void>(pool);
  }
};

// Where a scan begins that goes on with another: with what its last OnProgress() told.
struct ScanStart {
  std::optional<std::string> after;
  std::vector<SuspectPool::Entry> suspects;
};

// Returns OK once the last chunk has been read or has failed. Errors:
//   kCancelled  `pause` said so
//   other       the guide, or several chunks one behind the other, could not be read: what is
//               behind them is not known
// `guide` is used by a thread of its own while this runs.
absl::Status ScanTables(PageReader& guide, const std::vector<PageReader*>& others,
                        const ScanOptions& options, const Clock& clock, const Pause& pause,
                        ScanEvents& events, const ScanStart& start = {});

}  // namespace dcp::verifier
