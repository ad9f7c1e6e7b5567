#include "cmd/dcp/daemon.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "alarm/diff_files.h"
#include "alarm/dispatcher.h"
#include "barrier/barrier_table.h"
#include "barrier/barrier_writer.h"
#include "base/loopback.h"
#include "base/status.h"
#include "cmd/dcp/activity.h"
#include "cmd/dcp/binlog_opener.h"
#include "cmd/dcp/check_runner.h"
#include "cmd/dcp/columns.h"
#include "cmd/dcp/convert.h"
#include "cmd/dcp/feed.h"
#include "cmd/dcp/file_opener.h"
#include "cmd/dcp/handover_writer.h"
#include "cmd/dcp/intake_keeper.h"
#include "cmd/dcp/jobs.h"
#include "cmd/dcp/lease_gate.h"
#include "cmd/dcp/log.h"
#include "cmd/dcp/page_findings.h"
#include "cmd/dcp/proofs.h"
#include "cmd/dcp/purge_watcher.h"
#include "cmd/dcp/recorder.h"
#include "cmd/dcp/resume.h"
#include "cmd/dcp/setting_text.h"
#include "cmd/dcp/sinks.h"
#include "cmd/dcp/sql_session.h"
#include "cmd/dcp/temporary_directory.h"
#include "cmd/dcp/utf8_desk.h"
#include "collector/grpc/grpc_collector.h"
#include "collector/grpc/grpc_listener.h"
#include "collector/mysql/column_agreement.h"
#include "collector/mysql/mysql_collector.h"
#include "mysql/server_settings.h"
#include "row/renderer.h"
#include "server/call_gate.h"
#include "server/control_service.h"
#include "server/endpoints.h"
#include "server/event_feed.h"
#include "server/http_server.h"
#include "server/page_endpoints.h"
#include "state/finding_book.h"
#include "state/history_book.h"
#include "state/spill_files.h"
#include "state/spill_seal.h"
#include "state/state_store.h"
#include "verifier/row_reader.h"
#include "verifier/table_rule.h"

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

// What became wrong with a server since the start: said in the log whenever its stream begins anew.
SettingsReview MakeReview(const Inspection& inspection, const std::string& collector) {
  std::set<std::string> databases = {barrier::kDatabase};
  for (const InspectedTag& tag : inspection.tags) {
    if (tag.collector != collector) continue;
    for (const InspectedTable& table : tag.tables) {
      databases.insert(verifier::SplitTableName(table.name).database);
    }
  }
  bool source = false, target = false;
  for (const InspectedServer& server : inspection.servers) {
    if (server.name != collector) continue;
    source = absl::c_linear_search(server.roles, "source");
    target = absl::c_linear_search(server.roles, "target");
  }
  const std::vector<std::string> names(databases.begin(), databases.end());
  return [=](const mysql::ServerSettings& settings) {
    std::vector<mysql::SettingProblem> problems;
    if (source) problems = CheckAsSource(settings, names);
    if (target) absl::c_move(CheckAsTarget(settings, names), std::back_inserter(problems));
    DropConsequences(&problems);
    for (const mysql::SettingProblem& problem : problems) {
      LogError(absl::StrCat("collector ", collector, ": ", problem.message,
                            "; fix: ", problem.cure_sql));
    }
  };
}

}  // namespace

class Daemon::Impl final : public model::StatusSource {
 public:
  Impl(const config::Config& config, const Clock& clock, std::optional<DaemonTerm> term,
       DaemonHost host)
      : config_(config),
        clock_(clock),
        host_(std::move(host)),
        memory_(config_.state.memory_bytes),
        term_(std::move(term)),
        masks_(MakeMasks(config.masks, &tables_)),
        severity_limits_(MakeSeverityLimits(config)),
        diff_files_({.dir = config.state.dir + "/diffs"}, {renderer_, &masks_}, clock, LogAlarm) {}
  ~Impl() override { Stop(absl::Seconds(1)); }

  absl::Status Build(const Inspection& inspection) {
    DCP_RETURN_IF_ERROR(OpenState());
    if (term_) DCP_RETURN_IF_ERROR(BeginTerm(config_, term_->term, clock_.Now(), *state_));
    DCP_ASSIGN_OR_RETURN(auto routes, MakeRoutes(config_, clock_, LogAlarm));
    dispatcher_ = std::make_unique<alarm::Dispatcher>(
        alarm::Dispatcher::Options{.may_tell = MayTell()}, std::move(routes), *state_,
        alarm::Rendering(renderer_, &masks_, &severity_limits_), clock_, LogAlarm, state_.get());
    DCP_ASSIGN_OR_RETURN(resume_, PlanResume(config_, *state_));
    for (const std::string& line : resume_.lines) LogInfo(line);
    MakeControl();
    MakeHandover();
    keeper_ = std::make_unique<IntakeKeeper>(
        config_, gate_ ? static_cast<model::OutcomeSink&>(*gate_) : *dispatcher_,
        [this](const model::Tag& tag, const std::string& place) { Forget(tag, place); });
    std::vector<CheckRunner*> runners;
    for (const config::CheckOptions& check : config_.checks) {
      runners_.push_back(MakeRunner(check));
      runners.push_back(runners_.back().get());
    }
    router_ = std::make_unique<ChangeRouter>(std::move(runners));
    MakeColumns(inspection);
    for (const config::MysqlCollectorOptions& options : config_.mysql_collectors) {
      DCP_RETURN_IF_ERROR(AddMysqlCollector(options, inspection));
    }
    for (const config::GrpcCollectorOptions& options : config_.grpc_collectors) {
      DCP_RETURN_IF_ERROR(AddGrpcCollector(options));
    }
    MakePurgeWatcher();
    if (!OfFiles()) DCP_RETURN_IF_ERROR(MakeJobs(inspection));
    if (term_) return absl::OkStatus();
    for (const auto& options : config_.barriers)
      barriers_.push_back(MakeBarrierWriter(options, clock_));
    return absl::OkStatus();
  }

  absl::Status Start() {
    DCP_RETURN_IF_ERROR(StartHttp());
    DCP_RETURN_IF_ERROR(StartControl());
    dispatcher_->Start();
    for (auto& runner : runners_) runner->Start();
    for (auto& collector : grpc_collectors_) DCP_RETURN_IF_ERROR(collector->Start());
    for (auto& collector : mysql_collectors_) collector->Start();
    purge_watcher_->Start();
    for (auto& barrier : barriers_) barrier->Start();
    if (jobs_) jobs_->Start();
    if (handover_) handover_->Start();
    // Not before: where this configuration cannot be carried out, another goes on with all of it.
    return ForgetWhatIsNotConfigured();
  }

  void Stop(absl::Duration limit) {
    const absl::Duration end = clock_.Monotonic() + limit;
    const auto left = [&] { return std::max(end - clock_.Monotonic(), absl::ZeroDuration()); };
    if (control_) control_->Stop();
    for (auto& barrier : barriers_) barrier->Stop();
    if (jobs_) jobs_->RequestStop();
    if (purge_watcher_) purge_watcher_->Stop();
    // A check that waits for room on the disk would not stop.
    if (gate_) gate_->GiveUpWaiting();
    if (dispatcher_) dispatcher_->GiveUpWaiting();
    diff_files_.GiveUpWaiting();
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
    if (jobs_) jobs_->Stop();
    if (dispatcher_) dispatcher_->Stop(left());
    if (handover_) {
      handover_->Stop();
      if (!std::exchange(stopped_, true)) handover_->Finish();
    }
    if (control_listener_) control_listener_->Stop();
    if (recorder_) recorder_->Stop();
    if (http_) http_->Stop();
  }

  bool AllEnded() {
    bool all = true;
    ended_.resize(mysql_collectors_.size());
    for (size_t i = 0; i < mysql_collectors_.size(); ++i) {
      if (!ended_[i] && mysql_collectors_[i]->status().finished) {
        ended_[i] = true;
        for (const model::Tag& tag : mysql_tags_[i]) TellEnded(tag);
      }
      all = all && ended_[i];
    }
    return all;
  }

  Closing Close() const {
    std::vector<ClosedPair> pairs;
    for (size_t i = 0; i < runners_.size(); ++i) {
      for (const CheckRunner::TargetStatus& target : runners_[i]->status()) {
        pairs.push_back({config_.checks[i].name, config_.checks[i].source.value(), target});
      }
    }
    std::vector<ClosedStream> streams;
    for (size_t i = 0; i < mysql_collectors_.size(); ++i) {
      streams.push_back({mysql_names_[i], mysql_collectors_[i]->status()});
    }
    return CloseRun(pairs, streams);
  }

  model::DaemonStatus Status() const override {
    model::DaemonStatus status = PresentStatus();
    if (recorder_) recorder_->Fill(&status);
    return status;
  }

  // Without the past.
  model::DaemonStatus PresentStatus() const {
    model::DaemonStatus status;
    status.version = DCP_VERSION;
    status.started = started_;
    for (size_t i = 0; i < runners_.size(); ++i) {
      for (const CheckRunner::TargetStatus& target : runners_[i]->status()) {
        status.pairs.push_back(ToActivity(config_.checks[i], target, clock_.Monotonic()));
      }
      status.memory.push_back(ToActivity(config_.checks[i], runners_[i]->memory()));
    }
    const std::vector<collector::PurgeWatch::Report> purge = purge_watcher_->reports();
    for (size_t i = 0; i < mysql_collectors_.size(); ++i) {
      status.readers.push_back(ToActivity(mysql_names_[i], mysql_collectors_[i]->status(),
                                          i < purge.size() ? Describe(purge[i]) : ""));
    }
    for (size_t i = 0; i < grpc_collectors_.size(); ++i) {
      status.pushed.push_back(
          ToActivity(config_.grpc_collectors[i].name, grpc_collectors_[i]->counters()));
    }
    const std::vector<barrier::BarrierStatus> barriers = BarrierStatuses();
    for (size_t i = 0; i < barriers.size(); ++i) {
      status.barriers.push_back(ToActivity(config_.barriers[i], barriers[i]));
    }
    for (const auto& stats : dispatcher_->GetStats()) status.sinks.push_back(ToActivity(stats));
    if (jobs_) {
      status.jobs = jobs_->activities();
      status.proofs = jobs_->proofs();
    }
    status.state = {config_.state.dir, dispatcher_->store_error(), config_.state.memory_bytes};
    if (host_.reloads) status.reloads = host_.reloads();
    return status;
  }

  absl::Status failure() const {
    for (const auto& runner : runners_) DCP_RETURN_IF_ERROR(runner->failure());
    return absl::OkStatus();
  }

  absl::Status ReadTlsAgain() { return http_ ? http_->ReadTlsAgain() : absl::OkStatus(); }

 private:
  absl::Status OpenState() {
    state::StateStore::Options options;
    if (OfFiles()) {  // a past window has no past of its own, and leaves nothing behind
      DCP_ASSIGN_OR_RETURN(temporary_state_, TemporaryDirectory::Create());
    }
    options.dir = StateDir();
    options.stored = [this] {
      if (control_) control_->Notify();
    };
    options.log = [](absl::string_view line) { LogError(line); };
    const std::string spill_dir = absl::StrCat(options.dir, "/spill");
    DCP_ASSIGN_OR_RETURN(state_, state::StateStore::Open(std::move(options)));
    DCP_ASSIGN_OR_RETURN(spill_files_, state::SpillFiles::Open({.dir = spill_dir}));
    if (!config_.masks.empty()) {
      DCP_ASSIGN_OR_RETURN(spill_seal_, state::SpillSeal::Create());
    }
    if (state_->is_new() && temporary_state_ == nullptr) {
      LogInfo(absl::StrCat("state: ", config_.state.dir, " was empty: beginning anew"));
    }
    return absl::OkStatus();
  }

  const std::string& StateDir() const {
    return temporary_state_ ? temporary_state_->path() : config_.state.dir;
  }

  bool OfFiles() const {
    return std::any_of(config_.mysql_collectors.begin(), config_.mysql_collectors.end(),
                       [](const auto& collector) { return !collector.files.empty(); });
  }

  absl::Status ForgetWhatIsNotConfigured() {
    std::set<std::string> sinks;
    for (const auto& stats : dispatcher_->GetStats()) sinks.insert(stats.sink);
    DCP_ASSIGN_OR_RETURN(const auto forgotten_sinks, state_->ForgetSinksExcept(sinks));
    for (const auto& sink : forgotten_sinks) {
      LogWarning(absl::StrCat("state: alarm sink ", sink.name, " is not configured any more: ",
                              sink.waiting, " alarms that waited for it are dropped"));
    }
    std::set<state::StateStore::Pair> pairs;
    for (const config::CheckOptions& check : config_.checks) {
      for (const model::Tag& tag : check.targets) pairs.insert({check.name, tag.value()});
    }
    for (const config::JobOptions& job : config_.jobs) pairs.insert(JobPair(job));
    DCP_ASSIGN_OR_RETURN(const auto forgotten_pairs, state_->ForgetPairsExcept(pairs));
    for (const auto& [check, target] : forgotten_pairs) {
      LogWarning(absl::StrCat("state: check ", check, " with target ", target,
                              " is not configured any more: what was known of it is dropped"));
    }
    return absl::OkStatus();
  }

  void TellEnded(const model::Tag& tag) {
    for (auto& runner : runners_) {
      if (runner->uses(tag)) runner->EndOfStream(tag);
    }
  }

  std::unique_ptr<CheckRunner> MakeRunner(const config::CheckOptions& check) {
    CheckRunner::Options options;
    options.name = check.name;
    options.source = check.source;
    options.memory = &memory_;
    options.inputs = std::make_shared<InputSpill>(MakeSpillStore());
    options.log = [](absl::string_view line) { LogWarning(line); };
    const Feed source = FeedOf(config_, check.source);
    std::vector<CheckRunner::Target> targets;
    for (const model::Tag& tag : check.targets) {
      const Feed feed = FeedOf(config_, tag);
      CheckRunner::Target target;
      target.options = ToPairOptions(check, tag);
      // A pushed tag has no DDL: there is nothing to compare with.
      target.options.ignore_ddl |= source.pushed() || feed.pushed();
      target.options.spill = &diff_files_;
      target.options.silence = SilenceLimit(config_, check);
      // How long files take to be read says nothing of the target.
      if (feed.of_files()) target.options.timeout = absl::InfiniteDuration();
      if (check.confirm) target.reader = MakeReader(source, feed);
      target.options.confirm = target.reader != nullptr;
      target.source_store = MakeSpillStore();
      target.target_store = MakeSpillStore();
      target.rules = RulesOf(config_, check, tag);
      const auto stored = resume_.pairs.find({check.name, tag.value()});
      if (stored != resume_.pairs.end()) target.stored = stored->second;
      targets.push_back(std::move(target));
    }
    return std::make_unique<CheckRunner>(std::move(options), std::move(targets), clock_,
                                         keeper_.get());
  }

  std::unique_ptr<model::SpillStore> MakeSpillStore() const {
    std::unique_ptr<model::SpillStore> store = spill_files_->MakeStore();
    return spill_seal_ == nullptr ? std::move(store) : spill_seal_->Seal(std::move(store));
  }

  // Null where one of the sides is pushed: its rows cannot be read.
  static std::unique_ptr<model::RowReader> MakeReader(const Feed& from, const Feed& to) {
    if (from.pushed() || to.pushed()) return nullptr;
    verifier::RowReader::Options options;
    options.source = {from.mysql->connection, ToVerifierRules(*from.mysql_tag)};
    options.target = {to.mysql->connection, ToVerifierRules(*to.mysql_tag)};
    options.barrier_id = to.mysql_tag->barrier_id;
    options.key_format = ToMysqlTag(*from.mysql_tag).key_format;
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

  absl::Status AddMysqlCollector(const config::MysqlCollectorOptions& options,
                                 const Inspection& inspection) {
    collector::MysqlCollectorOptions mysql;
    mysql.name = options.name;
    for (const config::MysqlTagOptions& tag : options.tags) {
      if (tag.used) mysql.groups.tags.push_back(ToMysqlTag(tag));
    }
    if (mysql.groups.tags.empty()) return absl::OkStatus();
    mysql.groups.registry = &tables_;
    mysql.groups.columns = columns_.get();
    mysql.groups.hide_values = !config_.masks.empty();
    mysql.groups.log = [name = options.name](absl::string_view text) {
      LogWarning(absl::StrCat("collector ", name, ": ", text));
    };
    mysql.log = [](absl::string_view text) { LogWarning(text); };
    mysql.start = ToStartPoint(options.start);
    mysql.of_files = !options.files.empty();
    if (!mysql.of_files) BeginWhereNeeded(options, &mysql);
    DCP_ASSIGN_OR_RETURN(const mysql::TableFilter wants, MakeTableFilter(mysql.groups.tags));
    DCP_ASSIGN_OR_RETURN(
        auto collector,
        collector::MysqlCollector::Create(std::move(mysql), MakeOpener(options, inspection, wants),
                                          router_.get(), &clock_));
    mysql_collectors_.push_back(std::move(collector));
    mysql_tags_.emplace_back();
    for (const config::MysqlTagOptions& tag : options.tags) {
      if (tag.used) mysql_tags_.back().push_back(tag.tag);
    }
    mysql_names_.push_back(options.name);
    return absl::OkStatus();
  }

  // What a pushed tag of ours holds before `place` is not read again.
  void Forget(const model::Tag& tag, const std::string& place) {
    for (auto& collector : grpc_collectors_) {
      const absl::Status status = collector->ForgetBefore(tag, place);
      if (!status.ok() && !absl::IsNotFound(status)) {
        LogWarning(absl::StrCat("tag ", tag.value(), ": ", absl::string_view(status.message())));
      }
    }
  }

  // Where checks go on, that comes before what the configuration asks for.
  void BeginWhereNeeded(const config::MysqlCollectorOptions& options,
                        collector::MysqlCollectorOptions* mysql) const {
    const auto place = resume_.places.find(options.name);
    if (place != resume_.places.end()) {
      mysql->start = place->second.start;
      mysql->start_server_uuid = place->second.server_uuid;
      mysql->start_server_id = place->second.server_id;
    } else if (options.start.kind == config::StartPoint::Kind::kResume) {
      LogInfo(absl::StrCat("collector ", options.name,
                           ": start = resume: no check has anything to go on from, beginning now"));
    }
  }

  collector::BinlogOpener MakeOpener(const config::MysqlCollectorOptions& options,
                                     const Inspection& inspection,
                                     const mysql::TableFilter& wants) const {
    if (options.files.empty()) {
      BinlogServers servers = ToBinlogServers(options);
      servers.wants = wants;
      servers.goes_on = resume_.places.contains(options.name);
      servers.review = MakeReview(inspection, options.name);
      return MakeBinlogOpener(std::move(servers));
    }
    FileStreamOptions stream;
    const auto inspected = inspection.files.find(options.name);
    if (inspected != inspection.files.end()) {
      stream.files = inspected->second.names;
      stream.survey = inspected->second.survey;
    }
    if (options.has_server) stream.schemas = options.connection;
    stream.wants = wants;
    return MakeFileOpener(std::move(stream));
  }

  absl::Status AddGrpcCollector(const config::GrpcCollectorOptions& options) {
    collector::GrpcCollectorOptions grpc;
    grpc.listen = AddressOf(options.listen);
    DCP_ASSIGN_OR_RETURN(grpc.listeners, ListenersAt(absl::StrCat("collector '", options.name, "'"),
                                                     options.listen));
    DCP_ASSIGN_OR_RETURN(grpc.credentials, CredentialsOf(options.tls));
    grpc.access = access_;
    grpc.tags = options.tags;
    grpc.durable = options.ack == config::Ack::kDurable;
    grpc.intake_directory = config_.state.dir + "/intake";
    grpc.intake_max_bytes = static_cast<int64_t>(options.intake_max_bytes);
    grpc.before_deleting = [this] { return state_->MakeDurable(); };
    for (const model::Tag& tag : options.tags) {
      const auto place = resume_.pushed.find(tag.value());
      if (place != resume_.pushed.end()) grpc.start_places[tag] = place->second.ToText();
    }
    if (control_ && !config_.control && grpc_collectors_.empty()) {
      grpc.services.push_back(control_.get());
    }
    grpc.log = [name = options.name](absl::string_view text) {
      LogWarning(absl::StrCat("collector ", name, ": ", text));
    };
    DCP_ASSIGN_OR_RETURN(auto collector, collector::GrpcCollector::Create(grpc, *router_));
    grpc_collectors_.push_back(std::move(collector));
    return absl::OkStatus();
  }

  // Of the collectors that read servers. (There are others only where none does.)
  void MakePurgeWatcher() {
    std::vector<PurgeWatcher::Subject> subjects;
    for (size_t i = 0; i < mysql_collectors_.size(); ++i) {
      const auto options =
          std::find_if(config_.mysql_collectors.begin(), config_.mysql_collectors.end(),
                       [&](const auto& one) { return one.name == mysql_names_[i]; });
      if (!options->files.empty()) continue;
      const collector::MysqlCollector* const collector = mysql_collectors_[i].get();
      subjects.push_back(
          {options->name, options->connection, [collector] {
             const collector::MysqlCollectorStatus status = collector->status();
             return collector::PurgeWatch::Place{status.position, status.position_time};
           }});
    }
    purge_watcher_ = std::make_unique<PurgeWatcher>(
        PurgeWatcher::Options{.log = [](absl::string_view text) { LogWarning(text); }},
        std::move(subjects), clock_);
  }

  absl::Status MakeJobs(const Inspection& inspection) {
    Jobs::Parts parts{.config = config_,
                      .tags = inspection.tags,
                      .state = *state_,
                      .sink = gate_ ? static_cast<model::OutcomeSink&>(*gate_) : *dispatcher_,
                      .tables = tables_,
                      .spill = diff_files_,
                      .clock = clock_,
                      .verified = [this](const CoveredPair& pair, model::VerifiedTable table) {
                        NoteVerified(pair, std::move(table));
                      }};
    if (term_) {
      parts.numbers_from = term_->term.epoch * Jobs::kNumbersOfTerm;
      parts.since = clock_.Now() - JobTimetable::kGrace;
    }
    DCP_ASSIGN_OR_RETURN(jobs_, Jobs::Create(parts));
    const std::string offer = state_->is_new() && config_.jobs.empty() ? OfferJob(config_) : "";
    if (!offer.empty()) LogInfo(offer);
    return absl::OkStatus();
  }

  void NoteVerified(const CoveredPair& pair, model::VerifiedTable table) {
    for (size_t i = 0; i < runners_.size(); ++i) {
      if (config_.checks[i].name == pair.check->name) {
        runners_[i]->NoteVerified(pair.target, std::move(table));
        return;
      }
    }
  }

  // What a sink is told counts as long as what a check says does.
  std::function<bool()> MayTell() const {
    if (!term_) return nullptr;
    return [leader = term_->leader, epoch = term_->term.epoch] { return leader->Valid(epoch); };
  }

  void MakeHandover() {
    if (!term_) return;
    const uint64_t epoch = term_->term.epoch;
    gate_ = std::make_unique<LeaseGate>(*term_->leader, epoch, *dispatcher_, clock_);
    handover_ = std::make_unique<HandoverWriter>(
        HandoverWriter::Options{
            .epoch = epoch,
            .interval = config_.barriers.front().interval,
            .warn = [](absl::string_view text) { LogWarning(absl::StrCat("ha: ", text)); }},
        config_, *state_, *term_->leader, clock_);
  }

  std::vector<barrier::BarrierStatus> BarrierStatuses() const {
    if (term_) return term_->barriers();
    std::vector<barrier::BarrierStatus> all;
    for (const auto& barrier : barriers_) all.push_back(barrier->status());
    return all;
  }

  // Whoever reads there sees rows: on a collector's port for this machine alone, or with tokens.
  bool ServesControl() const {
    if (config_.control) return true;
    if (config_.grpc_collectors.empty()) return false;
    const std::string& host = config_.grpc_collectors.front().listen.host;
    if (IsLoopback(host) || access_.Asks(model::Role::kRead)) return true;
    LogInfo(absl::StrCat("control is not served on ", host,
                         ", where others can ask: dcp status and watch need [control], or a "
                         "[[token]] with the role \"read\""));
    return false;
  }

  // Without a token something is changed only by who has an account of this machine, or a
  // certificate.
  server::TokenGate::Options GateOptions() const {
    const bool own = config_.control.has_value();
    const config::Endpoint& listen =
        own ? config_.control->listen : config_.grpc_collectors.front().listen;
    return {IsLoopback(listen.host) ||
            (own && config_.control->tls && !config_.control->tls->client_ca.empty())};
  }

  void MakeControl() {
    if (!ServesControl()) return;
    proofs_ = std::make_unique<Proofs>(config_, StateDir());
    gate_of_control_ = std::make_unique<server::TokenGate>(access_, GateOptions());
    server::ControlService::Parts parts;
    parts.status = this;
    parts.proofs = proofs_.get();
    parts.open_desk = [this](bool writes) { return OpenDesk(writes); };
    parts.open_history = [this]() -> absl::StatusOr<std::unique_ptr<model::AlarmHistory>> {
      return state::HistoryBook::Open(StateDir());
    };
    parts.gate = gate_of_control_.get();
    parts.clock = &clock_;
    control_ = std::make_unique<server::ControlService>(server::ControlService::Options(),
                                                        std::move(parts));
  }

  absl::StatusOr<std::unique_ptr<model::FindingDesk>> OpenDesk(bool writes) const {
    using Mode = state::Database::Mode;
    DCP_ASSIGN_OR_RETURN(auto book, state::FindingBook::Open(
                                        StateDir(), writes ? Mode::kExisting : Mode::kReadOnly));
    return MakeUtf8Desk(std::move(book));
  }

  absl::Status StartControl() {
    if (!config_.control) return absl::OkStatus();
    collector::GrpcListenerOptions options;
    options.listen = AddressOf(config_.control->listen);
    DCP_ASSIGN_OR_RETURN(options.listeners, ListenersAt("[control]", config_.control->listen));
    DCP_ASSIGN_OR_RETURN(options.credentials, CredentialsOf(config_.control->tls));
    options.section = "[control]";
    options.services = {control_.get()};
    options.log = [](absl::string_view text) { LogWarning(absl::StrCat("control: ", text)); };
    DCP_ASSIGN_OR_RETURN(control_listener_, collector::GrpcListener::Start(options));
    LogInfo(absl::StrCat(config_.control->tls ? "control by TLS on " : "control on ",
                         config_.control->listen.host, ":", control_listener_->port()));
    return absl::OkStatus();
  }

  // Null: no TLS.
  static absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsOf(
      const std::optional<config::ServerTls>& tls) {
    if (!tls) return std::shared_ptr<grpc::ServerCredentials>();
    return server::MakeGrpcTls(*ToTlsFiles(tls));
  }

  absl::StatusOr<std::shared_ptr<const Listeners>> ListenersAt(
      const std::string& section, const config::Endpoint& endpoint) const {
    if (host_.listeners == nullptr) return std::shared_ptr<const Listeners>();
    return host_.listeners->At(section, endpoint);
  }

  // Its own token may do everything there.
  model::Access HttpAccess() const {
    std::vector<model::AccessToken> tokens = config_.tokens;
    if (!config_.http->token.empty()) {
      tokens.push_back(
          {"of [http]", config_.http->token, {model::Role::kRead, model::Role::kAdmin}, {}});
    }
    return model::Access(std::move(tokens));
  }

  // Another site's page can ask in the name of a user of this machine alone.
  bool AnswersAnyHost() const {
    return config_.http->insecure || (config_.http->tls && !config_.http->tls->client_ca.empty());
  }

  absl::Status StartHttp() {
    if (!config_.http) return absl::OkStatus();
    server::HttpServer::Options options;
    options.listen = AddressOf(config_.http->listen);
    DCP_ASSIGN_OR_RETURN(options.listeners, ListenersAt("[http]", config_.http->listen));
    options.tls = ToTlsFiles(config_.http->tls);
    DCP_RETURN_IF_ERROR(MakePage());
    endpoints_ = std::make_unique<server::Endpoints>(
        *this, clock_,
        server::Endpoints::Options{.access = HttpAccess(),
                                   .any_host = AnswersAnyHost(),
                                   .page = page_endpoints_.get(),
                                   .reset = host_.reset});
    DCP_ASSIGN_OR_RETURN(http_, server::HttpServer::Start(options, [this](const auto& request) {
                           return endpoints_->Answer(request);
                         }));
    recorder_->Start([this] { TellPages(); });
    LogInfo(absl::StrCat(options.tls ? "HTTPS on " : "HTTP on ", config_.http->listen.host, ":",
                         http_->port()));
    return absl::OkStatus();
  }

  absl::Status MakePage() {
    Recorder::Options options;
    options.state_dir = StateDir();
    options.log = [](absl::string_view line) { LogWarning(line); };
    DCP_ASSIGN_OR_RETURN(recorder_,
                         Recorder::Create(
                             std::move(options), [this] { return PresentStatus(); }, clock_));
    DCP_ASSIGN_OR_RETURN(page_findings_, StoredPageFindings::Open(StateDir(), clock_));
    event_feed_ = std::make_unique<server::EventFeed>(*recorder_, *page_findings_);
    page_endpoints_ = std::make_unique<server::PageEndpoints>(*page_findings_, *event_feed_);
    return absl::OkStatus();
  }

  void TellPages() {
    if (http_->streams() == 0) return event_feed_->Pass();
    http_->Publish(std::make_shared<const std::string>(event_feed_->Next(Status(), clock_.Now())));
  }

  // Constant after Build().
  const config::Config config_;
  const Clock& clock_;
  const DaemonHost host_;
  const absl::Time started_ = host_.started.value_or(clock_.Now());
  MemoryBudget memory_;
  const std::optional<DaemonTerm> term_;
  const row::Renderer renderer_;
  model::TableRegistry tables_;
  const alarm::Masks masks_;
  const alarm::SeverityLimits severity_limits_;
  alarm::DiffFiles diff_files_;
  std::unique_ptr<TemporaryDirectory> temporary_state_;
  const model::Access access_{config_.tokens};
  std::unique_ptr<server::TokenGate> gate_of_control_;  // null: control is not served
  std::unique_ptr<Proofs> proofs_;
  std::unique_ptr<server::ControlService> control_;  // null: not served
  std::unique_ptr<collector::GrpcListener>
      control_listener_;                            // null: on a collector's port, or none
  std::unique_ptr<state::StateStore> state_;        // never null after Build()
  std::unique_ptr<state::SpillFiles> spill_files_;  // likewise
  std::unique_ptr<state::SpillSeal> spill_seal_;    // likewise; null: nothing is masked
  ResumePlan resume_;
  std::unique_ptr<alarm::Dispatcher> dispatcher_;
  std::unique_ptr<LeaseGate> gate_;           // of a term
  std::unique_ptr<HandoverWriter> handover_;  // likewise
  bool stopped_ = false;
  std::unique_ptr<IntakeKeeper> keeper_;
  std::vector<std::unique_ptr<CheckRunner>> runners_;
  std::unique_ptr<ChangeRouter> router_;
  std::unique_ptr<collector::ColumnAgreement> columns_;
  std::vector<std::unique_ptr<collector::MysqlCollector>> mysql_collectors_;
  std::vector<std::string> mysql_names_;             // of mysql_collectors_
  std::vector<std::vector<model::Tag>> mysql_tags_;  // likewise, those that some check uses
  std::vector<bool> ended_;                          // likewise; AllEnded()'s own
  std::unique_ptr<PurgeWatcher> purge_watcher_;      // of mysql_collectors_, in their order
  std::vector<std::unique_ptr<collector::GrpcCollector>> grpc_collectors_;
  std::vector<std::unique_ptr<barrier::BarrierWriter>> barriers_;
  // With HTTP.
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<StoredPageFindings> page_findings_;
  std::unique_ptr<server::EventFeed> event_feed_;
  std::unique_ptr<server::PageEndpoints> page_endpoints_;
  std::unique_ptr<Jobs> jobs_;  // null: of files
  std::unique_ptr<server::Endpoints> endpoints_;
  std::unique_ptr<server::HttpServer> http_;
};

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Create(const config::Config& config,
                                                       const Inspection& inspection,
                                                       const Clock& clock,
                                                       std::optional<DaemonTerm> term,
                                                       DaemonHost host) {
  auto impl = std::make_unique<Impl>(config, clock, std::move(term), std::move(host));
  DCP_RETURN_IF_ERROR(impl->Build(inspection));
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;
absl::Status Daemon::failure() const { return impl_->failure(); }
void Daemon::LogFailure() const {
  LogError(
      absl::StrCat(std::string(failure().message()),
                   ". Nothing more is judged in this process; start dcp again: it goes on from "
                   "what is stored"));
}
void Daemon::LogStatus() const {
  for (const std::string& line : StatusLines(Status())) LogInfo(line);
}
absl::Status Daemon::ReadTlsAgain() { return impl_->ReadTlsAgain(); }
absl::Status Daemon::Start() { return impl_->Start(); }
void Daemon::Stop(absl::Duration limit) { impl_->Stop(limit); }
bool Daemon::AllEnded() { return impl_->AllEnded(); }
Closing Daemon::Close() const { return impl_->Close(); }
model::DaemonStatus Daemon::Status() const { return impl_->Status(); }

}  // namespace dcp::cmd
