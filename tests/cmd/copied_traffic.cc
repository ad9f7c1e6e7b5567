#include "tests/cmd/copied_traffic.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "barrier/barrier_table.h"
#include "base/clock.h"
#include "base/status.h"

namespace dcp::test {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(100);

}  // namespace

absl::Status Pacemaker::Start() {
  DCP_RETURN_IF_ERROR(
      server_.Execute(absl::StrCat(barrier::kCreateDatabase, ";", barrier::kCreateTable,
                                   "; INSERT INTO drc.barrier VALUES ()")));
  DCP_ASSIGN_OR_RETURN(session_, server_.Connect());
  thread_ = std::thread([this] { Work(); });
  return absl::OkStatus();
}

absl::Status Pacemaker::Stop() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  return status_;
}

Pacemaker::InFlight::InFlight(Pacemaker& pacemaker) : pacemaker_(pacemaker) {
  MutexLock lock(pacemaker_.mu_);
  since_ = pacemaker_.in_flight_.insert(pacemaker_.done_);
}

Pacemaker::InFlight::~InFlight() {
  MutexLock lock(pacemaker_.mu_);
  pacemaker_.in_flight_.erase(since_);
  pacemaker_.changed_.NotifyAll();
}

void Pacemaker::Work() {
  while (AwaitTurn()) {
    status_ = session_->Execute("UPDATE drc.barrier SET `offset` = `offset` + 1 WHERE id = 1");
    if (!status_.ok()) return;
    MutexLock lock(mu_);
    ++done_;
  }
}

// A change in flight since before the last barrier has to be copied before the next.
bool Pacemaker::AwaitTurn() {
  const absl::Duration due = Clock::Real().Monotonic() + kInterval;
  MutexLock lock(mu_);
  while (!stopping_) {
    const absl::Duration left = due - Clock::Real().Monotonic();
    const bool behind = !in_flight_.empty() && *in_flight_.begin() < done_;
    if (left <= absl::ZeroDuration() && !behind) return true;
    changed_.WaitFor(mu_, std::max(left, absl::Milliseconds(5)));
  }
  return false;
}

Copiers::Copiers(MysqlServer& server, const TrafficOptions& options, std::string database)
    : database_(std::move(database)) {
  for (int i = 0; i < options.writers; ++i) sessions_.push_back(Open(server));
}

absl::StatusOr<std::unique_ptr<Session>> Copiers::Open(MysqlServer& server) const {
  DCP_ASSIGN_OR_RETURN(auto session, server.Connect());
  DCP_RETURN_IF_ERROR(session->Execute(
      absl::StrCat("USE ", database_, "; SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'")));
  return session;
}

absl::Status Copiers::Copy(int writer, const TrafficTransaction& transaction) {
  const auto& session = sessions_[static_cast<size_t>(writer)];
  DCP_RETURN_IF_ERROR(session.status());
  absl::Status status;
  do {
    status = RunTransaction(**session, transaction);
  } while (absl::IsAborted(status));
  return status;
}

}  // namespace dcp::test
