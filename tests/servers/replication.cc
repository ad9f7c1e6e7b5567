#include "tests/servers/replication.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "base/clock.h"
#include "base/status.h"
#include "tests/servers/process.h"

namespace dcp::test {
namespace {

// 0 or more: it is applied. NULL: the replica does not apply.
bool SaysApplied(const absl::StatusOr<std::string>& value) {
  int64_t number = -1;
  return value.ok() && absl::SimpleAtoi(*value, &number) && number >= 0;
}

}  // namespace

absl::Status CheckReplica(MysqlServer& replica) {
  const FlavourWords& words = replica.words();
  DCP_ASSIGN_OR_RETURN(const Table status, replica.QueryTable(words.replica_errors));
  for (const Row& row : status.rows) {
    for (const ReplicaThread& thread : words.replica_threads) {
      const std::string error = status.Value(row, thread.error);
      if (status.Value(row, thread.running) == "No" && !error.empty()) {
        return absl::FailedPreconditionError(absl::StrCat("replication stopped: ", error));
      }
    }
  }
  return absl::OkStatus();
}

namespace {

absl::Status StopAndForget(MysqlServer& replica) {
  const FlavourWords& words = replica.words();
  DCP_RETURN_IF_ERROR(replica.Execute(words.stop_all));
  DCP_ASSIGN_OR_RETURN(const Rows channels, replica.Query(words.channels));
  for (const Row& row : channels) {
    const std::string channel = InChannel(words, row[0].value_or(""));
    DCP_RETURN_IF_ERROR(replica.Execute(absl::Substitute(words.forget, channel)));
  }
  return absl::OkStatus();
}

}  // namespace

// A server that has just been started may start its replication behind the first STOP.
absl::Status ForgetSources(MysqlServer& replica) {
  absl::Status status = StopAndForget(replica);
  for (int tries = 0; tries < 50 && absl::StrContains(status.message(), "(1198)"); ++tries) {
    Pause(absl::Milliseconds(100));
    status = StopAndForget(replica);
  }
  return status;
}

bool Replication::ByGtid() const {
  return source_.options().flavour == replica_.options().flavour && source_.options().gtid &&
         replica_.options().gtid;
}

absl::Status Replication::Tell(const char* statement) {
  return replica_.Execute(absl::Substitute(statement, InChannel(replica_.words(), channel_)));
}

absl::Status Replication::Begin() {
  const FlavourWords& words = replica_.words();
  if (words.channel == nullptr && !channel_.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(words.name, " has no channels"));
  }
  DCP_RETURN_IF_ERROR(
      replica_.Execute(absl::Substitute(words.change, InChannel(words, channel_), source_.port(),
                                        ByGtid() ? words.by_gtid : words.by_position)));
  return Start();
}

absl::Status Replication::Stop() { return Tell(replica_.words().stop); }
absl::Status Replication::Start() { return Tell(replica_.words().start); }

absl::StatusOr<std::string> Replication::WaitStatement() {
  const FlavourWords& words = replica_.words();
  if (ByGtid() && words.await_gtids != nullptr) {
    DCP_ASSIGN_OR_RETURN(const std::string gtids,
                         source_.QueryValue(source_.words().executed_gtids));
    return absl::Substitute(words.await_gtids, Quoted(gtids));
  }
  DCP_ASSIGN_OR_RETURN(const Rows rows, source_.Query(source_.words().binlog_position));
  if (rows.empty()) return absl::FailedPreconditionError("the source has no binlog");
  return absl::Substitute(words.await_position, Quoted(rows[0][0].value_or("")),
                          rows[0][1].value_or("0"), Quoted(channel_));
}

absl::Status Replication::Wait(absl::Duration timeout) {
  DCP_ASSIGN_OR_RETURN(const std::string statement, WaitStatement());
  const absl::Duration start = Clock::Real().Monotonic();
  do {
    const absl::StatusOr<std::string> value = replica_.QueryValue(statement);
    if (!value.ok() && !absl::IsNotFound(value.status())) return value.status();
    if (SaysApplied(value)) return absl::OkStatus();
    DCP_RETURN_IF_ERROR(CheckReplica(replica_));
    if (!value.ok()) Pause(absl::Milliseconds(20));
  } while (Clock::Real().Monotonic() - start < timeout);
  return absl::DeadlineExceededError(absl::StrCat("the replica has not applied within ",
                                                  absl::FormatDuration(timeout), ": ", statement));
}

}  // namespace dcp::test
