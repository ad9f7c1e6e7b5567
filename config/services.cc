// [[job]], [ha], [http], [control], [state] and [log].
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "config/connection.h"
#include "config/secret.h"
#include "config/sections.h"

namespace dcp::config {
namespace {

constexpr Word<Sync> kSyncs[] = {{"auto", Sync::kAuto},
                                 {"barrier", Sync::kBarrier},
                                 {"gtid", Sync::kGtid},
                                 {"none", Sync::kNone}};

constexpr Word<JobCompare> kCompares[] = {{"values", JobCompare::kValues},
                                          {"bytes", JobCompare::kBytes}};

void ReadJobSide(const Value& value, const char* section, model::ConnectionOptions* out) {
  TableReader reader(value.node, section, value.context);
  ReadConnection(reader, Secrets::kRead, out);
  FinishWithConnection(reader);
}

void ReadSchedule(const Value& value, JobOptions& out) {
  if (!ReadText(value, &out.schedule)) return;
  const auto starts = model::CronSchedule::Parse(out.schedule);
  if (!starts.ok()) return value.Error(starts.status().message());
  if (!starts->Next(absl::UnixEpoch(), absl::UTCTimeZone())) {
    return value.Error("never comes: there is no such day");
  }
  out.starts = *starts;
}

constexpr Field<JobOptions> kJobFields[] = {
    {"name", [](const Value& v, JobOptions& o) { ReadName(v, &o.name); }, true},
    {"schedule", ReadSchedule},
    {"time_zone", [](const Value& v, JobOptions& o) { ReadTimeZone(v, &o.zone); }},
    {"window", [](const Value& v, JobOptions& o) { ReadDayHours(v, &o.window); }},
    {"max_duration",
     [](const Value& v, JobOptions& o) {
       ReadDuration(v, absl::Seconds(1), absl::Hours(24 * 365), &o.max_duration);
     }},
    {"source",
     [](const Value& v, JobOptions& o) { ReadJobSide(v, "source of [[job]]", &o.source); }, true},
    {"target",
     [](const Value& v, JobOptions& o) { ReadJobSide(v, "target of [[job]]", &o.target); }, true},
    {"tables", [](const Value& v, JobOptions& o) { ReadJobTables(v, &o.tables); }, true},
    {"severity", [](const Value& v, JobOptions& o) { ReadSeverity(v, &o.severity); }},
    {"compare", [](const Value& v, JobOptions& o) { ReadWord(v, kCompares, &o.compare); }},
    {"sync", [](const Value& v, JobOptions& o) { ReadWord(v, kSyncs, &o.sync); }},
    {"sync_timeout",
     [](const Value& v, JobOptions& o) {
       ReadDuration(v, absl::Milliseconds(100), absl::Hours(24), &o.sync_timeout);
     }},
    {"barrier_id",
     [](const Value& v, JobOptions& o) { ReadNumber(v, 1, 4'294'967'295, &o.barrier_id); }},
    {"chunk_time",
     [](const Value& v, JobOptions& o) {
       ReadDuration(v, absl::Milliseconds(10), absl::Minutes(1), &o.chunk_time);
     }},
    {"chunk_rows",
     [](const Value& v, JobOptions& o) { ReadNumber(v, 1, 10'000'000, &o.chunk_rows); }},
    {"unpaged_rows",
     [](const Value& v, JobOptions& o) { ReadNumber(v, 0, 100'000'000, &o.unpaged_rows); }},
    {"parallel", [](const Value& v, JobOptions& o) { ReadNumber(v, 1, 64, &o.parallel); }},
    {"max_threads_running",
     [](const Value& v, JobOptions& o) { ReadNumber(v, 0, 100'000, &o.max_threads_running); }},
    {"max_rows_per_second",
     [](const Value& v, JobOptions& o) {
       ReadNumber(v, 0, 4'294'967'295, &o.max_rows_per_second);
     }},
};

bool IsAscii(absl::string_view text) { return absl::c_all_of(text, absl::ascii_isascii); }

struct HaDraft {
  bool enabled = true;
  HaOptions options;
};
constexpr Field<HaDraft> kHaFields[] = {
    {"enabled", [](const Value& v, HaDraft& o) { ReadBool(v, &o.enabled); }},
    {"name",
     [](const Value& v, HaDraft& o) {
       if (!ReadName(v, &o.options.name) || IsAscii(o.options.name)) return;
       v.Error("must be of ASCII letters, digits and signs: servers compare it");
     },
     true},
};

struct HttpDraft {
  HttpOptions options;
  SecretSource token;
};

constexpr Field<HttpDraft> kHttpFields[] = {
    {"listen", [](const Value& v, HttpDraft& d) { ReadEndpoint(v, &d.options.listen); }, true},
    {"token_env", [](const Value& v, HttpDraft& d) { ReadVariableName(v, &d.token.variable); }},
    {"token_file", [](const Value& v, HttpDraft& d) { ReadText(v, &d.token.file); }},
    {"tls", [](const Value& v, HttpDraft& d) { ReadServerTls(v, &d.options.tls); }},
    {"insecure", [](const Value& v, HttpDraft& d) { ReadBool(v, &d.options.insecure); }},
};

constexpr Field<ControlOptions> kControlFields[] = {
    {"listen", [](const Value& v, ControlOptions& o) { ReadEndpoint(v, &o.listen); }, true},
    {"tls", [](const Value& v, ControlOptions& o) { ReadServerTls(v, &o.tls); }},
    {"insecure", [](const Value& v, ControlOptions& o) { ReadBool(v, &o.insecure); }},
};

constexpr Word<LogOptions::Level> kLogLevels[] = {{"info", LogOptions::Level::kInfo},
                                                  {"warning", LogOptions::Level::kWarning},
                                                  {"error", LogOptions::Level::kError}};
constexpr Word<LogOptions::Format> kLogFormats[] = {{"text", LogOptions::Format::kText},
                                                    {"json", LogOptions::Format::kJson}};

constexpr Field<LogOptions> kLogFields[] = {
    {"level", [](const Value& v, LogOptions& o) { ReadWord(v, kLogLevels, &o.level); }},
    {"format", [](const Value& v, LogOptions& o) { ReadWord(v, kLogFormats, &o.format); }},
};

constexpr Field<StateOptions> kStateFields[] = {
    {"dir", [](const Value& v, StateOptions& o) { ReadText(v, &o.dir); }},
    {"memory",
     [](const Value& v, StateOptions& o) {
       ReadSize(v, uint64_t{1} << 20, uint64_t{1} << 50, &o.memory_bytes);
     }},
};

}  // namespace

void ReadJobs(const Value& value, Draft& draft) {
  ReadSections(value, "job", [&](const Node& node) {
    JobOptions options;
    TableReader(node, "[[job]]", value.context).Read(kJobFields, options).Finish();
    draft.config.jobs.push_back(std::move(options));
    draft.job_nodes.push_back(&node);
  });
}

void ReadHa(const Value& value, Draft& draft) {
  HaDraft ha;
  TableReader(value.node, "[ha]", value.context).Read(kHaFields, ha).Finish();
  if (ha.enabled) draft.config.ha = std::move(ha.options);
}

void ReadHttp(const Value& value, Draft& draft) {
  HttpDraft http;
  TableReader reader(value.node, "[http]", value.context);
  reader.Read(kHttpFields, http);
  if (value.context.purpose() == Purpose::kRun) {
    ReadToken(reader, http.token, &http.options.token);
  }
  http.options.has_token = reader.Has("token_env") || reader.Has("token_file");
  reader.Finish();
  draft.config.http = std::move(http.options);
}

void ReadControl(const Value& value, Draft& draft) {
  ControlOptions options;
  TableReader(value.node, "[control]", value.context).Read(kControlFields, options).Finish();
  draft.config.control = std::move(options);
}

void ReadState(const Value& value, Draft& draft) {
  TableReader(value.node, "[state]", value.context).Read(kStateFields, draft.config.state).Finish();
}

void ReadLog(const Value& value, Draft& draft) {
  TableReader(value.node, "[log]", value.context).Read(kLogFields, draft.config.log).Finish();
}

void AppendJobKeys(std::vector<KnownKey>* out) { AppendKeys("[[job]]", kJobFields, out); }

void AppendServerKeys(std::vector<KnownKey>* out) {
  AppendKeys("[ha]", kHaFields, out);
  AppendKeys("[http]", kHttpFields, out);
  AppendKeys("[control]", kControlFields, out);
  AppendKeys("[state]", kStateFields, out);
  AppendKeys("[log]", kLogFields, out);
}

}  // namespace dcp::config
