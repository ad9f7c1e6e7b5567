#include "cmd/dcp/proofs.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "barrier/barrier_table.h"
#include "base/status.h"
#include "cmd/dcp/feed.h"
#include "model/gtid_position.h"
#include "model/gtid_set.h"
#include "mysql/connection.h"
#include "state/history_book.h"

namespace dcp::cmd {
namespace {

// How long the source may take.
constexpr absl::Duration kPatience = absl::Seconds(5);

absl::Status NotYet(absl::string_view gtid) {
  return absl::FailedPreconditionError(
      absl::StrCat("the source has not committed all of ", gtid, " yet"));
}

absl::Status CheckMariaDb(mysql::Connection& source, const std::string& gtid) {
  DCP_ASSIGN_OR_RETURN(const model::GtidPosition wanted, model::GtidPosition::Parse(gtid));
  DCP_ASSIGN_OR_RETURN(const std::string text,
                       source.QueryValue("SELECT @@GLOBAL.gtid_binlog_pos"));
  DCP_ASSIGN_OR_RETURN(const model::GtidPosition executed, model::GtidPosition::Parse(text));
  for (const auto& [domain, last] : wanted.last()) {
    const auto there = executed.last().find(domain);
    if (there == executed.last().end() || there->second.number < last.number) {
      return NotYet(gtid);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMysql(mysql::Connection& source, const std::string& gtid) {
  DCP_ASSIGN_OR_RETURN(const model::GtidSet wanted, model::GtidSet::Parse(gtid));
  DCP_ASSIGN_OR_RETURN(const std::string text, source.QueryValue("SELECT @@GLOBAL.gtid_executed"));
  DCP_ASSIGN_OR_RETURN(const model::GtidSet executed, model::GtidSet::Parse(text));
  return executed.Contains(wanted) ? absl::OkStatus() : NotYet(gtid);
}

absl::Status CheckCommitted(mysql::Connection& source, const std::string& gtid) {
  if (gtid.empty()) return absl::OkStatus();
  DCP_ASSIGN_OR_RETURN(const std::string version, source.QueryValue("SELECT VERSION()"));
  return absl::StrContains(version, "MariaDB") ? CheckMariaDb(source, gtid)
                                               : CheckMysql(source, gtid);
}

absl::StatusOr<uint64_t> ReadBarrier(mysql::Connection& source, uint32_t id) {
  DCP_ASSIGN_OR_RETURN(const std::string text, source.QueryValue(barrier::SelectOffset(id)));
  uint64_t offset = 0;
  if (absl::SimpleAtoi(text, &offset) && offset < std::numeric_limits<uint64_t>::max() - 2) {
    return offset;
  }
  return absl::UnavailableError(absl::StrCat("the barrier of the source is '", text, "'"));
}

absl::Status CannotBeAsked(const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrCat(why,
                   ": give --barrier N, a barrier that the source's stream gets behind all "
                   "that is to be equal"));
}

// UNAVAILABLE is said of dcp itself.
absl::Status OfSource(const absl::Status& status) {
  if (!absl::IsUnavailable(status)) return status;
  return absl::FailedPreconditionError(
      absl::StrCat("the source cannot be asked now: ", absl::string_view(status.message())));
}

absl::StatusOr<uint64_t> AskSource(const Feed& source, const std::string& gtid) {
  DCP_ASSIGN_OR_RETURN(const auto connection,
                       mysql::Connection::Connect(source.mysql->connection, kPatience));
  DCP_RETURN_IF_ERROR(CheckCommitted(*connection, gtid));
  return ReadBarrier(*connection, source.mysql_tag->barrier_id);
}

// What was proven long ago is looked at from the segment before it on.
void Begin(uint64_t goal, model::ProofMark* mark) {
  mark->goal = goal;
  mark->from = std::min(mark->from, goal - 1);
}

}  // namespace

absl::StatusOr<const config::CheckOptions*> Proofs::CheckOf(const std::string& name) const {
  std::vector<std::string> names;
  for (const config::CheckOptions& check : config_.checks) {
    if (check.name == name) return &check;
    names.push_back(check.name);
  }
  return absl::NotFoundError(
      absl::StrCat("there is no such check; there are ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<uint64_t> Proofs::GoalOf(const config::CheckOptions& check,
                                        const model::MarkRequest& request) const {
  if (request.barrier) {
    if (*request.barrier > 0) return *request.barrier;
    return absl::InvalidArgumentError("barrier 0 is before everything");
  }
  const Feed source = FeedOf(config_, check.source);
  if (source.pushed()) {
    return CannotBeAsked(absl::StrCat("the source of check ", check.name, " is pushed"));
  }
  if (source.of_files()) {
    return CannotBeAsked(absl::StrCat("the source of check ", check.name, " is of files"));
  }
  if (!source.mysql->failover.empty()) {
    return CannotBeAsked(absl::StrCat("the source of check ", check.name,
                                      " has several servers (failover), and an old one may be "
                                      "behind"));
  }
  const absl::StatusOr<uint64_t> offset = AskSource(source, request.gtid);
  if (!offset.ok()) return OfSource(offset.status());
  return *offset + 2;
}

absl::StatusOr<std::vector<model::ProofMark>> Proofs::TakeMarks(const model::MarkRequest& request) {
  DCP_ASSIGN_OR_RETURN(const config::CheckOptions* const check, CheckOf(request.check));
  // First: what was said up to here was read from the source before it is asked.
  std::vector<model::ProofMark> marks;
  DCP_ASSIGN_OR_RETURN(const auto history, state::HistoryBook::Open(state_dir_));
  for (const model::Tag& target : check->targets) {
    DCP_ASSIGN_OR_RETURN(marks.emplace_back(), history->Stand(check->name, target.value()));
  }
  DCP_ASSIGN_OR_RETURN(const uint64_t goal, GoalOf(*check, request));
  for (model::ProofMark& mark : marks) {
    if (!request.barrier && goal <= mark.from) {
      return absl::FailedPreconditionError(absl::StrCat(
          "drc.barrier of the source holds ", goal - 2, ", but dcp has judged up to ", mark.from,
          ": its numbers went back, which dcp notices with the next barrier"));
    }
    Begin(goal, &mark);
  }
  return marks;
}

absl::StatusOr<model::Proof> Proofs::Prove(const model::ProofMark& mark) {
  DCP_ASSIGN_OR_RETURN(const config::CheckOptions* const check, CheckOf(mark.check));
  const bool known = absl::c_any_of(
      check->targets, [&](const model::Tag& target) { return target.value() == mark.target; });
  if (!known)
    return absl::NotFoundError(absl::StrCat("check ", check->name, " has no such target"));
  DCP_ASSIGN_OR_RETURN(const auto history, state::HistoryBook::Open(state_dir_));
  absl::StatusOr<model::Proof> proof = history->Prove(mark);
  if (!absl::IsNotFound(proof.status())) return proof;
  model::Proof nothing;  // was said yet
  nothing.epoch = mark.epoch;
  return nothing;
}

}  // namespace dcp::cmd
