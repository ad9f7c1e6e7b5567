#include "server/status_json.h"

#include <nlohmann/json.hpp>

namespace dcp::server {
namespace {

using nlohmann::json;

json ToJson(absl::Time time) {
  if (time == absl::InfinitePast()) return nullptr;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

json Age(absl::Time time, absl::Time now) {
  if (time == absl::InfinitePast()) return nullptr;
  return absl::ToDoubleSeconds(now - time);
}

json ToJson(const model::SegmentActivity& segment) {
  return {{"number", segment.number},
          {"check", segment.check},
          {"target", segment.target},
          {"epoch", segment.epoch},
          {"from", segment.from},
          {"to", segment.to},
          {"verdict", segment.verdict},
          {"late", segment.late},
          {"source_rows", segment.source_rows},
          {"target_rows", segment.target_rows},
          {"diff_count", segment.diff_count},
          {"known", segment.known},
          {"unverified_reason", segment.unverified_reason},
          {"at", ToJson(segment.at)}};
}

json ToJson(const model::PaceSample& sample) {
  return {{"at", ToJson(sample.at)},
          {"lag_seconds", absl::ToDoubleSeconds(sample.lag)},
          {"rows_per_second", sample.rows_per_second}};
}

json ToJson(const model::PairActivity& pair, absl::Time now) {
  return {{"check", pair.check},
          {"source", pair.source},
          {"target", pair.target},
          {"running", pair.running},
          {"align", pair.align},
          {"epoch", pair.epoch},
          {"verified_barrier", pair.verified_barrier},
          {"last_verdict", ToJson(pair.last_verdict)},
          {"last_verdict_age_seconds", Age(pair.last_verdict, now)},
          {"source_barrier", pair.source_barrier},
          {"target_barrier", pair.target_barrier},
          {"pending_segments", pair.pending_segments},
          {"pending_keys", pair.pending_keys},
          {"pending_bytes", pair.pending_bytes},
          {"open_findings", pair.open_findings},
          {"same", pair.same},
          {"diff", pair.diff},
          {"unverified", pair.unverified},
          {"timeouts", pair.timeouts},
          {"source_rows", pair.source_rows},
          {"target_rows", pair.target_rows},
          {"lag_seconds", absl::ToDoubleSeconds(pair.lag)},
          {"rows_per_second", pair.rows_per_second}};
}

json ToJson(const model::ReaderActivity& reader, absl::Time now) {
  return {{"collector", reader.collector},
          {"type", "mysql"},
          {"connected", reader.connected},
          {"ended", reader.ended},
          {"file", reader.file},
          {"position", reader.position},
          {"last_commit", ToJson(reader.last_commit)},
          {"last_commit_age_seconds", Age(reader.last_commit, now)},
          {"transactions", reader.transactions},
          {"rows", reader.rows},
          {"connections", reader.connections},
          {"gaps", reader.gaps},
          {"purge", reader.purge},
          {"last_error", reader.last_error},
          {"warning", reader.warning}};
}

json ToJson(const model::PushActivity& push) {
  return {{"collector", push.collector},
          {"type", "grpc"},
          {"messages", push.messages},
          {"bytes", push.bytes},
          {"refused", push.refused},
          {"lost", push.lost},
          {"open_streams", push.streams_open},
          {"streams", push.streams},
          {"streams_refused", push.streams_refused},
          {"stored_bytes", push.stored_bytes},
          {"storage_errors", push.storage_errors},
          {"accept_failures", push.accept_failures}};
}

json ToJson(const model::BarrierActivity& barrier) {
  return {{"id", barrier.id},
          {"server", barrier.server},
          {"connected", barrier.connected},
          {"offset", barrier.last_offset},
          {"written", barrier.written},
          {"age_seconds", absl::ToDoubleSeconds(barrier.age)},
          {"last_error", barrier.last_error}};
}

json ToJson(const model::SinkActivity& sink) {
  return {{"sink", sink.sink},         {"delivered", sink.delivered},
          {"failures", sink.failures}, {"superseded", sink.superseded},
          {"lost", sink.lost},         {"put_aside", sink.put_aside},
          {"waiting", sink.waiting},   {"failing", sink.failing}};
}

json ToJson(const model::MemoryActivity& memory) {
  return {{"check", memory.check},
          {"used_bytes", memory.used_bytes},
          {"limit_bytes", memory.limit_bytes},
          {"spilled_segments", memory.spilled_segments},
          {"spilled_bytes", memory.spilled_bytes},
          {"spill_failures", memory.spill_failures},
          {"intake_waits", memory.intake_waits}};
}

json ToJson(const model::JobRun& run) {
  return {{"number", run.number},           {"result", model::ToString(run.result)},
          {"started", ToJson(run.started)}, {"ended", ToJson(run.ended)},
          {"tables", run.tables},           {"rows", run.rows},
          {"different", run.different},     {"undecided", run.undecided},
          {"skipped", run.skipped},         {"detail", run.detail}};
}

json ToJson(const model::JobActivity& job) {
  json runs = json::array();
  for (const model::JobRun& run : job.last_runs) runs.push_back(ToJson(run));
  const json progress = {{"tables", job.tables},
                         {"tables_done", job.tables_done},
                         {"rows", job.rows},
                         {"rows_about", job.rows_about},
                         {"paused", job.paused}};
  return {{"job", job.job},
          {"source", job.source},
          {"target", job.target},
          {"schedule", job.schedule},
          {"time_zone", job.time_zone},
          {"next_start", ToJson(job.next_start.value_or(absl::InfinitePast()))},
          {"running", job.running},
          {"progress", job.running ? progress : json()},
          {"missed", job.missed},
          {"runs", std::move(runs)}};
}

json ToJson(const model::TableProof& proof, absl::Time now) {
  return {{"check", proof.check},
          {"target", proof.target},
          {"table", proof.table},
          {"job", proof.job},
          {"table_verified_offset", proof.offset},
          {"table_verified_at", ToJson(proof.at)},
          {"table_verified_age_seconds", Age(proof.at, now)}};
}

template <typename Thing, typename... Args>
json List(const std::vector<Thing>& things, const Args&... args) {
  json list = json::array();
  for (const Thing& thing : things) list.push_back(ToJson(thing, args...));
  return list;
}

json ToJson(const model::StateActivity& state) {
  return {{"dir", state.dir},
          {"writable", state.write_error.empty()},
          {"error", state.write_error},
          {"memory_limit", state.memory_limit}};
}

json ToJson(const model::ReloadActivity& reloads) {
  return {{"done", reloads.done},
          {"failed", reloads.failed},
          {"last_done", ToJson(reloads.last_done)},
          {"last_error", reloads.last_error}};
}

json ToJson(const model::DaemonStatus& status, absl::Time now) {
  json collectors = List(status.readers, now);
  for (json& pushed : List(status.pushed)) collectors.push_back(std::move(pushed));
  return {{"version", status.version},           {"started", ToJson(status.started)},
          {"checks", List(status.pairs, now)},   {"memory", List(status.memory)},
          {"collectors", std::move(collectors)}, {"barriers", List(status.barriers)},
          {"sinks", List(status.sinks)},         {"jobs", List(status.jobs)},
          {"tables", List(status.proofs, now)},  {"state", ToJson(status.state)},
          {"reloads", ToJson(status.reloads)}};
}

// A server's message may hold any bytes.
std::string Dump(const json& object, int indent) {
  return object.dump(indent, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string StatusJson(const model::DaemonStatus& status, absl::Time now) {
  json object = ToJson(status, now);
  for (size_t i = 0; i < status.pairs.size(); ++i) {
    object["checks"][i]["recent"] = List(status.pairs[i].recent);
    object["checks"][i]["pace"] = List(status.pairs[i].pace);
  }
  return Dump(object, 2) + "\n";
}

std::string StatusLine(const model::DaemonStatus& status, absl::Time now) {
  return Dump(ToJson(status, now), -1);
}

std::string SegmentsLine(const std::vector<model::SegmentActivity>& segments) {
  return Dump(List(segments), -1);
}

}  // namespace dcp::server
