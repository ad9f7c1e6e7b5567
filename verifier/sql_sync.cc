#include "verifier/sql_sync.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "barrier/barrier_pulse.h"
#include "base/status.h"
#include "model/gtid_set.h"

namespace dcp::verifier {
namespace {

constexpr absl::Duration kFirstPoll = absl::Milliseconds(2);
constexpr absl::Duration kLastPoll = absl::Milliseconds(100);
// How long a server waits for GTIDs before a stop is looked for.
constexpr absl::Duration kGtidWait = absl::Seconds(1);

absl::StatusOr<std::string> QueryText(SideSession& session, absl::string_view sql) {
  DCP_ASSIGN_OR_RETURN(const mysql::Rows rows, session.Query(sql));
  if (rows.empty() || rows[0].empty()) {
    return absl::NotFoundError(absl::StrCat(session.server(), ": no row: ", sql));
  }
  return rows[0][0].value_or("");
}

absl::StatusOr<uint64_t> QueryNumber(SideSession& session, absl::string_view sql) {
  DCP_ASSIGN_OR_RETURN(const std::string text, QueryText(session, sql));
  uint64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  return absl::FailedPreconditionError(
      absl::StrCat(session.server(), ": '", text, "' is not a number: ", sql));
}

absl::Status Late(absl::string_view server, absl::Duration timeout, absl::string_view what) {
  return absl::DeadlineExceededError(
      absl::StrCat(server, ": the target has not ", what, " within ", absl::FormatDuration(timeout),
                   ": replication is stopped or lags; mend it, or raise sync_timeout"));
}

// The barrier's own way to speak SQL, over a session of ours.
class Executor final : public barrier::SqlExecutor {
 public:
  explicit Executor(SideSession& session) : session_(session) {}
  absl::Status Execute(absl::string_view sql) override { return session_.Execute(sql); }
  absl::StatusOr<uint64_t> QueryNumber(absl::string_view sql) override {
    const absl::StatusOr<mysql::Rows> rows = session_.Query(sql);
    if (absl::IsNotFound(rows.status())) {  // of a table; here it would mean "no row"
      return absl::FailedPreconditionError(rows.status().message());
    }
    DCP_RETURN_IF_ERROR(rows.status());
    if (rows->empty()) return absl::NotFoundError("no row");
    return verifier::QueryNumber(session_, sql);
  }
  absl::StatusOr<uint64_t> Change(absl::string_view sql) override {
    DCP_RETURN_IF_ERROR(session_.Execute(sql));
    return verifier::QueryNumber(session_, "SELECT ROW_COUNT()");
  }
  absl::StatusOr<Rows> QueryRows(absl::string_view sql) override { return session_.Query(sql); }
  void Cancel() override {}

 private:
  SideSession& session_;
};

// Another has the row, or the table, and dcp has given way.
bool IsHeld(const absl::Status& status) {
  return absl::IsAborted(status) || absl::IsDeadlineExceeded(status);
}

class BarrierSync final : public SyncPoint {
 public:
  BarrierSync(const SyncOptions& options, SideSession& source, SideSession& target,
              const Clock& clock, const Pause& pause)
      : options_(options), source_(source), target_(target), clock_(clock), pause_(pause) {}

  // Makes the row, where it is missing and this account may.
  absl::Status Prepare() {
    barrier::PulseOptions pulse;
    pulse.id = options_.barrier_id;
    Executor executor(source_);
    const absl::Status prepared = barrier::BarrierPulse(pulse).Prepare(&executor);
    if (prepared.ok()) return absl::OkStatus();
    if (!IsHeld(prepared)) writes_ = false;  // another may write it
    if (QueryNumber(source_, barrier::SelectOffset(options_.barrier_id)).ok())
      return absl::OkStatus();
    return prepared;
  }

  std::string name() const override { return "barrier"; }

  absl::Status Mark() override {
    if (writes_) {
      const absl::Status written = Increment();
      // Who holds the row all the time is waited for in the next round too.
      if (absl::IsUnavailable(written) || IsHeld(written)) return written;
      writes_ = written.ok();
    }
    DCP_ASSIGN_OR_RETURN(mark_, QueryNumber(source_, barrier::SelectOffset(options_.barrier_id)));
    if (!writes_) ++mark_;
    return absl::OkStatus();
  }

  absl::Status Await() override {
    const absl::Duration deadline = clock_.Monotonic() + options_.timeout;
    for (absl::Duration wait = kFirstPoll;; wait = std::min(2 * wait, kLastPoll)) {
      const absl::StatusOr<uint64_t> offset =
          QueryNumber(target_, barrier::SelectOffset(options_.barrier_id));
      if (offset.ok() && *offset >= mark_) return absl::OkStatus();
      if (clock_.Monotonic() >= deadline) {
        if (!offset.ok()) return offset.status();
        return Late(target_.server(), options_.timeout,
                    absl::StrCat("shown barrier ", mark_, " (it shows ", *offset, ")"));
      }
      DCP_RETURN_IF_ERROR(pause_(wait));
    }
  }

 private:
  // Gives way to who holds the row, and tries again.
  absl::Status Increment() {
    const std::string sql = barrier::AdvanceOffset(options_.barrier_id);
    const absl::Duration deadline = clock_.Monotonic() + options_.timeout;
    absl::Status status = source_.Execute(sql);
    while (IsHeld(status) && clock_.Monotonic() < deadline) {
      DCP_RETURN_IF_ERROR(pause_(kFirstPoll));
      status = source_.Execute(sql);
    }
    return status;
  }

  const SyncOptions options_;
  SideSession& source_;
  SideSession& target_;
  const Clock& clock_;
  const Pause& pause_;
  bool writes_ = true;
  uint64_t mark_ = 0;
};

class GtidSync final : public SyncPoint {
 public:
  GtidSync(const SyncOptions& options, bool mariadb, SideSession& source, SideSession& target,
           const Clock& clock, const Pause& pause)
      : options_(options),
        mariadb_(mariadb),
        source_(source),
        target_(target),
        clock_(clock),
        pause_(pause) {}

  std::string name() const override { return "gtid"; }

  absl::Status Mark() override {
    DCP_ASSIGN_OR_RETURN(mark_, QueryText(source_, mariadb_ ? "SELECT @@GLOBAL.gtid_binlog_pos"
                                                            : "SELECT @@GLOBAL.gtid_executed"));
    return absl::OkStatus();
  }

  absl::Status Await() override {
    const absl::Duration deadline = clock_.Monotonic() + options_.timeout;
    while (true) {
      const absl::Duration left = deadline - clock_.Monotonic();
      if (left <= absl::ZeroDuration()) {
        return Late(target_.server(), options_.timeout, "executed the source's GTIDs");
      }
      DCP_ASSIGN_OR_RETURN(const std::string answer,
                           QueryText(target_, WaitSql(mark_, std::min(left, kGtidWait))));
      if (answer == "0") return absl::OkStatus();
      DCP_RETURN_IF_ERROR(pause_(kFirstPoll));
    }
  }

  // Whether GTIDs can be the point. `needs_proof`: only if the target holds some of the source's.
  absl::Status Check(bool needs_proof) {
    DCP_RETURN_IF_ERROR(Mark());
    if (mark_.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat(source_.server(), ": the source's transactions have no GTIDs"));
    }
    DCP_RETURN_IF_ERROR(CheckCanWait());
    if (!needs_proof) return absl::OkStatus();
    if (mariadb_) return CheckMariaDb();
    DCP_ASSIGN_OR_RETURN(const model::GtidSet source, model::GtidSet::Parse(mark_));
    DCP_ASSIGN_OR_RETURN(const std::string text,
                         QueryText(target_, "SELECT @@GLOBAL.gtid_executed"));
    DCP_ASSIGN_OR_RETURN(const model::GtidSet target, model::GtidSet::Parse(text));
    if (source.Intersects(target)) return absl::OkStatus();
    return NotShared();
  }

 private:
  absl::Status CheckCanWait() {
    const absl::Status probe = QueryText(target_, WaitSql("", absl::ZeroDuration())).status();
    if (probe.ok() || absl::IsUnavailable(probe)) return probe;
    return absl::FailedPreconditionError(
        absl::StrCat(std::string(probe.message()),
                     ": the target cannot wait for GTIDs (MySQL can from 5.7): use barriers"));
  }

  absl::Status CheckMariaDb() {
    DCP_ASSIGN_OR_RETURN(const std::string replicated,
                         QueryText(target_, "SELECT @@GLOBAL.gtid_slave_pos"));
    return replicated.empty() ? NotShared() : absl::OkStatus();
  }
  absl::Status NotShared() const {
    return absl::FailedPreconditionError(
        absl::StrCat(target_.server(), ": the target holds none of the source's GTIDs"));
  }

  std::string WaitSql(absl::string_view gtids, absl::Duration wait) const {
    return absl::StrCat("SELECT ", mariadb_ ? "MASTER_GTID_WAIT(" : "WAIT_FOR_EXECUTED_GTID_SET(",
                        mysql::QuoteString(gtids), ", ", absl::ToDoubleSeconds(wait), ")");
  }

  const SyncOptions options_;
  const bool mariadb_;
  SideSession& source_;
  SideSession& target_;
  const Clock& clock_;
  const Pause& pause_;
  std::string mark_;
};

class NoSync final : public SyncPoint {
 public:
  std::string name() const override { return "none"; }
  absl::Status Mark() override { return absl::OkStatus(); }
  absl::Status Await() override { return absl::OkStatus(); }
  bool replicates() const override { return false; }
};

bool IsReplica(SideSession& session) {
  for (const absl::string_view sql : {"SHOW REPLICA STATUS", "SHOW SLAVE STATUS"}) {
    const absl::StatusOr<mysql::Rows> rows = session.Query(sql);
    if (rows.ok()) return !rows->empty();
  }
  return false;
}

class Chooser {
 public:
  Chooser(const SyncOptions& options, SideSession& source, SideSession& target, const Clock& clock,
          const Pause& pause)
      : options_(options), source_(source), target_(target), clock_(clock), pause_(pause) {}

  absl::StatusOr<ChosenSync> Choose() {
    switch (options_.kind) {
      case SyncKind::kBarrier:
        return Barrier(/*prove=*/false);
      case SyncKind::kGtid:
        return Gtid(/*prove=*/false);
      case SyncKind::kNone:
        return None();
      case SyncKind::kAuto:
        break;
    }
    return Auto();
  }

 private:
  absl::StatusOr<ChosenSync> Auto() {
    if (IsReplica(target_) || HasBarrier()) {
      if (auto chosen = Try("barrier", Barrier(/*prove=*/true)); !Refused(chosen)) return chosen;
    }
    if (auto chosen = Try("gtid", Gtid(/*prove=*/true)); !Refused(chosen)) return chosen;
    return None();
  }

  // What stops the work, or a server that is gone, is no reason to try the next kind.
  static bool Refused(const absl::StatusOr<ChosenSync>& chosen) {
    return !chosen.ok() && !absl::IsCancelled(chosen.status()) &&
           !absl::IsUnavailable(chosen.status());
  }

  absl::StatusOr<ChosenSync> Try(absl::string_view kind, absl::StatusOr<ChosenSync> chosen) {
    if (chosen.ok()) {
      chosen->refused = refused_;
    } else {
      refused_.push_back(absl::StrCat("sync = ", kind,
                                      " cannot be used: ", std::string(chosen.status().message())));
    }
    return chosen;
  }

  bool HasBarrier() {
    return target_.Query(barrier::SelectOffset(options_.barrier_id))
               .value_or(mysql::Rows())
               .size() == 1;
  }

  absl::StatusOr<ChosenSync> Barrier(bool prove) {
    auto point = std::make_unique<BarrierSync>(options_, source_, target_, clock_, pause_);
    DCP_RETURN_IF_ERROR(point->Prepare());
    if (prove) {
      DCP_RETURN_IF_ERROR(point->Mark());
      DCP_RETURN_IF_ERROR(point->Await());
    }
    return ChosenSync{std::move(point), {}};
  }

  absl::StatusOr<ChosenSync> Gtid(bool prove) {
    DCP_ASSIGN_OR_RETURN(const std::string version, QueryText(target_, "SELECT VERSION()"));
    auto point = std::make_unique<GtidSync>(options_, absl::StrContains(version, "MariaDB"),
                                            source_, target_, clock_, pause_);
    DCP_RETURN_IF_ERROR(point->Check(prove));
    return ChosenSync{std::move(point), {}};
  }

  absl::StatusOr<ChosenSync> None() {
    return ChosenSync{std::make_unique<NoSync>(), std::move(refused_)};
  }

  const SyncOptions& options_;
  SideSession& source_;
  SideSession& target_;
  const Clock& clock_;
  const Pause& pause_;
  std::vector<std::string> refused_;
};

}  // namespace

absl::StatusOr<ChosenSync> MakeSync(const SyncOptions& options, SideSession& source,
                                    SideSession& target, const Clock& clock, const Pause& pause) {
  return Chooser(options, source, target, clock, pause).Choose();
}

}  // namespace dcp::verifier
