#include "server/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

namespace dcp::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

double ToNumber(absl::Time time) {
  return time == absl::InfinitePast() ? 0 : absl::ToDoubleSeconds(time - absl::UnixEpoch());
}
double ToNumber(absl::Duration time) { return absl::ToDoubleSeconds(time); }
template <typename Number>
requires std::is_arithmetic_v<Number>
double ToNumber(Number number) { return static_cast<double>(number); }

// The families of one kind of thing: one sample of each family for each thing.
template <typename Thing>
class FamilyMaker {
 public:
  using LabelsOf = Labels (*)(const Thing&);

  FamilyMaker(const std::vector<Thing>& things, LabelsOf labels, std::vector<MetricFamily>* out)
      : things_(things), labels_(labels), out_(*out) {}

  template <typename Value>
  FamilyMaker& Counter(const char* name, const char* help, Value value) {
    return Add(MetricType::Counter, name, help, value);
  }
  template <typename Value>
  FamilyMaker& Gauge(const char* name, const char* help, Value value) {
    return Add(MetricType::Gauge, name, help, value);
  }

 private:
  template <typename Value>
  FamilyMaker& Add(MetricType type, const char* name, const char* help, Value value) {
    MetricFamily family;
    family.name = name;
    family.help = help;
    family.type = type;
    for (const Thing& thing : things_) {
      ClientMetric metric;
      metric.label = labels_(thing);
      const double number = ToNumber(std::invoke(value, thing));
      (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = number;
      family.metric.push_back(std::move(metric));
    }
    if (!family.metric.empty()) out_.push_back(std::move(family));
    return *this;
  }

  const std::vector<Thing>& things_;
  const LabelsOf labels_;
  std::vector<MetricFamily>& out_;
};

using model::BarrierActivity;
using model::DaemonStatus;
using model::JobActivity;
using model::MemoryActivity;
using model::PairActivity;
using model::PushActivity;
using model::ReaderActivity;
using model::SinkActivity;

void AddProcess(const DaemonStatus& status, std::vector<MetricFamily>* out) {
  const std::vector<DaemonStatus> one = {status};
  FamilyMaker<DaemonStatus>(
      one,
      [](const DaemonStatus& s) {
        return Labels{{"version", s.version}};
      },
      out)
      .Gauge("dcp_build_info", "Always 1; the label tells the version.",
             [](const DaemonStatus&) { return 1; });
  FamilyMaker<DaemonStatus>(
      one, [](const DaemonStatus&) { return Labels{}; }, out)
      .Gauge("dcp_start_time_seconds", "When this dcp started, since 1970.", &DaemonStatus::started)
      .Gauge("dcp_state_writable", "1: what checks say can be stored; 0: they wait until it can.",
             [](const DaemonStatus& s) { return s.state.write_error.empty(); })
      .Gauge("dcp_memory_limit_bytes", "The budget of all buffers ([state] memory).",
             [](const DaemonStatus& s) { return s.state.memory_limit; })
      .Counter("dcp_config_reloads_total", "Changed configurations that were taken up.",
               [](const DaemonStatus& s) { return s.reloads.done; })
      .Counter("dcp_config_reload_failures_total",
               "Changed configurations that could not be used: dcp went on with the old one.",
               [](const DaemonStatus& s) { return s.reloads.failed; })
      .Gauge("dcp_config_last_reload_successful",
             "0: the file as it is now could not be used, and an older configuration runs.",
             [](const DaemonStatus& s) { return s.reloads.last_error.empty(); })
      .Gauge("dcp_config_last_reload_success_timestamp_seconds",
             "When a configuration was reloaded last, since 1970; 0: not since the start.",
             [](const DaemonStatus& s) { return s.reloads.last_done; });
}

// Three counters that are one family, told apart by a label.
void AddSegments(const std::vector<PairActivity>& pairs, std::vector<MetricFamily>* out) {
  MetricFamily family;
  family.name = "dcp_check_segments_total";
  family.help = "Segments judged, by verdict.";
  family.type = MetricType::Counter;
  for (const PairActivity& pair : pairs) {
    for (const auto& [verdict, count] : {std::pair("same", pair.same), std::pair("diff", pair.diff),
                                         std::pair("unverified", pair.unverified)}) {
      ClientMetric metric;
      metric.label = {{"check", pair.check}, {"target", pair.target}, {"verdict", verdict}};
      metric.counter.value = static_cast<double>(count);
      family.metric.push_back(std::move(metric));
    }
  }
  if (!family.metric.empty()) out->push_back(std::move(family));
}

void AddPairs(const std::vector<PairActivity>& pairs, std::vector<MetricFamily>* out) {
  FamilyMaker<PairActivity>(
      pairs,
      [](const PairActivity& p) {
        return Labels{{"check", p.check}, {"target", p.target}};
      },
      out)
      .Gauge("dcp_check_running", "1: both streams have shown the same barrier.",
             &PairActivity::running)
      .Gauge("dcp_check_verified_barrier", "The barrier up to which verdicts were said.",
             &PairActivity::verified_barrier)
      .Gauge("dcp_check_last_verdict_timestamp_seconds",
             "When the last verdict was said, since 1970; 0: none yet.",
             &PairActivity::last_verdict)
      .Gauge("dcp_check_source_barrier", "The newest barrier that the source's stream has shown.",
             &PairActivity::source_barrier)
      .Gauge("dcp_check_target_barrier", "The newest barrier that the target's stream has shown.",
             &PairActivity::target_barrier)
      .Gauge("dcp_check_pending_segments",
             "Segments that the source has closed and the target not.",
             &PairActivity::pending_segments)
      .Gauge("dcp_check_lag_seconds", "For how long the oldest of them waits; 0: none waits.",
             &PairActivity::lag)
      .Gauge("dcp_check_pending_keys", "Keys whose versions wait to be settled.",
             &PairActivity::pending_keys)
      .Gauge("dcp_check_pending_bytes",
             "Bytes of changes that wait to be judged, in memory or on disk.",
             &PairActivity::pending_bytes)
      .Gauge("dcp_check_open_findings", "Keys that differ and are not resolved.",
             &PairActivity::open_findings)
      .Counter("dcp_check_timeouts_total", "Times the target was later than the check's timeout.",
               &PairActivity::timeouts)
      .Counter("dcp_check_source_rows_total", "Changes of the source that were judged.",
               &PairActivity::source_rows)
      .Counter("dcp_check_target_rows_total", "Changes of the target that were judged.",
               &PairActivity::target_rows);
  AddSegments(pairs, out);
}

void AddMemory(const std::vector<MemoryActivity>& memory, std::vector<MetricFamily>* out) {
  FamilyMaker<MemoryActivity>(
      memory,
      [](const MemoryActivity& m) {
        return Labels{{"check", m.check}};
      },
      out)
      .Gauge("dcp_check_memory_bytes", "What the check holds in memory, about.",
             &MemoryActivity::used_bytes)
      .Gauge("dcp_check_memory_limit_bytes", "What it may hold; beyond it segments go to disk.",
             &MemoryActivity::limit_bytes)
      .Gauge("dcp_check_spilled_segments", "Segments that wait on disk.",
             &MemoryActivity::spilled_segments)
      .Gauge("dcp_check_spilled_bytes", "Bytes of these.", &MemoryActivity::spilled_bytes)
      .Counter("dcp_check_spill_failures_total", "Times that the disk did not take a segment.",
               &MemoryActivity::spill_failures)
      .Counter("dcp_check_intake_waits_total", "Times that a stream was held up for memory.",
               &MemoryActivity::intake_waits);
}

void AddReaders(const std::vector<ReaderActivity>& readers, std::vector<MetricFamily>* out) {
  FamilyMaker<ReaderActivity>(
      readers,
      [](const ReaderActivity& r) {
        return Labels{{"collector", r.collector}};
      },
      out)
      .Gauge("dcp_collector_connected", "1: it reads its server's binlog.",
             &ReaderActivity::connected)
      .Counter("dcp_collector_transactions_total", "Transactions read.",
               &ReaderActivity::transactions)
      .Counter("dcp_collector_rows_total", "Row changes read.", &ReaderActivity::rows)
      .Counter("dcp_collector_connections_total", "Connections opened to read.",
               &ReaderActivity::connections)
      .Counter("dcp_collector_gaps_total", "Times the stream lost continuity.",
               &ReaderActivity::gaps)
      .Gauge("dcp_collector_last_commit_timestamp_seconds",
             "When the last transaction read was committed, by its server, since 1970; 0: none.",
             &ReaderActivity::last_commit);
}

void AddPushed(const std::vector<PushActivity>& pushed, std::vector<MetricFamily>* out) {
  FamilyMaker<PushActivity>(
      pushed,
      [](const PushActivity& p) {
        return Labels{{"collector", p.collector}};
      },
      out)
      .Counter("dcp_push_messages_total", "Messages received.", &PushActivity::messages)
      .Counter("dcp_push_bytes_total", "Bytes of these messages.", &PushActivity::bytes)
      .Counter("dcp_push_refused_total", "Messages answered with an error.", &PushActivity::refused)
      .Counter("dcp_push_lost_total", "Messages acknowledged and then not taken by a check.",
               &PushActivity::lost)
      .Gauge("dcp_push_open_streams", "Calls of clients that are open.",
             &PushActivity::streams_open)
      .Counter("dcp_push_streams_total", "Calls of clients.", &PushActivity::streams)
      .Counter("dcp_push_streams_refused_total", "Calls that were refused.",
               &PushActivity::streams_refused)
      .Gauge("dcp_push_stored_bytes", "Of durable tags, on the disk.", &PushActivity::stored_bytes)
      .Counter("dcp_push_storage_errors_total", "Writes of durable messages that the disk refused.",
               &PushActivity::storage_errors)
      .Counter("dcp_push_accept_failures_total",
               "Times that a client could not be accepted and waited.",
               &PushActivity::accept_failures);
}

void AddBarriers(const std::vector<BarrierActivity>& barriers, std::vector<MetricFamily>* out) {
  FamilyMaker<BarrierActivity>(
      barriers,
      [](const BarrierActivity& b) {
        return Labels{{"barrier", std::to_string(b.id)}, {"server", b.server}};
      },
      out)
      .Counter("dcp_barrier_written_total", "Barriers written.", &BarrierActivity::written)
      .Gauge("dcp_barrier_offset", "The barrier written last; 0: none yet.",
             &BarrierActivity::last_offset)
      .Gauge("dcp_barrier_age_seconds", "Time since the last barrier was written.",
             &BarrierActivity::age)
      .Gauge("dcp_barrier_connected", "1: there is a session to write with.",
             &BarrierActivity::connected);
}

void AddSinks(const std::vector<SinkActivity>& sinks, std::vector<MetricFamily>* out) {
  FamilyMaker<SinkActivity>(
      sinks,
      [](const SinkActivity& s) {
        return Labels{{"sink", s.sink}};
      },
      out)
      .Counter("dcp_sink_delivered_total", "Alarms delivered; a group counts as one.",
               &SinkActivity::delivered)
      .Counter("dcp_sink_failures_total", "Attempts that failed.", &SinkActivity::failures)
      .Counter("dcp_sink_superseded_total", "Alarms given up because a later one says more.",
               &SinkActivity::superseded)
      .Counter("dcp_sink_lost_total", "Alarms given up because too many waited.",
               &SinkActivity::lost)
      .Counter("dcp_sink_put_aside_total", "Alarms that the sink refused for good.",
               &SinkActivity::put_aside)
      .Gauge("dcp_sink_waiting", "Alarms that wait for the sink.", &SinkActivity::waiting)
      .Gauge("dcp_sink_failing", "1: the last attempt failed.", &SinkActivity::failing);
}

// The newest run that ended; null: none did.
const model::JobRun* LastEnded(const JobActivity& job) {
  for (const model::JobRun& run : job.last_runs) {
    if (run.result != model::JobRun::Result::kRunning) return &run;
  }
  return nullptr;
}

template <typename Value>
auto OfLast(Value value) {
  return [value](const JobActivity& job) {
    const model::JobRun* const run = LastEnded(job);
    return run == nullptr ? 0.0 : ToNumber(std::invoke(value, *run));
  };
}

void AddJobRuns(const std::vector<JobActivity>& jobs, std::vector<MetricFamily>* out) {
  MetricFamily family;
  family.name = "dcp_job_runs_total";
  family.help = "Runs that ended, by result.";
  family.type = MetricType::Counter;
  for (const JobActivity& job : jobs) {
    for (size_t i = 0; i < job.runs.size(); ++i) {
      const auto result = static_cast<model::JobRun::Result>(i);
      if (result == model::JobRun::Result::kRunning || result == model::JobRun::Result::kMissed) {
        continue;
      }
      ClientMetric metric;
      metric.label = {{"job", job.job}, {"result", model::ToString(result)}};
      metric.counter.value = static_cast<double>(job.runs[i]);
      family.metric.push_back(std::move(metric));
    }
  }
  if (!family.metric.empty()) out->push_back(std::move(family));
}

void AddJobs(const std::vector<JobActivity>& jobs, std::vector<MetricFamily>* out) {
  FamilyMaker<JobActivity>(
      jobs,
      [](const JobActivity& j) {
        return Labels{{"job", j.job}};
      },
      out)
      .Gauge("dcp_job_running", "1: a run goes on.", &JobActivity::running)
      .Gauge("dcp_job_paused", "1: the run waits for its window.", &JobActivity::paused)
      .Gauge("dcp_job_next_start_timestamp_seconds", "When it starts next, since 1970; 0: never.",
             [](const JobActivity& j) { return j.next_start.value_or(absl::InfinitePast()); })
      .Gauge("dcp_job_progress_rows", "Rows compared by the run that goes on.", &JobActivity::rows)
      .Counter("dcp_job_missed_total", "Starts that were missed.", &JobActivity::missed)
      .Gauge("dcp_job_last_start_timestamp_seconds", "When the last run that ended began; 0: none.",
             OfLast(&model::JobRun::started))
      .Gauge("dcp_job_last_end_timestamp_seconds", "When it ended.", OfLast(&model::JobRun::ended))
      .Gauge("dcp_job_last_rows", "Rows that it compared.", OfLast(&model::JobRun::rows))
      .Gauge("dcp_job_last_different", "Rows that differed.", OfLast(&model::JobRun::different))
      .Gauge("dcp_job_last_undecided", "Rows and chunks that it could not decide.",
             OfLast(&model::JobRun::undecided))
      .Gauge("dcp_job_last_skipped", "Tables that it skipped.", OfLast(&model::JobRun::skipped));
  AddJobRuns(jobs, out);
}

void AddProofs(const std::vector<model::TableProof>& proofs, absl::Time now,
               std::vector<MetricFamily>* out) {
  FamilyMaker<model::TableProof>(
      proofs,
      [](const model::TableProof& p) {
        return Labels{{"check", p.check}, {"target", p.target}, {"table", p.table}};
      },
      out)
      .Gauge("dcp_table_verified_offset",
             "The barrier since which the streams alone tell of the table: a job found it equal.",
             &model::TableProof::offset)
      .Gauge("dcp_table_verified_age_seconds", "Time since that job began.",
             [now](const model::TableProof& p) { return now - p.at; });
}

}  // namespace

std::string MetricsText(const DaemonStatus& status, absl::Time now) {
  std::vector<MetricFamily> families;
  AddProcess(status, &families);
  AddPairs(status.pairs, &families);
  AddMemory(status.memory, &families);
  AddReaders(status.readers, &families);
  AddPushed(status.pushed, &families);
  AddBarriers(status.barriers, &families);
  AddSinks(status.sinks, &families);
  AddJobs(status.jobs, &families);
  AddProofs(status.proofs, now, &families);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace dcp::server
