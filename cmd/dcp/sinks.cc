#include "cmd/dcp/sinks.h"

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "alarm/alertmanager_sink.h"
#include "alarm/exec_sink.h"
#include "alarm/file_sink.h"
#include "alarm/log_sink.h"
#include "alarm/webhook_sink.h"
#include "base/status.h"
#include "cmd/dcp/log.h"
#include "model/digest.h"
#include "row/renderer.h"

namespace dcp::cmd {
namespace {

using Type = config::AlarmOptions::Type;
using SinkOr = absl::StatusOr<std::unique_ptr<alarm::Sink>>;

alarm::Routing ToRouting(const config::AlarmOptions& options) {
  return {.types = options.types,
          .checks = options.checks,
          .tables = options.tables,
          .kinds = options.kinds,
          .severities = options.severities,
          .min_interval = options.min_interval,
          .quiet = options.quiet,
          .zone = options.zone};
}

alarm::HttpOptions ToHttp(const config::AlarmOptions& options) {
  return {.url = options.url,
          .ca = options.ca,
          .connect_timeout = options.connect_timeout,
          .timeout = options.timeout};
}

SinkOr MakeFile(const config::AlarmOptions& options) {
  alarm::FileSink::Options file;
  file.path = options.path;
  file.max_bytes = options.max_bytes;
  file.keep = options.keep;
  auto sink = std::make_unique<alarm::FileSink>(file);
  DCP_RETURN_IF_ERROR(sink->Open());
  return sink;
}

SinkOr MakeWebhook(const config::AlarmOptions& options, const Clock& clock) {
  return alarm::WebhookSink::Create({.http = ToHttp(options),
                                     .secret = options.secret,
                                     .headers = options.headers,
                                     .body_template = options.body_template,
                                     .content_type = options.content_type},
                                    clock);
}

SinkOr MakeExec(const config::AlarmOptions& options, const Clock& clock, alarm::LogFunction log) {
  return std::make_unique<alarm::ExecSink>(
      alarm::ExecSink::Options{.command = options.command, .timeout = options.timeout}, clock,
      std::move(log));
}

// By what it talks to: another order of the sections changes nothing.
std::string StateFile(const std::string& state_dir, const std::string& url) {
  const std::string name = model::ToHex(model::Xxh3(url)).substr(0, 16);
  return (std::filesystem::path(state_dir) / absl::StrCat("alertmanager-", name, ".json")).string();
}

// Without a `state_dir` it neither reads nor keeps what fires.
SinkOr MakeAlertmanager(const config::AlarmOptions& options, const std::string& state_dir,
                        const Clock& clock) {
  std::string state_file;
  if (!state_dir.empty()) {
    std::error_code ignored;  // what cannot be made cannot be written, and that is said
    std::filesystem::create_directories(state_dir, ignored);
    state_file = StateFile(state_dir, options.url);
  }
  return alarm::AlertmanagerSink::Create({.http = ToHttp(options),
                                          .headers = options.headers,
                                          .resend = options.resend,
                                          .keep_alive = options.keep_alive,
                                          .unverified_for = options.unverified_for,
                                          .state_file = std::move(state_file)},
                                         clock);
}

using AlarmLog = alarm::LogSink::AlarmLog;

// Into the program's log.
void ToLog(alarm::Level level, const alarm::Alarm& alarm) {
  using Level = config::LogOptions::Level;
  const Level as = level == alarm::Level::kError     ? Level::kError
                   : level == alarm::Level::kWarning ? Level::kWarning
                                                     : Level::kInfo;
  LogAlarmLine(as, alarm.text, alarm.json);
}

SinkOr MakeSink(const config::AlarmOptions& options, const std::string& state_dir,
                const Clock& clock, const alarm::LogFunction& log, const AlarmLog& alarm_log) {
  switch (options.type) {
    case Type::kLog:
      return std::make_unique<alarm::LogSink>(alarm_log);
    case Type::kFile:
      return MakeFile(options);
    case Type::kWebhook:
      return MakeWebhook(options, clock);
    case Type::kExec:
      return MakeExec(options, clock, log);
    case Type::kAlertmanager:
      return MakeAlertmanager(options, state_dir, clock);
  }
  return absl::InternalError("an alarm of no type");
}

absl::StatusOr<std::vector<alarm::Dispatcher::Route>> MakeRoutesWith(const config::Config& config,
                                                                     const std::string& state_dir,
                                                                     const Clock& clock,
                                                                     const alarm::LogFunction& log,
                                                                     const AlarmLog& alarm_log) {
  std::vector<alarm::Dispatcher::Route> routes;
  for (size_t i = 0; i < config.alarms.size(); ++i) {
    auto sink = MakeSink(config.alarms[i], state_dir, clock, log, alarm_log);
    if (!sink.ok()) return Annotate(sink.status(), absl::StrCat("[[alarm]] number ", i + 1));
    routes.push_back({*std::move(sink), ToRouting(config.alarms[i])});
  }
  return routes;
}

// A difference of a table that is none, and its end.
std::vector<alarm::Alarm> TestAlarms(absl::Time now) {
  const row::Renderer renderer;
  model::Verdict verdict;
  verdict.head = {.check = "test-alarm",
                  .source = "test",
                  .target = "test",
                  .epoch = 1,
                  .from = static_cast<uint64_t>(absl::ToUnixMillis(now)),
                  .to = static_cast<uint64_t>(absl::ToUnixMillis(now)),
                  .at = now};
  verdict.kind = model::Verdict::Kind::kDiff;
  model::RowDiff row;
  row.table_name = "test.alarm";
  row.key_text = "test.alarm[0]";
  row.detail = "this is a test alarm of `dcp check-config --send-test-alarm`; nothing differs";
  verdict.diffs = {row};
  verdict.diff_count = 1;
  verdict.diff_tables = {{row.table_name, 1}};
  std::vector<alarm::Alarm> alarms = alarm::MakeAlarms(verdict, renderer);
  model::Resolved resolved{
      .head = verdict.head, .resolves = {alarms[0].id}, .keys = {row.key_text}};
  for (alarm::Alarm& end : alarm::MakeAlarms(resolved, renderer)) {
    alarms.push_back(std::move(end));
  }
  return alarms;
}

absl::Status DeliverAll(alarm::Sink& sink, const std::vector<alarm::Alarm>& alarms) {
  for (const alarm::Alarm& alarm : alarms) DCP_RETURN_IF_ERROR(sink.Deliver(alarm));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<alarm::Dispatcher::Route>> MakeRoutes(const config::Config& config,
                                                                 const Clock& clock,
                                                                 alarm::LogFunction log) {
  return MakeRoutesWith(config, config.state.dir, clock, log, ToLog);
}

alarm::Masks MakeMasks(const std::vector<config::MaskOptions>& options,
                       const model::TableRegistry* tables) {
  std::random_device random;
  const std::string key_of_this_run =
      absl::StrCat(random(), ".", random(), ".", random(), ".", random(), ".", random());
  std::vector<alarm::MaskRule> rules;
  for (const config::MaskOptions& mask : options) {
    const bool hash = mask.how == config::MaskOptions::How::kHash;
    rules.push_back({.tables = mask.tables,
                     .columns = mask.columns,
                     .how = hash ? alarm::MaskRule::How::kHash : alarm::MaskRule::How::kStars,
                     .hash_key = mask.hash_key.empty() ? key_of_this_run : mask.hash_key});
  }
  return alarm::Masks(std::move(rules), tables);
}

alarm::SeverityLimits MakeSeverityLimits(const config::Config& config) {
  alarm::SeverityLimits limits;
  for (const config::CheckOptions& check : config.checks) limits[check.name] = check.severity;
  for (const config::JobOptions& job : config.jobs) limits[job.name] = job.severity;
  return limits;
}

bool SendTestAlarms(const config::Config& config, const Clock& clock, std::ostream& out) {
  const auto log = [&out](alarm::Level, absl::string_view line) { out << line << "\n"; };
  const auto alarm_log = [&out](alarm::Level, const alarm::Alarm& alarm) {
    out << alarm.text << "\n";
  };
  auto routes = MakeRoutesWith(config, "", clock, log, alarm_log);
  if (!routes.ok()) {
    out << "test alarm: " << routes.status().message() << "\n";
    return false;
  }
  bool all = true;
  const std::vector<alarm::Alarm> alarms = TestAlarms(clock.Now());
  for (const alarm::Dispatcher::Route& route : *routes) {
    const absl::Status status = DeliverAll(*route.sink, alarms);
    out << "test alarm: " << route.sink->name() << ": "
        << (status.ok() ? std::string("delivered, with its end") : std::string(status.message()))
        << "\n";
    all = all && status.ok();
  }
  return all;
}

}  // namespace dcp::cmd
