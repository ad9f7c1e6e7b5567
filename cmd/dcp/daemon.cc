#include "cmd/dcp/daemon.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "alarm/diff_files.h"
#include "alarm/dispatcher.h"
#include "alarm/memory_outbox.h"
#include "barrier/barrier_writer.h"
#include "base/status.h"
#include "cmd/dcp/binlog_opener.h"
#include "cmd/dcp/check_runner.h"
#include "cmd/dcp/columns.h"
#include "cmd/dcp/convert.h"
#include "cmd/dcp/log.h"
#include "cmd/dcp/sinks.h"
#include "cmd/dcp/sql_session.h"
#include "collector/grpc/grpc_collector.h"
#include "collector/mysql/column_agreement.h"
#include "collector/mysql/mysql_collector.h"
#include "row/renderer.h"
#include "verifier/row_reader.h"

namespace dcp::cmd {
namespace {

void LogAlarm(alarm::Level level, absl::string_view line) {
  switch (level) {
    case alarm::Level::kInfo:
      return LogInfo(line);
    case alarm::Level::kWarning:
      return LogWarning(line);
    case alarm::Level::kError:
      return LogError(line);
  }
}

// The collector and the tag that feed `tag` from MySQL; nulls for a pushed tag.
struct MysqlFeed {
  const config::MysqlCollectorOptions* collector = nullptr;
  const config::MysqlTagOptions* tag = nullptr;
};

MysqlFeed FindFeed(const config::Config& config, const model::Tag& tag) {
  for (const config::MysqlCollectorOptions& collector : config.mysql_collectors) {
    for (const config::MysqlTagOptions& candidate : collector.tags) {
      if (candidate.tag == tag) return {&collector, &candidate};
    }
  }
  return {};
}

bool IsPushed(const config::Config& config, const model::Tag& tag) {
  return FindFeed(config, tag).tag == nullptr;
}

}  // namespace

class Daemon::Impl {
 public:
  Impl(const config::Config& config, const Clock& clock)
      : config_(config),
        clock_(clock),
        masks_(MakeMasks(config.masks, &tables_)),
        diff_files_({.dir = config.state.dir + "/diffs"}, {renderer_, &masks_}, LogAlarm) {}
  ~Impl() { Stop(absl::Seconds(1)); }

  absl::Status Build(const Inspection& inspection) {
    DCP_ASSIGN_OR_RETURN(auto routes, MakeRoutes(config_, clock_, LogAlarm));
    dispatcher_ = std::make_unique<alarm::Dispatcher>(
        alarm::Dispatcher::Options{}, std::move(routes), outbox_,
        alarm::Rendering(renderer_, &masks_), clock_, LogAlarm);
    std::vector<CheckRunner*> runners;
    for (const config::CheckOptions& check : config_.checks) {
      runners_.push_back(MakeRunner(check));
      runners.push_back(runners_.back().get());
    }
    router_ = std::make_unique<ChangeRouter>(std::move(runners));
    MakeColumns(inspection);
    for (const config::MysqlCollectorOptions& options : config_.mysql_collectors) {
      DCP_RETURN_IF_ERROR(AddMysqlCollector(options));
    }
    for (const config::GrpcCollectorOptions& options : config_.grpc_collectors) {
      DCP_RETURN_IF_ERROR(AddGrpcCollector(options));
    }
    for (const auto& options : config_.barriers) barriers_.push_back(MakeBarrierWriter(options));
    return absl::OkStatus();
  }

  absl::Status Start() {
    dispatcher_->Start();
    for (auto& runner : runners_) runner->Start();
    for (auto& collector : grpc_collectors_) DCP_RETURN_IF_ERROR(collector->Start());
    for (auto& collector : mysql_collectors_) collector->Start();
    for (auto& barrier : barriers_) barrier->Start();
    return absl::OkStatus();
  }

  void Stop(absl::Duration limit) {
    const absl::Duration end = clock_.Monotonic() + limit;
    const auto left = [&] { return std::max(end - clock_.Monotonic(), absl::ZeroDuration()); };
    for (auto& barrier : barriers_) barrier->Stop();
    bool held_up = false;
    for (auto& collector : grpc_collectors_) {
      held_up |= !collector->Stop(std::min(left(), limit / 4)).ok();
    }
    // A collector may wait for room in a check: stopping the checks wakes it.
    for (auto& runner : runners_) runner->Stop();
    for (auto& collector : mysql_collectors_) collector->Stop();
    if (held_up) {
      for (auto& collector : grpc_collectors_) collector->Stop(left()).IgnoreError();
    }
    if (dispatcher_) dispatcher_->Stop(left());
  }

  std::vector<std::string> StatusLines() const {
    std::vector<std::string> lines;
    for (size_t i = 0; i < runners_.size(); ++i) {
      for (const CheckRunner::TargetStatus& target : runners_[i]->status()) {
        lines.push_back(Line(config_.checks[i], target));
      }
    }
    for (size_t i = 0; i < mysql_collectors_.size(); ++i) {
      const collector::MysqlCollectorStatus status = mysql_collectors_[i]->status();
      lines.push_back(absl::StrCat(
          "collector ", mysql_names_[i], ": ", status.connected ? "connected" : "not connected",
          ", ", status.rows, " rows, at ", status.position.file, ":", status.position.offset,
          status.last_error.empty() ? "" : absl::StrCat(", last error: ", status.last_error)));
    }
    return lines;
  }

 private:
  static std::string Line(const config::CheckOptions& check,
                          const CheckRunner::TargetStatus& target) {
    return absl::StrCat("check ", check.name, " ", check.source.value(), " -> ",
                        target.target.value(), ": judged up to barrier ", target.pair.last_judged,
                        ", same ", target.same, ", diff ", target.diff, ", unverified ",
                        target.unverified, ", waiting segments ", target.pair.pending_segments,
                        ", open findings ", target.pair.open_findings,
                        " (align: ", target.pair.align_reason, ")",
                        target.pair.source_barrier == 0
                            ? "; no barrier has come from the source: is drc.barrier written there?"
                            : "");
  }

  std::unique_ptr<CheckRunner> MakeRunner(const config::CheckOptions& check) {
    CheckRunner::Options options;
    options.name = check.name;
    options.source = check.source;
    options.max_bytes = config_.state.memory_bytes / config_.checks.size();
    std::vector<CheckRunner::Target> targets;
    for (const model::Tag& tag : check.targets) {
      CheckRunner::Target target;
      target.options = ToPairOptions(check, tag);
      // A pushed tag has no DDL: there is nothing to compare with.
      target.options.ignore_ddl |= IsPushed(config_, check.source) || IsPushed(config_, tag);
      target.options.spill = &diff_files_;
      if (check.confirm) target.reader = MakeReader(check.source, tag);
      target.options.confirm = target.reader != nullptr;
      targets.push_back(std::move(target));
    }
    return std::make_unique<CheckRunner>(std::move(options), std::move(targets), clock_,
                                         dispatcher_.get());
  }

  // Null where one of the sides is pushed: its rows cannot be read.
  std::unique_ptr<model::RowReader> MakeReader(const model::Tag& source, const model::Tag& target) {
    const MysqlFeed from = FindFeed(config_, source), to = FindFeed(config_, target);
    if (from.tag == nullptr || to.tag == nullptr) return nullptr;
    verifier::RowReader::Options options;
    options.source = {from.collector->connection, ToVerifierRules(*from.tag)};
    options.target = {to.collector->connection, ToVerifierRules(*to.tag)};
    options.barrier_id = to.tag->barrier_id;
    options.key_format = ToMysqlTag(*from.tag).key_format;
    return std::make_unique<verifier::RowReader>(std::move(options));
  }

  void MakeColumns(const Inspection& inspection) {
    collector::ColumnAgreement::Options options;
    options.members = ToColumnMembers(config_);
    options.window = ColumnWindow(config_);
    options.log = [](absl::string_view text) { LogWarning(text); };
    options.clock = &clock_;
    columns_ = std::make_unique<collector::ColumnAgreement>(std::move(options));
    SeedColumns(config_, inspection.tags, columns_.get());
  }

  absl::Status AddMysqlCollector(const config::MysqlCollectorOptions& options) {
    collector::MysqlCollectorOptions mysql;
    mysql.name = options.name;
    for (const config::MysqlTagOptions& tag : options.tags) {
      if (tag.used) mysql.groups.tags.push_back(ToMysqlTag(tag));
    }
    if (mysql.groups.tags.empty()) return absl::OkStatus();
    mysql.groups.registry = &tables_;
    mysql.groups.columns = columns_.get();
    mysql.groups.log = [name = options.name](absl::string_view text) {
      LogWarning(absl::StrCat("collector ", name, ": ", text));
    };
    mysql.log = [](absl::string_view text) { LogWarning(text); };
    mysql.start = ToStartPoint(options.start);
    if (options.start.kind == config::StartPoint::Kind::kResume) {
      LogInfo(absl::StrCat("collector ", options.name,
                           ": start = resume: no state is kept between runs, beginning now"));
    }
    BinlogServers servers = ToBinlogServers(options);
    DCP_ASSIGN_OR_RETURN(servers.wants, MakeTableFilter(mysql.groups.tags));
    DCP_ASSIGN_OR_RETURN(auto collector, collector::MysqlCollector::Create(
                                             std::move(mysql), MakeBinlogOpener(std::move(servers)),
                                             router_.get(), &clock_));
    mysql_collectors_.push_back(std::move(collector));
    mysql_names_.push_back(options.name);
    return absl::OkStatus();
  }

  absl::Status AddGrpcCollector(const config::GrpcCollectorOptions& options) {
    collector::GrpcCollectorOptions grpc;
    grpc.listen = absl::StrCat(options.listen.host, ":", options.listen.port);
    grpc.tags = options.tags;
    DCP_ASSIGN_OR_RETURN(auto collector, collector::GrpcCollector::Create(grpc, *router_));
    grpc_collectors_.push_back(std::move(collector));
    return absl::OkStatus();
  }

  std::unique_ptr<barrier::BarrierWriter> MakeBarrierWriter(const config::BarrierOptions& options) {
    barrier::PulseOptions pulse;
    pulse.id = options.id;
    pulse.interval = options.interval;
    pulse.user = absl::StrCat("'", options.connection.user, "'@'%'");
    return std::make_unique<barrier::BarrierWriter>(
        pulse, MakeSqlOpener(options.connection), &clock_,
        [](absl::string_view text) { LogWarning(absl::StrCat("barrier: ", text)); });
  }

  // Constant after Build().
  const config::Config config_;
  const Clock& clock_;
  const row::Renderer renderer_;
  model::TableRegistry tables_;
  const alarm::Masks masks_;
  alarm::DiffFiles diff_files_;
  alarm::MemoryOutbox outbox_;
  std::unique_ptr<alarm::Dispatcher> dispatcher_;
  std::vector<std::unique_ptr<CheckRunner>> runners_;
  std::unique_ptr<ChangeRouter> router_;
  std::unique_ptr<collector::ColumnAgreement> columns_;
  std::vector<std::unique_ptr<collector::MysqlCollector>> mysql_collectors_;
  std::vector<std::string> mysql_names_;  // of mysql_collectors_
  std::vector<std::unique_ptr<collector::GrpcCollector>> grpc_collectors_;
  std::vector<std::unique_ptr<barrier::BarrierWriter>> barriers_;
};

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Create(const config::Config& config,
                                                       const Inspection& inspection,
                                                       const Clock& clock) {
  auto impl = std::make_unique<Impl>(config, clock);
  DCP_RETURN_IF_ERROR(impl->Build(inspection));
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;
absl::Status Daemon::Start() { return impl_->Start(); }
void Daemon::Stop(absl::Duration limit) { impl_->Stop(limit); }
std::vector<std::string> Daemon::StatusLines() const { return impl_->StatusLines(); }

}  // namespace dcp::cmd
