#include "cmd/dcp/recorder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::cmd {
namespace {

using model::SegmentActivity;

template <typename Thing>
void AddBounded(const Thing& thing, size_t most, std::deque<Thing>* to) {
  to->push_back(thing);
  if (to->size() > most) to->pop_front();
}

}  // namespace

Recorder::Recorder(Options options, StatusFunction status, const Clock& clock,
                   std::unique_ptr<state::VerdictBook> book)
    : options_(std::move(options)),
      status_(std::move(status)),
      clock_(clock),
      book_(std::move(book)) {}

absl::StatusOr<std::unique_ptr<Recorder>> Recorder::Create(Options options, StatusFunction status,
                                                           const Clock& clock) {
  DCP_ASSIGN_OR_RETURN(auto book, state::VerdictBook::Open(options.state_dir));
  std::unique_ptr<Recorder> recorder(
      new Recorder(std::move(options), std::move(status), clock, std::move(book)));
  DCP_RETURN_IF_ERROR(recorder->ReadAll());
  return recorder;
}

// Nothing is written yet: what is read here belongs together.
absl::Status Recorder::ReadAll() {
  const model::DaemonStatus status = status_();
  MutexLock lock(mu_);
  DCP_ASSIGN_OR_RETURN(newest_, book_->NewestNumber());
  known_from_ = newest_ - std::min<uint64_t>(newest_, options_.max_history);
  DCP_ASSIGN_OR_RETURN(const auto history, book_->After(known_from_, options_.max_history));
  history_.assign(history.begin(), history.end());
  for (const model::PairActivity& pair : status.pairs) {
    DCP_ASSIGN_OR_RETURN(const auto last,
                         book_->Last(pair.check, pair.target, options_.max_segments));
    pasts_[{pair.check, pair.target}].segments.assign(last.begin(), last.end());
  }
  return absl::OkStatus();
}

void Recorder::Start(std::function<void()> ticked) {
  ticked_ = std::move(ticked);
  thread_ = std::thread([this] { Run(); });
}

void Recorder::Stop() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    stopping_came_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Recorder::Run() {
  while (true) {
    Look();
    ticked_();
    MutexLock lock(mu_);
    const absl::Duration next = clock_.Monotonic() + options_.tick;
    while (!stopping_ && clock_.Monotonic() < next) {
      clock_.WaitFor(stopping_came_, mu_, next - clock_.Monotonic());
    }
    if (stopping_) return;
  }
}

void Recorder::Look() {
  Complain(ReadNew());
  if (clock_.Monotonic() - sampled_at_ >= options_.sample_every) Sample();
}

absl::Status Recorder::ReadNew() {
  while (true) {
    uint64_t newest = 0;
    {
      MutexLock lock(mu_);
      newest = newest_;
    }
    DCP_ASSIGN_OR_RETURN(const auto fresh, book_->After(newest, options_.max_history));
    MutexLock lock(mu_);
    for (const SegmentActivity& segment : fresh) Add(segment);
    if (fresh.size() < options_.max_history || stopping_) return absl::OkStatus();
  }
}

void Recorder::Add(const SegmentActivity& segment) {
  newest_ = segment.number;
  AddBounded(segment, options_.max_segments, &pasts_[{segment.check, segment.target}].segments);
  if (history_.size() >= options_.max_history) known_from_ = history_.front().number;
  AddBounded(segment, options_.max_history, &history_);
}

void Recorder::Sample() {
  const model::DaemonStatus status = status_();
  const absl::Duration now = clock_.Monotonic();
  const double seconds = absl::ToDoubleSeconds(now - sampled_at_);
  const bool first = sampled_at_ == -absl::InfiniteDuration();
  sampled_at_ = now;
  MutexLock lock(mu_);
  for (const model::PairActivity& pair : status.pairs) {
    Past& past = pasts_[{pair.check, pair.target}];
    const auto rows =
        static_cast<double>(pair.source_rows - std::exchange(past.rows, pair.source_rows));
    AddBounded({clock_.Now(), pair.lag, first ? 0 : rows / seconds}, options_.max_samples,
               &past.pace);
  }
}

void Recorder::Complain(const absl::Status& status) {
  if (status.ok() == !failing_) return;
  failing_ = !status.ok();
  options_.log(failing_ ? absl::StrCat("the history of verdicts cannot be read for the page and "
                                       "/status: ",
                                       absl::string_view(status.message()))
                        : "the history of verdicts can be read again");
}

void Recorder::Fill(model::DaemonStatus* status) const {
  MutexLock lock(mu_);
  for (model::PairActivity& pair : status->pairs) {
    const auto past = pasts_.find({pair.check, pair.target});
    if (past == pasts_.end()) continue;
    pair.recent.assign(past->second.segments.begin(), past->second.segments.end());
    pair.pace.assign(past->second.pace.begin(), past->second.pace.end());
    if (!pair.pace.empty()) pair.rows_per_second = pair.pace.back().rows_per_second;
  }
}

Recorder::Answer Recorder::After(uint64_t number) const {
  MutexLock lock(mu_);
  Answer answer;
  answer.complete = number >= known_from_ && number <= newest_;
  const auto first = std::upper_bound(
      history_.begin(), history_.end(), number,
      [](uint64_t wanted, const SegmentActivity& segment) { return wanted < segment.number; });
  answer.segments.assign(first, history_.end());
  return answer;
}

}  // namespace dcp::cmd
