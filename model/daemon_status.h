// DaemonStatus: what a running dcp is doing, at one moment, for people and machines that ask.
// Counts are of this process, from its start on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "model/job_run.h"

namespace dcp::model {

// A verdict that was said.
struct SegmentActivity {
  uint64_t number = 0;  // grows with each verdict; the same after a restart
  std::string check, target;
  uint64_t epoch = 1, from = 0, to = 0;  // barriers
  std::string verdict;                   // "same", "diff" or "unverified"
  bool late = false;
  uint64_t source_rows = 0, target_rows = 0;  // changes counted
  uint64_t diff_count = 0, known = 0;
  std::string unverified_reason;
  absl::Time at = absl::InfinitePast();
};

// What a target's lag and a check's speed were at one time.
struct PaceSample {
  absl::Time at;
  absl::Duration lag;
  double rows_per_second = 0;  // of the source, that were judged
};

// Of a check and one of its targets.
struct PairActivity {
  std::string check, source, target;
  std::string align;  // and why; for people
  bool running = false;
  uint64_t epoch = 1;
  uint64_t verified_barrier = 0;  // verdicts were said up to it
  absl::Time last_verdict = absl::InfinitePast();
  uint64_t source_barrier = 0, target_barrier = 0;  // last seen
  uint64_t pending_segments = 0;                    // closed by the source, not by the target
  uint64_t pending_keys = 0;
  uint64_t pending_bytes = 0;
  uint64_t open_findings = 0;
  uint64_t same = 0, diff = 0, unverified = 0, timeouts = 0;
  uint64_t source_rows = 0, target_rows = 0;  // changes that were judged
  absl::Duration lag;  // for how long the oldest segment waits that the target has not closed
  // Only where somebody can ask (HTTP); the oldest first, and so many at most.
  std::vector<SegmentActivity> recent;
  std::vector<PaceSample> pace;
  double rows_per_second = 0;  // of the last of `pace`
};

// Of a check, all its targets together.
struct MemoryActivity {
  std::string check;
  uint64_t used_bytes = 0, limit_bytes = 0;
  uint64_t spilled_segments = 0, spilled_bytes = 0;  // that wait on disk now
  uint64_t spill_failures = 0;                       // times that the disk did not take one
  uint64_t intake_waits = 0;                         // times that a stream was held up
};

// Of a collector that reads a server's binlog, or files.
struct ReaderActivity {
  std::string collector;
  bool connected = false;
  bool ended = false;
  std::string file;
  uint64_t position = 0;
  absl::Time last_commit = absl::InfinitePast();  // of the last transaction, by its server's clock
  uint64_t transactions = 0, rows = 0;
  uint64_t connections = 0, gaps = 0;
  std::string purge;  // how near the server is to purging what is needed; for people
  std::string last_error, warning;
};

// Of a collector that clients push to.
struct PushActivity {
  std::string collector;
  uint64_t messages = 0, bytes = 0, refused = 0, lost = 0;
  uint64_t streams_open = 0, streams = 0, streams_refused = 0;
  uint64_t stored_bytes = 0, storage_errors = 0, accept_failures = 0;
};

struct BarrierActivity {
  uint32_t id = 1;
  std::string server;  // host:port or socket
  bool connected = false;
  uint64_t last_offset = 0;
  uint64_t written = 0;
  absl::Duration age;  // of the last one
  std::string last_error;
};

struct SinkActivity {
  std::string sink;
  uint64_t delivered = 0, failures = 0, superseded = 0, lost = 0, put_aside = 0;
  uint64_t waiting = 0;
  bool failing = false;
};

struct StateActivity {
  std::string dir;
  std::string write_error;  // empty: what checks say can be stored
  uint64_t memory_limit = 0;
};

// Of a job that runs by a schedule.
struct JobActivity {
  std::string job, source, target;  // servers
  std::string schedule, time_zone;
  bool running = false;
  bool paused = false;  // outside of its window
  std::optional<absl::Time> next_start;
  uint64_t tables = 0, tables_done = 0;              // of the run that goes on
  uint64_t rows = 0, rows_about = 0;                 // likewise
  uint64_t missed = 0;                               // starts
  std::array<uint64_t, JobRun::kResults> runs = {};  // that ended, by result
  std::vector<JobRun> last_runs;                     // the newest first
};

// Changes of the configuration while dcp ran.
struct ReloadActivity {
  uint64_t done = 0, failed = 0;
  absl::Time last_done = absl::InfinitePast();
  std::string last_error;  // of the last one, if it failed
};

struct DaemonStatus {
  std::string version;
  absl::Time started = absl::InfinitePast();
  std::vector<PairActivity> pairs;
  std::vector<MemoryActivity> memory;
  std::vector<ReaderActivity> readers;
  std::vector<PushActivity> pushed;
  std::vector<BarrierActivity> barriers;
  std::vector<SinkActivity> sinks;
  std::vector<JobActivity> jobs;
  std::vector<TableProof> proofs;  // by check, target and table
  StateActivity state;
  ReloadActivity reloads;
};

}  // namespace dcp::model
