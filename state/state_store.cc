#include "state/state_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::state {
namespace {

namespace fs = std::filesystem;

// What it holds of tables is for its owner only.
absl::Status MakeDirectory(FileIo& io, const std::string& dir) {
  bool made = false;
  std::error_code error = io.MakeDirectories(dir, &made);
  if (made) error = io.SetMode(dir, S_IRWXU);
  if (!error) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("cannot make the state directory ", dir, " (", error.message(),
                   "): make it, or name another one with dir in [state]"));
}

std::string LockPath(const std::string& dir) { return (fs::path(dir) / "lock").string(); }

}  // namespace

absl::StatusOr<std::unique_ptr<StateStore>> StateStore::Open(Options options) {
  FileIo& io = *options.disk.io;
  DCP_RETURN_IF_ERROR(MakeDirectory(io, options.dir));
  DCP_ASSIGN_OR_RETURN(LockFile lock, LockFile::Acquire(io, LockPath(options.dir)));
  DCP_ASSIGN_OR_RETURN(OpenedDatabase opened, OpenDatabase(options.disk, options.dir));
  DCP_ASSIGN_OR_RETURN(auto core, StateCore::Open({options.max_bytes_per_sink, options.retention},
                                                  std::move(opened.db)));
  return std::unique_ptr<StateStore>(
      new StateStore(std::move(options), std::move(lock), std::move(core), opened.is_new));
}

StateStore::StateStore(Options options, LockFile lock, std::unique_ptr<StateCore> core, bool is_new)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      is_new_(is_new),
      core_(std::move(core)) {}

absl::Status StateStore::Append(const model::Report& report, const std::vector<Addressed>& alarms) {
  DCP_RETURN_IF_ERROR(TakeParts(report.check, report.target));
  const size_t changes = report.update.findings.size() + report.update.closed.size();
  if (changes > options_.changes_per_part) {
    DCP_RETURN_IF_ERROR(AppendInParts(report, alarms));
  } else {
    FairLock lock(mu_);
    DCP_RETURN_IF_ERROR(core_->Append(report, alarms));
  }
  options_.stored();
  return absl::OkStatus();
}

absl::Status StateStore::AppendInParts(const model::Report& report,
                                       const std::vector<Addressed>& alarms) {
  DCP_ASSIGN_OR_RETURN(const uint64_t parts, AddParts(report));
  {
    FairLock lock(mu_);
    DCP_RETURN_IF_ERROR(core_->Append(report, alarms, parts));
  }
  // It is stored. What cannot be taken now is taken before the next report, or by the next Open().
  TakeParts(report.check, report.target).IgnoreError();
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> StateStore::AddParts(const model::Report& report) {
  {
    FairLock lock(mu_);
    DCP_RETURN_IF_ERROR(core_->DropParts(report.check, report.target));
  }
  absl::Span<const model::OpenFinding> findings = report.update.findings;
  absl::Span<const model::Digest> closed = report.update.closed;
  uint64_t parts = 0;
  for (; !findings.empty() || !closed.empty(); ++parts) {
    const auto some = findings.first(std::min(findings.size(), options_.changes_per_part));
    const auto ends =
        closed.first(std::min(closed.size(), options_.changes_per_part - some.size()));
    FairLock lock(mu_);
    DCP_RETURN_IF_ERROR(core_->AddPart(report, some, ends));
    findings.remove_prefix(some.size());
    closed.remove_prefix(ends.size());
  }
  return parts;
}

absl::Status StateStore::TakeParts(const std::string& check, const std::string& target) {
  while (true) {
    {
      FairLock lock(mu_);
      if (!core_->HasParts(check, target)) return absl::OkStatus();
      DCP_RETURN_IF_ERROR(core_->TakePart(check, target));
    }
    options_.part_taken();
  }
}

absl::Status StateStore::MakeDurable() {
  FairLock lock(mu_);
  return core_->MakeDurable();
}

std::vector<model::Outbox::Head> StateStore::Heads(const std::string& sink) const {
  FairLock lock(mu_);
  return core_->Heads(sink);
}

std::vector<model::Outbox::Entry> StateStore::Next(const std::string& sink,
                                                   const std::string& check, size_t max) {
  std::vector<Entry> next;
  absl::Status status;
  {
    FairLock lock(mu_);
    status = core_->Next(sink, check, max, &next);
  }
  reads_.Note(status);
  return next;
}

void StateStore::Acknowledge(const std::string& sink, uint64_t sequence) {
  End(sink, sequence, /*put_aside=*/false);
}

void StateStore::PutAside(const std::string& sink, uint64_t sequence) {
  End(sink, sequence, /*put_aside=*/true);
}

void StateStore::End(const std::string& sink, uint64_t sequence, bool put_aside) {
  absl::Status status;
  {
    FairLock lock(mu_);
    status = core_->End(sink, sequence, put_aside);
  }
  writes_.Note(status);
}

model::Outbox::Counts StateStore::CountsOf(const std::string& sink) const {
  FairLock lock(mu_);
  return core_->CountsOf(sink);
}

uint64_t StateStore::NewestWaiting() const {
  FairLock lock(mu_);
  return core_->NewestWaiting();
}

bool StateStore::Waits(uint64_t up_to) const {
  FairLock lock(mu_);
  return core_->Waits(up_to);
}

absl::StatusOr<std::optional<model::StoredPair>> StateStore::Load(const std::string& check,
                                                                  const std::string& target) {
  while (true) {
    DCP_RETURN_IF_ERROR(TakeParts(check, target));
    FairLock lock(mu_);
    // Another thread may have stored the next report by now.
    if (!core_->HasParts(check, target)) return core_->Load(check, target);
  }
}

absl::StatusOr<std::vector<model::IgnoreRule>> StateStore::IgnoreRules() {
  FairLock lock(mu_);
  return core_->IgnoreRules();
}

absl::StatusOr<uint64_t> StateStore::CountQuiet(const std::string& check, const std::string& target,
                                                absl::Span<const model::Digest> keys,
                                                absl::Time now) {
  DCP_RETURN_IF_ERROR(TakeParts(check, target));
  FairLock lock(mu_);
  return core_->CountQuiet(check, target, keys, now);
}

absl::StatusOr<uint64_t> StateStore::CountKeptBack(const std::string& check,
                                                   const std::string& target,
                                                   absl::Span<const model::Digest> keys) {
  DCP_RETURN_IF_ERROR(TakeParts(check, target));
  FairLock lock(mu_);
  return core_->CountKeptBack(check, target, keys);
}

absl::StatusOr<bool> StateStore::WasKeptBack(const std::string& check, const std::string& target,
                                             const std::string& alarm_id) {
  DCP_RETURN_IF_ERROR(TakeParts(check, target));
  FairLock lock(mu_);
  return core_->WasKeptBack(check, target, alarm_id);
}

absl::StatusOr<std::vector<StateStore::ForgottenSink>> StateStore::ForgetSinksExcept(
    const std::set<std::string>& names) {
  FairLock lock(mu_);
  return core_->ForgetSinksExcept(names);
}

absl::StatusOr<std::vector<StateStore::Pair>> StateStore::ForgetPairsExcept(
    const std::set<Pair>& pairs) {
  FairLock lock(mu_);
  return core_->ForgetPairsExcept(pairs);
}

StateStore::Complaint::Complaint(std::string failing, std::string working, const LogFunction& log)
    : failing_(std::move(failing)), working_(std::move(working)), log_(log) {}

void StateStore::Complaint::Note(const absl::Status& status) {
  {
    MutexLock lock(mu_);
    if (std::exchange(failed_, !status.ok()) == !status.ok()) return;
  }
  log_(status.ok() ? working_ : absl::StrCat(failing_, ": ", absl::string_view(status.message())));
}

absl::Status StateStore::SaveJob(const std::string& job, const model::JobState& state,
                                 const model::JobRun* run,
                                 const std::vector<model::TableProof>& proofs) {
  const FairLock lock(mu_);
  return core_->SaveJob(job, state, run, proofs);
}

absl::StatusOr<std::optional<model::JobState>> StateStore::LoadJob(const std::string& job) {
  const FairLock lock(mu_);
  return core_->jobs().LoadState(job);
}

absl::StatusOr<std::vector<model::JobRun>> StateStore::LoadJobRuns(const std::string& job) {
  const FairLock lock(mu_);
  return core_->jobs().LoadRuns(job);
}

absl::StatusOr<std::vector<model::TableProof>> StateStore::LoadTableProofs() {
  const FairLock lock(mu_);
  return core_->jobs().LoadProofs();
}

}  // namespace dcp::state
