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
          {"timeouts", pair.timeouts}};
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

}  // namespace

std::string StatusJson(const model::DaemonStatus& status, absl::Time now) {
  json collectors = List(status.readers, now);
  for (json& pushed : List(status.pushed)) collectors.push_back(std::move(pushed));
  const json object = {{"version", status.version},
                       {"started", ToJson(status.started)},
                       {"checks", List(status.pairs, now)},
                       {"memory", List(status.memory)},
                       {"collectors", std::move(collectors)},
                       {"barriers", List(status.barriers)},
                       {"sinks", List(status.sinks)},
                       {"jobs", List(status.jobs)},
                       {"tables", List(status.proofs, now)},
                       {"state",
                        {{"dir", status.state.dir},
                         {"writable", status.state.write_error.empty()},
                         {"error", status.state.write_error},
                         {"memory_limit", status.state.memory_limit}}}};
  // A server's message may hold any bytes.
  return object.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace dcp::server
