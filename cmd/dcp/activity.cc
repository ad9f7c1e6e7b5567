#include "cmd/dcp/activity.h"

#include "absl/strings/str_cat.h"

namespace dcp::cmd {
namespace {

std::string Line(const model::PairActivity& pair) {
  return absl::StrCat("check ", pair.check, " ", pair.source, " -> ", pair.target,
                      ": judged up to barrier ", pair.verified_barrier, ", same ", pair.same,
                      ", diff ", pair.diff, ", unverified ", pair.unverified, ", waiting segments ",
                      pair.pending_segments, ", open findings ", pair.open_findings,
                      " (align: ", pair.align, ")",
                      pair.source_barrier == 0
                          ? "; no barrier has come from the source: is drc.barrier written there?"
                          : "");
}

std::string Line(const model::MemoryActivity& memory) {
  return absl::StrCat("check ", memory.check, ": ", memory.used_bytes >> 20, " of ",
                      memory.limit_bytes >> 20, " MiB of memory, ", memory.spilled_segments,
                      " segments (", memory.spilled_bytes >> 20, " MiB) wait on disk",
                      memory.intake_waits == 0
                          ? ""
                          : absl::StrCat(", a stream was held up ", memory.intake_waits, " times"));
}

std::string Line(const model::ReaderActivity& reader) {
  return absl::StrCat(
      "collector ", reader.collector, ": ",
      reader.connected ? "connected"
      : reader.ended   ? "ended"
                       : "not connected",
      ", ", reader.rows, " rows, at ", reader.file, ":", reader.position,
      reader.purge.empty() ? "" : ", ", reader.purge,
      reader.last_error.empty() ? "" : absl::StrCat(", last error: ", reader.last_error));
}

}  // namespace

model::PairActivity ToActivity(const config::CheckOptions& check,
                               const CheckRunner::TargetStatus& target, absl::Duration now) {
  model::PairActivity activity;
  activity.check = check.name;
  activity.source = check.source.value();
  activity.target = target.target.value();
  activity.align = target.pair.align_reason;
  activity.running = target.pair.running;
  activity.epoch = target.pair.epoch;
  activity.verified_barrier = target.pair.last_judged;
  activity.last_verdict = target.last_verdict;
  activity.source_barrier = target.pair.source_barrier;
  activity.target_barrier = target.pair.target_barrier;
  activity.pending_segments = target.pair.pending_segments;
  activity.pending_keys = target.pair.pending_keys;
  activity.pending_bytes = target.pending_bytes;
  activity.open_findings = target.pair.open_findings;
  activity.same = target.same;
  activity.diff = target.diff;
  activity.unverified = target.unverified;
  activity.timeouts = target.timeouts;
  activity.source_rows = target.source_rows;
  activity.target_rows = target.target_rows;
  if (const auto since = target.pair.waiting_since) activity.lag = now - *since;
  return activity;
}

model::MemoryActivity ToActivity(const config::CheckOptions& check,
                                 const CheckRunner::MemoryStatus& memory) {
  return {check.name,           memory.used_bytes,     memory.limit_bytes, memory.spilled_segments,
          memory.spilled_bytes, memory.spill_failures, memory.intake_waits};
}

model::ReaderActivity ToActivity(const std::string& collector,
                                 const collector::MysqlCollectorStatus& status,
                                 const std::string& purge) {
  model::ReaderActivity activity;
  activity.collector = collector;
  activity.connected = status.connected;
  activity.ended = status.finished;
  activity.file = status.position.file;
  activity.position = status.position.offset;
  activity.last_commit = status.position_time;
  activity.transactions = status.groups;
  activity.rows = status.rows;
  activity.connections = status.connections;
  activity.gaps = status.gaps;
  activity.purge = purge;
  activity.last_error = status.last_error;
  activity.warning = status.warning;
  return activity;
}

model::PushActivity ToActivity(const std::string& collector,
                               const collector::GrpcCollectorCounters& counters) {
  const auto count = [](int64_t n) { return static_cast<uint64_t>(n); };
  model::PushActivity activity;
  activity.collector = collector;
  activity.messages = count(counters.messages);
  activity.bytes = count(counters.bytes);
  activity.refused = count(counters.refused);
  activity.lost = count(counters.lost);
  activity.streams_open = count(counters.streams_open);
  activity.streams = count(counters.streams_started);
  activity.streams_refused = count(counters.streams_refused);
  activity.stored_bytes = count(counters.stored_bytes);
  activity.storage_errors = count(counters.storage_errors);
  activity.accept_failures = count(counters.accept_failures);
  return activity;
}

model::BarrierActivity ToActivity(const config::BarrierOptions& options,
                                  const barrier::BarrierStatus& status) {
  model::BarrierActivity activity;
  activity.id = options.id;
  const model::ConnectionOptions& server = options.connection;
  activity.server =
      server.socket.empty() ? absl::StrCat(server.host, ":", server.port) : server.socket;
  activity.connected = status.connected;
  activity.last_offset = status.last_offset;
  activity.written = status.written;
  activity.age = status.age;
  activity.last_error = status.last_error;
  return activity;
}

model::SinkActivity ToActivity(const alarm::Dispatcher::Stats& stats) {
  model::SinkActivity activity;
  activity.sink = stats.sink;
  activity.delivered = stats.delivered;
  activity.failures = stats.failures;
  activity.superseded = stats.superseded;
  activity.lost = stats.lost;
  activity.put_aside = stats.put_aside;
  activity.waiting = stats.queued;
  activity.failing = stats.failing;
  return activity;
}

std::vector<std::string> StatusLines(const model::DaemonStatus& status) {
  std::vector<std::string> lines;
  for (const model::PairActivity& pair : status.pairs) lines.push_back(Line(pair));
  for (const model::MemoryActivity& memory : status.memory) lines.push_back(Line(memory));
  for (const model::ReaderActivity& reader : status.readers) lines.push_back(Line(reader));
  return lines;
}

}  // namespace dcp::cmd
