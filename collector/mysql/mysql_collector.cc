#include "collector/mysql/mysql_collector.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::collector {
namespace {

// A connection may damage bytes once; a file that is damaged stays so.
constexpr int kMaxDamagesHere = 3;

// Two clients with one server_id end each other's streams within moments.
constexpr int kMaxShortSessions = 5;
constexpr absl::Duration kShortSession = absl::Seconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<MysqlCollector>> MysqlCollector::Create(
    MysqlCollectorOptions options, BinlogOpener opener, model::ChangeSink* sink,
    const Clock* clock) {
  if (!options.groups.log) options.groups.log = options.log;
  DCP_ASSIGN_OR_RETURN(auto groups, GroupAssembler::Create(options.groups));
  return std::unique_ptr<MysqlCollector>(
      new MysqlCollector(std::move(options), std::move(groups), std::move(opener), sink, clock));
}

MysqlCollector::MysqlCollector(MysqlCollectorOptions options,
                               std::unique_ptr<GroupAssembler> groups, BinlogOpener opener,
                               model::ChangeSink* sink, const Clock* clock)
    : options_(std::move(options)),
      opener_(std::move(opener)),
      sink_(sink),
      clock_(clock),
      groups_(std::move(groups)),
      backoff_(options_.reconnect),
      taken_backoff_(options_.server_id_taken),
      point_(options_.start),
      server_known_(options_.start.kind == StartPoint::Kind::kPosition &&
                    (options_.start_server_id != 0 || options_.start_server_uuid != model::Uuid{})),
      server_uuid_(options_.start_server_uuid),
      server_id_(options_.start_server_id),
      open_reason_(options_.start_reason),
      open_detail_(options_.start_detail),
      executed_watch_(options_.executed_watch),
      tag_closed_(groups_->tag_count(), false) {}

MysqlCollector::~MysqlCollector() { Stop(); }

void MysqlCollector::Start() {
  thread_ = std::thread([this] { Run(); });
}

void MysqlCollector::Stop() {
  {
    stopper_.Stop();
    MutexLock lock(mu_);
    if (reader_ != nullptr) reader_->Stop();
  }
  if (thread_.joinable()) thread_.join();
}

MysqlCollectorStatus MysqlCollector::status() const {
  MutexLock lock(mu_);
  return status_;
}

void MysqlCollector::Run() {
  while (!stopper_.stopped()) {
    const absl::Status end = Session();
    if (!MayGoOn(end)) break;
    WaitBeforeRetry(end);
  }
  for (size_t i = 0; i < groups_->tag_count() && options_.groups.columns != nullptr; ++i) {
    options_.groups.columns->Ended(groups_->tag(i));
  }
  MutexLock lock(mu_);
  status_.connected = false;
  status_.finished = true;
}

// One connection, from opening to its end. Never OK.
absl::Status MysqlCollector::Session() {
  opened_at_ = absl::InfiniteDuration();
  DCP_ASSIGN_OR_RETURN(BinlogStream stream, opener_(point_));
  opened_at_ = clock_->Monotonic();
  DCP_RETURN_IF_ERROR(Begin(stream));
  if (!SetReader(stream.reader.get())) return absl::CancelledError("stopped");
  const absl::Status end = ReadStream(stream);
  SetReader(nullptr);
  if (absl::IsOutOfRange(end)) groups_->Pause();
  groups_->Disconnect();
  point_ = groups_->resume_point().Get();
  DCP_RETURN_IF_ERROR(Flush());
  return end;
}

// Opens the tags, unless the stream goes on where the last one stopped.
absl::Status MysqlCollector::Begin(const BinlogStream& stream) {
  // MariaDB has ids only.
  const bool other_id =
      stream.origin.server_uuid == model::Uuid{} && stream.origin.server_id != server_id_;
  const bool other_server =
      server_known_ && (stream.origin.server_uuid != server_uuid_ || other_id);
  if (other_server && fresh_) {
    StartAnew("gap", "another server answers, where the position to go on from means nothing");
    return absl::UnavailableError(open_detail_);
  }
  if (other_server) DCP_RETURN_IF_ERROR(GoOnElsewhere(stream));
  executed_watch_.Reset();
  executed_watch_.Heard(clock_->Monotonic(), stream.heartbeat_period);
  watch_.Begin(!fresh_ && !other_server);
  Warn(stream.warning);
  if (!fresh_) return absl::OkStatus();
  origin_ = stream.origin;
  groups_->Begin(stream.origin, stream.position);
  DCP_RETURN_IF_ERROR(OpenTags(stream.origin));
  server_uuid_ = stream.origin.server_uuid;
  server_id_ = stream.origin.server_id;
  server_known_ = true;
  fresh_ = false;
  return absl::OkStatus();
}

// Another server answers than the one that was read last.
absl::Status MysqlCollector::GoOnElsewhere(const BinlogStream& stream) {
  if (!stream.follows_gtids) {
    StartAnew("gap", "another server answers, where the position of the last one means nothing");
    return absl::UnavailableError(open_detail_);
  }
  Log("another server answers, and has all GTIDs that were read: going on behind them there");
  groups_->GoOnElsewhere();
  server_uuid_ = stream.origin.server_uuid;
  server_id_ = stream.origin.server_id;
  return absl::OkStatus();
}

absl::Status MysqlCollector::OpenTags(model::StreamOrigin origin) {
  origin.reason = open_reason_;
  origin.detail = open_detail_;
  origin.place = groups_->PlaceNow();
  for (size_t i = 0; i < tag_closed_.size(); ++i) {
    const absl::Status status = sink_->Open(groups_->tag(i), origin);
    if (absl::IsCancelled(status)) return status;
    tag_closed_[i] = !status.ok();
    if (!status.ok()) CloseTag(i, status);
  }
  return absl::OkStatus();
}

absl::Status MysqlCollector::ReadStream(const BinlogStream& stream) {
  while (true) {
    const auto event =
        stream.reader->Next(groups_->empty() ? options_.pause : options_.flush_delay);
    if (event.ok()) {
      executed_watch_.Heard(clock_->Monotonic(), stream.heartbeat_period);
      DCP_RETURN_IF_ERROR(watch_.Saw(**event));
      DCP_RETURN_IF_ERROR(OnEvent(**event));
    } else if (absl::IsDeadlineExceeded(event.status())) {
      DCP_RETURN_IF_ERROR(OnSilence());
    } else {
      return event.status();
    }
    if (stopper_.stopped()) return absl::CancelledError("stopped");
    if (stream.probe != nullptr) {
      DCP_RETURN_IF_ERROR(WatchExecuted(stream.probe.get(), !event.ok()));
    }
  }
}

// Asks the server from time to time, and hands on what it has executed where the stream has
// come to the place that the answer is about.
absl::Status MysqlCollector::WatchExecuted(ExecutedProbe* probe, bool silent) {
  if (!groups_->outside()) return absl::OkStatus();
  const absl::Duration now = clock_->Monotonic();
  if (executed_watch_.Due(now)) DCP_RETURN_IF_ERROR(AskExecuted(probe, silent, now));
  if (!executed_watch_.waiting()) return absl::OkStatus();
  const auto executed = executed_watch_.Reached(watch_.place(), groups_->resume_point().executed());
  if (executed.has_value()) groups_->AddExecuted(*executed);
  return absl::OkStatus();
}

absl::Status MysqlCollector::AskExecuted(ExecutedProbe* probe, bool silent, absl::Duration now) {
  auto answer = probe->Ask();
  if (!answer.ok()) {
    executed_watch_.Failed(now);
    Log(absl::StrCat("the server cannot be asked what it has executed: ",
                     answer.status().message()));
    return absl::OkStatus();
  }
  DCP_RETURN_IF_ERROR(watch_.Ends(answer->end, silent, now));
  executed_watch_.Answered(*std::move(answer), now);
  return absl::OkStatus();
}

// What is behind it has no connection to what was before.
absl::Status MysqlCollector::OnGap(const mysql::BinlogEvent& event) {
  groups_->Add(event);
  DCP_RETURN_IF_ERROR(Flush());
  open_reason_ = "gap";
  open_detail_ = std::string(event.error.message());
  Log(absl::StrCat("continuity is lost (gap), going on behind it: ", open_detail_));
  origin_.executed = event.gtids;
  groups_->Begin(origin_, event.end);
  {
    MutexLock lock(mu_);
    ++status_.gaps;
  }
  return OpenTags(origin_);
}

absl::Status MysqlCollector::OnEvent(const mysql::BinlogEvent& event) {
  if (event.kind == mysql::BinlogEvent::Kind::kGap) return OnGap(event);
  const uint64_t groups = groups_->counters().groups;
  groups_->Add(event);
  // Not by what every connection begins with: that may be all that it brings.
  if (groups != groups_->counters().groups || event.kind == mysql::BinlogEvent::Kind::kHeartbeat) {
    backoff_.Reset();
  }
  {
    MutexLock lock(mu_);
    status_.last_event = clock_->Now();
    status_.groups = groups_->counters().groups;
    status_.rows = groups_->counters().rows;
  }
  if (!groups_->barrier_closed() && groups_->memory() < options_.batch_bytes) {
    return absl::OkStatus();
  }
  return Flush();
}

// Closed groups wait for the flush delay at most; a group that ended by itself for
// the pause.
absl::Status MysqlCollector::OnSilence() {
  if (groups_->empty()) groups_->Pause();
  return Flush();
}

// Hands the closed groups on.
absl::Status MysqlCollector::Flush() {
  {
    MutexLock lock(mu_);
    status_.position = groups_->resume_point().position();
    const int64_t micros = groups_->last_commit_micros();
    if (micros != 0) status_.position_time = absl::FromUnixMicros(micros);
  }
  if (groups_->empty()) return absl::OkStatus();
  std::vector<model::ChangeBatchPtr> batches = groups_->Take();
  for (size_t i = 0; i < batches.size(); ++i) {
    if (tag_closed_[i]) continue;
    const absl::Status status = sink_->Append(groups_->tag(i), std::move(batches[i]));
    if (absl::IsCancelled(status)) return status;
    if (!status.ok()) CloseTag(i, status);
  }
  return absl::OkStatus();
}

// What follows from the end of a stream; false: nothing does.
bool MysqlCollector::MayGoOn(const absl::Status& end) {
  NoteBreak(end);
  if (absl::IsCancelled(end) || stopper_.stopped()) return false;
  if (absl::IsOutOfRange(end)) return false;
  Log(end.message());
  if (options_.of_files && !absl::IsUnavailable(end)) return false;
  if (PositionLost(end)) {
    StartAnew("gap", end.message());
  } else if ((absl::IsDataLoss(end) || SourceDamaged(end)) && DamagedForGood()) {
    StartAnew("event", end.message());
  } else if (!fresh_ && point_.kind == StartPoint::Kind::kPosition &&
             point_.position.file.empty()) {
    StartAnew("gap", "the connection broke before the server told a position to go on from");
  }
  return true;
}

void MysqlCollector::StartAnew(absl::string_view reason, absl::string_view detail) {
  fresh_ = true;
  server_known_ = false;
  point_ = StartPoint{};
  open_reason_ = std::string(reason);
  open_detail_ = std::string(detail);
  Log(absl::StrCat("continuity is lost (", reason,
                   "), going on from the server's present end: ", detail));
  MutexLock lock(mu_);
  ++status_.gaps;
}

// The same place was found damaged again and again.
bool MysqlCollector::DamagedForGood() {
  const uint64_t groups = groups_->counters().groups;
  if (groups != groups_at_damage_) damages_here_ = 0;
  groups_at_damage_ = groups;
  if (++damages_here_ < kMaxDamagesHere) return false;
  damages_here_ = 0;
  return true;
}

// MariaDB ends the stream of the older of two clients, and tells it nothing.
bool MysqlCollector::FoughtOver(const absl::Status& end) {
  const bool was_open = opened_at_ < absl::InfiniteDuration();
  const bool mariadb = server_uuid_ == model::Uuid{};
  const bool ended_soon = mariadb && was_open && absl::IsUnavailable(end) &&
                          clock_->Monotonic() - opened_at_ < kShortSession;
  short_sessions_ = ended_soon ? short_sessions_ + 1 : 0;
  if (short_sessions_ < kMaxShortSessions) return false;
  Warn(absl::StrCat("the server has ended ", short_sessions_,
                    " connections in a row within seconds: another client may use the same "
                    "server_id; give this collector a server_id of its own. The next try waits"));
  return true;
}

bool MysqlCollector::SetReader(mysql::BinlogReader* reader) {
  MutexLock lock(mu_);
  const bool refused = reader != nullptr && stopper_.stopped();
  reader_ = refused ? nullptr : reader;  // Stop() may be called again, the reader is gone then
  status_.connected = reader_ != nullptr;
  if (reader_ == nullptr) return !refused;
  ++status_.connections;
  status_.last_error.clear();
  return true;
}

void MysqlCollector::NoteBreak(const absl::Status& end) {
  MutexLock lock(mu_);
  if (!absl::IsCancelled(end) && !absl::IsOutOfRange(end)) status_.last_error = end.ToString();
}

void MysqlCollector::WaitBeforeRetry(const absl::Status& end) {
  const bool taken = ServerIdTaken(end) || FoughtOver(end);
  if (!taken) taken_backoff_.Reset();
  stopper_.Pause(taken ? taken_backoff_.Next() : backoff_.Next(), *clock_);
}

void MysqlCollector::Warn(const std::string& warning) {
  MutexLock lock(mu_);
  if (!warning.empty() && warning != status_.warning) Log(warning);
  status_.warning = warning;
}

void MysqlCollector::CloseTag(size_t index, const absl::Status& why) {
  tag_closed_[index] = true;
  Log(absl::StrCat("tag \"", groups_->tag(index).value(),
                   "\" is not fed any more: ", why.message()));
}

void MysqlCollector::Log(absl::string_view text) const {
  if (options_.log) options_.log(absl::StrCat("collector \"", options_.name, "\": ", text));
}

}  // namespace dcp::collector
