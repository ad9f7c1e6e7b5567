#include "cmd/dcp/job_runner.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cmd/dcp/verify.h"

namespace dcp::cmd {
namespace {

using model::JobRun;

// A statement of a scheduled run: a daemon that stops waits for one.
constexpr absl::Duration kStatementTimeout = absl::Seconds(8);
constexpr absl::Duration kWindowEvery = absl::Seconds(1);
constexpr size_t kKeptRuns = 10;

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

std::string Duration(absl::Duration time) {
  return absl::FormatDuration(absl::Trunc(time, absl::Milliseconds(1)));
}

}  // namespace

JobRunner::JobRunner(Options options, state::StateStore& state, model::OutcomeSink& sink,
                     model::TableRegistry* registry, model::DiffSpill* spill, const Clock& clock)
    : options_(std::move(options)),
      source_(model::ServerOf(options_.job.source)),
      target_(model::ServerOf(options_.job.target)),
      store_(state),
      sink_(sink),
      registry_(registry),
      spill_(spill),
      clock_(clock) {}

absl::Status JobRunner::Load() {
  DCP_ASSIGN_OR_RETURN(auto job, store_.LoadJob(options_.job.name));
  DCP_ASSIGN_OR_RETURN(auto runs, store_.LoadJobRuns(options_.job.name));
  DCP_ASSIGN_OR_RETURN(const auto pair, store_.Load(options_.job.name, target_));
  const MutexLock lock(mu_);
  if (job) job_ = *std::move(job);
  if (job_.handled == absl::InfinitePast()) job_.handled = clock_.Now();
  job_.handled = std::max(job_.handled, options_.since);
  runs_ = std::move(runs);
  last_number_ =
      std::max(runs_.empty() ? 0 : runs_.front().number, pair ? pair->state.said_to : uint64_t{0});
  last_number_ = std::max({last_number_, job_.open_run, options_.numbers_from});
  if (runs_.size() > kKeptRuns) runs_.resize(kKeptRuns);
  timetable_.emplace(*options_.job.starts, options_.job.zone, job_.handled);
  next_ = timetable_->next();
  return absl::OkStatus();
}

void JobRunner::Start() {
  watch_ = std::thread([this] { Watch(); });
}

void JobRunner::Stop() {
  stopper_.Stop();
  if (watch_.joinable()) watch_.join();
  if (run_.joinable()) run_.join();
}

void JobRunner::Watch() {
  TakeUp();
  do {
    Look();
  } while (stopper_.Pause(options_.look_every, clock_));
}

// Where several dcp take turns, what a run had done is gone when another one was active.
void JobRunner::TakeUp() {
  uint64_t open = 0;
  absl::Time started = clock_.Now();
  {
    const MutexLock lock(mu_);
    open = job_.open_run;
    if (!runs_.empty() && runs_.front().number == open) started = runs_.front().started;
  }
  const bool gone = options_.since != absl::InfinitePast() && !Exists(options_.checkpoint);
  if (open == 0 || !gone) Store(nullptr);
  if (open == 0) return;
  if (!gone) {
    options_.info(absl::StrCat("run ", open, " was interrupted and ",
                               options_.checkpoint.empty() ? "begins anew" : "goes on"));
    return Begin(open);
  }
  Miss({1, started, started, "its run ended when another dcp became active"});
  const MutexLock lock(mu_);
  job_.open_run = 0;
}

void JobRunner::Look() {
  const bool busy = running_;
  if (!busy && run_.joinable()) run_.join();
  const JobTimetable::Due due = timetable_->Look(clock_.Now(), clock_.Monotonic());
  if (!due.note.empty()) options_.info(due.note);
  if (due.missed > 0) Miss({due.missed, due.first_missed, due.last_missed, due.why});
  if (due.start && busy) Miss({1, *due.start, *due.start, "the run before still goes on"});
  if (busy && clock_.Monotonic() - began_ >= options_.job.max_duration) over_ = true;
  // A start that is to be begun now is handled when it is.
  const bool begins = due.start && !busy;
  if (!busy) TellMissed(begins ? *due.start - absl::Nanoseconds(1) : timetable_->handled());
  {
    const MutexLock lock(mu_);
    if (missed_.count == 0) job_.handled = timetable_->handled();
    next_ = timetable_->next();
  }
  if (begins) {
    Begin(NextNumber());
  } else if (due.start || due.missed > 0) {
    Store(nullptr);
  }
}

void JobRunner::Miss(const Missed& missed) {
  options_.warn(absl::StrCat(missed.count, missed.count == 1 ? " start" : " starts",
                             " missed, the last one at ", timetable_->Text(missed.last), ": ",
                             missed.why));
  if (missed_.count == 0) missed_.first = missed.first;
  missed_.count += missed.count;
  missed_.last = missed.last;
  if (missed_.why.find(missed.why) == std::string::npos) {
    absl::StrAppend(&missed_.why, missed_.why.empty() ? "" : "; ", missed.why);
  }
  const MutexLock lock(mu_);
  counts_.missed += missed.count;
}

void JobRunner::TellMissed(absl::Time handled) {
  if (missed_.count == 0) return;
  JobRun run;
  run.number = NextNumber();
  run.result = JobRun::Result::kMissed;
  run.started = missed_.first;
  run.ended = clock_.Now();
  run.detail = absl::StrCat(
      missed_.count, missed_.count == 1 ? " start was missed, at " : " starts were missed, from ",
      timetable_->Text(missed_.first),
      missed_.count == 1 ? "" : absl::StrCat(" to ", timetable_->Text(missed_.last)), ": ",
      missed_.why);
  model::Report report = JobFindings::MakeUnverified(HeadOf(run.number), "missed", run.detail);
  if (!sink_.Put(report).ok()) return;  // stopped: the next one finds them
  missed_ = {};
  {
    const MutexLock lock(mu_);
    job_.handled = handled;
  }
  Store(&run);
}

void JobRunner::Begin(uint64_t number) {
  over_ = false;
  running_ = true;
  began_ = clock_.Monotonic();
  {
    const MutexLock lock(mu_);
    job_.open_run = number;
  }
  run_ = std::thread([this, number] {
    Run(number);
    running_ = false;
  });
}

// What is compared from now on, unless an earlier run is gone on with.
void JobRunner::NoteBegun() {
  const absl::Time now = clock_.Now();
  {
    const MutexLock lock(mu_);
    if (Exists(options_.checkpoint) && job_.begun != absl::InfinitePast()) return;
  }
  std::vector<model::SeenBarrier> barriers = options_.barriers();
  const MutexLock lock(mu_);
  job_.begun = now;
  job_.barriers = std::move(barriers);
}

void JobRunner::Run(uint64_t number) {
  JobRun run;
  run.number = number;
  run.started = clock_.Now();
  {
    const MutexLock lock(mu_);
    if (!runs_.empty() && runs_.front().number == number) run.started = runs_.front().started;
  }
  NoteBegun();
  auto stored = store_.Load(options_.job.name, target_);
  std::vector<model::OpenFinding> open;
  if (stored.ok() && *stored) open = std::move((*stored)->findings);
  auto findings = std::make_shared<JobFindings>(
      HeadOf(number), std::move(open), registry_, spill_,
      [this, number](absl::string_view text) {
        options_.info(absl::StrCat("run ", number, ": ", text));
      },
      options_.hides_keys);
  {
    const MutexLock lock(mu_);
    findings_ = findings;
  }
  Store(&run);
  verifier::VerificationOptions verification = ToVerificationOptions(options_.job);
  verification.checkpoint = options_.checkpoint;
  verification.renew_checkpoint = true;
  verification.statement_timeout = kStatementTimeout;
  verification.admit = [this] { return Admit(); };
  absl::Status status = stored.status();
  if (status.ok()) {
    status = options_.verify(
        verification, [this](absl::Duration time) { return PauseFor(time); }, *findings);
  }
  Finish(status, HeadOf(number), *findings);
  const MutexLock lock(mu_);
  findings_ = nullptr;
  paused_ = false;
}

void JobRunner::Finish(const absl::Status& status, const model::OutcomeHead& head,
                       JobFindings& findings) {
  if (absl::IsCancelled(status) && !over_) {
    return options_.info(
        absl::StrCat("run ", head.to, " is interrupted, and goes on when dcp ", "starts again"));
  }
  JobRun run;
  model::JobState before;
  {
    const MutexLock lock(mu_);
    before = job_;
    if (!runs_.empty() && runs_.front().number == head.to) run = runs_.front();
  }
  model::Report report = ReportOf(status, head, findings, &run);
  // Stopped before it was stored: the next one finds it anew.
  if (!sink_.Put(report).ok()) return;
  std::vector<model::TableProof> proofs;
  if (status.ok()) proofs = options_.prove(findings.decided(), before);
  {
    const MutexLock lock(mu_);
    job_.open_run = 0;
    if (status.ok()) {
      job_.begun = absl::InfinitePast();
      job_.barriers.clear();
    }
    Merge(proofs);
    ++counts_.runs[static_cast<size_t>(run.result)];
  }
  Store(&run, proofs);
  options_.info(absl::StrCat("run ", run.number, " ended: ", model::ToString(run.result), ", ",
                             run.tables, " tables, ", run.rows, " rows, ", run.different,
                             " different, ", run.undecided, " undecided, ", run.skipped,
                             " tables skipped, in ", Duration(run.ended - run.started)));
}

model::Report JobRunner::ReportOf(const absl::Status& status, model::OutcomeHead head,
                                  JobFindings& findings, JobRun* run) const {
  const absl::Time started = run->started;
  head.at = clock_.Now();
  model::Report report;
  *run = findings.Summary();
  if (status.ok()) {
    report = findings.MakeReport(head.at);
  } else {
    run->result = over_ ? JobRun::Result::kUnfinished : JobRun::Result::kFailed;
    run->detail =
        over_ ? absl::StrCat("stopped after ", Duration(options_.job.max_duration),
                             " (max_duration): ", run->tables, " of ",
                             findings.progress().tables.load(), " tables finished, ",
                             findings.progress().rows.load(), " rows read; the next start ",
                             options_.checkpoint.empty() ? "begins anew" : "goes on from there")
              : std::string(status.message());
    run->rows = findings.progress().rows;
    report = JobFindings::MakeUnverified(head, model::ToString(run->result), run->detail);
  }
  run->number = head.to;
  run->started = started;
  run->ended = head.at;
  return report;
}

absl::Status JobRunner::Admit() {
  const config::JobOptions& job = options_.job;
  while (!job.window.empty() && !model::EndOf(job.window, job.zone, clock_.Now())) {
    SetPaused(true);
    DCP_RETURN_IF_ERROR(PauseFor(kWindowEvery));
  }
  SetPaused(false);
  return absl::OkStatus();
}

absl::Status JobRunner::PauseFor(absl::Duration time) {
  const absl::Duration end = clock_.Monotonic() + time;
  do {
    if (over_) return absl::CancelledError("it takes longer than max_duration");
    const absl::Duration left = end - clock_.Monotonic();
    if (!stopper_.Pause(std::clamp(left, absl::ZeroDuration(), absl::Seconds(1)), clock_)) {
      return absl::CancelledError("stopped");
    }
  } while (clock_.Monotonic() < end);
  return absl::OkStatus();
}

void JobRunner::SetPaused(bool paused) {
  {
    const MutexLock lock(mu_);
    if (paused_ == paused) return;
    paused_ = paused;
  }
  options_.info(paused ? "paused: it is outside of its window" : "goes on: its window is open");
}

void JobRunner::Store(const JobRun* run, const std::vector<model::TableProof>& proofs) {
  model::JobState job;
  {
    const MutexLock lock(mu_);
    if (run != nullptr) Keep(*run);
    job = job_;
  }
  const absl::Status stored = store_.SaveJob(options_.job.name, job, run, proofs);
  if (stored.ok()) return;
  options_.warn(
      absl::StrCat("how far it is cannot be stored, and it may run again after a "
                   "restart: ",
                   absl::string_view(stored.message())));
}

void JobRunner::Keep(const JobRun& run) {
  if (!runs_.empty() && runs_.front().number == run.number) {
    runs_.front() = run;
    return;
  }
  runs_.insert(runs_.begin(), run);
  if (runs_.size() > kKeptRuns) runs_.pop_back();
}

// The newer one of each table.
void JobRunner::Merge(const std::vector<model::TableProof>& proofs) {
  for (const model::TableProof& proof : proofs) {
    std::erase_if(proofs_, [&](const model::TableProof& old) {
      return old.check == proof.check && old.target == proof.target && old.table == proof.table;
    });
    proofs_.push_back(proof);
  }
}

model::OutcomeHead JobRunner::HeadOf(uint64_t number) const {
  model::OutcomeHead head;
  head.check = options_.job.name;
  head.source = source_;
  head.target = target_;
  head.epoch = model::kJobEpoch;
  head.from = number - 1;
  head.to = number;
  head.at = clock_.Now();
  return head;
}

uint64_t JobRunner::NextNumber() {
  const MutexLock lock(mu_);
  return ++last_number_;
}

std::vector<model::TableProof> JobRunner::proofs() const {
  const MutexLock lock(mu_);
  return proofs_;
}

model::JobActivity JobRunner::activity() const {
  const MutexLock lock(mu_);
  model::JobActivity activity = counts_;
  activity.job = options_.job.name;
  activity.source = source_;
  activity.target = target_;
  activity.schedule = options_.job.schedule;
  activity.time_zone = options_.job.zone.name();
  activity.running = running_;
  activity.paused = paused_;
  activity.next_start = next_;
  activity.last_runs = runs_;
  if (findings_ == nullptr) return activity;
  const JobFindings::Progress& progress = findings_->progress();
  activity.tables = progress.tables;
  activity.tables_done = progress.tables_done;
  activity.rows = progress.rows;
  activity.rows_about = progress.rows_about;
  return activity;
}

}  // namespace dcp::cmd
