#include "barrier/leader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::barrier {

Leader::Leader(const PulseOptions& pulse, std::string name, SqlOpener opener, const Clock* clock,
               LogFunction log, LogFunction warn)
    : name_(name),
      opener_(std::move(opener)),
      clock_(clock),
      log_(std::move(log)),
      warn_(std::move(warn)),
      pulse_(pulse, std::move(name), clock),
      since_(clock->Monotonic()) {}

Leader::~Leader() { Stop(); }

void Leader::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Leader::Stop() {
  stopper_.Stop();
  if (thread_.joinable()) thread_.join();
}

std::optional<Leader::Term> Leader::term() const {
  MutexLock lock(mu_);
  return term_;
}

bool Leader::Holds(uint64_t epoch) const {
  MutexLock lock(mu_);
  return term_ && term_->epoch == epoch && outdone_ == 0;
}

bool Leader::Valid(uint64_t epoch) const {
  MutexLock lock(mu_);
  return term_ && term_->epoch == epoch && outdone_ == 0 && clock_->Monotonic() < valid_until_;
}

void Leader::Offer(uint64_t epoch, std::string handover) {
  MutexLock lock(mu_);
  if (term_ && term_->epoch == epoch) offered_ = std::move(handover);
}

uint64_t Leader::stored() const {
  MutexLock lock(mu_);
  return stored_;
}

BarrierStatus Leader::status() const {
  MutexLock lock(mu_);
  BarrierStatus status = status_;
  status.age = clock_->Monotonic() - since_;
  return status;
}

void Leader::NoteBarrier(uint64_t offset) {
  since_ = clock_->Monotonic();
  status_.last_success = clock_->Now();
  status_.last_offset = offset;
  ++status_.written;
}

void Leader::Outdone(uint64_t epoch) {
  MutexLock lock(mu_);
  if (term_ && epoch >= term_->epoch) outdone_ = epoch;
}

void Leader::Run() {
  while (!stopper_.stopped()) {
    TakeOutdone();
    if (sql_ == nullptr) {
      const absl::Status opened = OpenSession();
      if (!opened.ok()) {
        DropSession(opened);
        stopper_.PauseUntil(pulse_.NoSession(), *clock_);
        continue;
      }
    }
    const LeaderPulse::Step step = Step();
    if (!step.status.ok()) DropSession(step.status);
    stopper_.PauseUntil(step.wake_at, *clock_);
  }
  GiveBack();
}

absl::Status Leader::OpenSession() {
  DCP_ASSIGN_OR_RETURN(sql_, opener_());
  return pulse_.Prepare(sql_.get());
}

void Leader::DropSession(const absl::Status& why) {
  sql_.reset();
  const std::string message(why.message());
  {
    MutexLock lock(mu_);
    status_.connected = false;
    status_.last_error = message;
  }
  if (stopper_.stopped() || message == warned_) return;
  warned_ = message;
  warn_(message);
}

// The term ends in the pulse too, before another one is known here.
void Leader::TakeOutdone() {
  MutexLock lock(mu_);
  if (outdone_ == 0) return;
  pulse_.Outdone(std::exchange(outdone_, 0));
  term_.reset();
  offered_.reset();
}

LeaderPulse::Step Leader::Step() {
  std::optional<std::string> offered;
  {
    MutexLock lock(mu_);
    offered.swap(offered_);
  }
  LeaderPulse::Step step = pulse_.Run(sql_.get(), offered ? &*offered : nullptr);
  if (step.status.ok()) warned_.clear();
  const bool waits = offered && !step.handed && !step.lost;
  {
    MutexLock lock(mu_);
    if (waits && !offered_) offered_ = std::move(offered);
    if (step.handed) ++stored_;
    if (step.wrote) NoteBarrier(pulse_.last_offset());
    if (step.status.ok()) {
      status_.connected = true;
      status_.last_error.clear();
    }
    valid_until_ = pulse_.valid_until();
    if (step.took) {
      term_ = {pulse_.epoch(), step.previous, std::move(step.handover)};
      stored_ = 0;
    }
    if (step.lost) {
      term_.reset();
      offered_.reset();
    }
  }
  SayWho();
  return step;
}

void Leader::SayWho() {
  std::string who;
  if (pulse_.active()) {
    who = absl::StrCat("'", name_, "' is active, epoch ", pulse_.epoch());
  } else if (pulse_.watch().seen()) {
    const std::optional<LeaseRow>& row = pulse_.watch().row();
    if (!row || row->name.empty()) return;  // about to be taken
    who = absl::StrCat("'", name_, "' is standby: waits until '", row->name, "', epoch ",
                       row->epoch, ", has written no barrier for ",
                       absl::FormatDuration(pulse_.watch().patience()));
  }
  if (who.empty() || who == said_who_) return;
  said_who_ = who;
  log_(who);
}

void Leader::GiveBack() {
  std::optional<std::string> offered;
  {
    MutexLock lock(mu_);
    offered.swap(offered_);
    term_.reset();
  }
  if (sql_ == nullptr || !pulse_.active()) return;
  const absl::Status given = pulse_.GiveBack(sql_.get(), offered ? &*offered : nullptr);
  if (given.ok()) {
    log_("the lease is given back");
  } else {
    warn_(absl::StrCat("the lease is not given back: another dcp waits until it runs out (",
                       given.message(), ")"));
  }
}

}  // namespace dcp::barrier
