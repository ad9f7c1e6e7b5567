// A status with one of everything, for tests.
#pragma once

#include "model/daemon_status.h"

namespace dcp::server {

inline model::DaemonStatus ExampleStatus() {
  model::DaemonStatus status;
  status.version = "1.2.3";
  status.started = absl::FromUnixSeconds(1000);
  model::PairActivity& pair = status.pairs.emplace_back();
  pair.check = "orders";
  pair.source = "src";
  pair.target = "dst \"2\"";
  pair.running = true;
  pair.verified_barrier = 41;
  pair.last_verdict = absl::FromUnixMillis(2500);
  pair.same = 40;
  pair.diff = 1;
  pair.lag = absl::Milliseconds(1500);
  pair.rows_per_second = 12.5;
  pair.pace.push_back({absl::FromUnixSeconds(1), absl::Seconds(2), 3});
  model::SegmentActivity& segment = pair.recent.emplace_back();
  segment.number = 77;
  segment.verdict = "diff";
  status.memory.push_back({"orders", 100, 200, 3, 400, 5, 6});
  model::ReaderActivity& reader = status.readers.emplace_back();
  reader.collector = "source";
  reader.connected = true;
  reader.file = "binlog.000001";
  reader.position = 1234;
  reader.rows = 77;
  status.pushed.emplace_back().collector = "pushed";
  model::BarrierActivity& barrier = status.barriers.emplace_back();
  barrier.server = "127.0.0.1:3306";
  barrier.connected = true;
  barrier.age = absl::Milliseconds(1500);
  status.sinks.emplace_back().sink = "log";
  model::JobActivity& job = status.jobs.emplace_back();
  job.job = "nightly";
  job.running = true;
  job.rows = 500;
  job.missed = 2;
  job.runs[static_cast<size_t>(model::JobRun::Result::kDiff)] = 3;
  job.last_runs.resize(2);
  job.last_runs[0].number = 5;
  job.last_runs[1].number = 4;
  job.last_runs[1].result = model::JobRun::Result::kDiff;
  job.last_runs[1].different = 11;
  status.proofs.push_back(
      {"orders", "dst", "shop.orders", "nightly", 40, absl::FromUnixSeconds(2)});
  status.state = {"dcp-state", "", 1 << 20};
  return status;
}

}  // namespace dcp::server
