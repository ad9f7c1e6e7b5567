// Recorder: what people ask for besides the present: each pair's last verdicts, read from the
// state as they are stored, and how its lag and speed went. It looks every second; no check waits
// for it. Bounded.
//
// Thread-safe; Start() and Stop() are called by one owner, Stop() any number of times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/daemon_status.h"
#include "model/ports/segment_history.h"
#include "state/verdict_book.h"

namespace dcp::cmd {

class Recorder final : public model::SegmentHistory {
 public:
  struct Options {
    std::string state_dir = {};
    size_t max_segments = 120;  // of each pair
    size_t max_history = 2000;  // of all, for After()
    size_t max_samples = 120;   // of each pair
    absl::Duration tick = absl::Seconds(1);
    absl::Duration sample_every = absl::Seconds(5);
    // Gets a line when the state cannot be read, and when it can again.
    std::function<void(absl::string_view line)> log = [](absl::string_view) {};
  };
  using StatusFunction = std::function<model::DaemonStatus()>;

  // Reads what there is. `status` is asked for what Fill() then completes; `clock` outlives it.
  // REQUIRES: a StateStore has opened the directory
  static absl::StatusOr<std::unique_ptr<Recorder>> Create(Options options, StatusFunction status,
                                                          const Clock& clock);
  ~Recorder() override { Stop(); }

  // `ticked` is called after each look, on the recorder's thread.
  void Start(std::function<void()> ticked);
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

  // One look, as Start()'s thread does it.
  void Look() ABSL_LOCKS_EXCLUDED(mu_);

  // Adds `recent`, `pace` and `rows_per_second` to each pair.
  void Fill(model::DaemonStatus* status) const ABSL_LOCKS_EXCLUDED(mu_);
  Answer After(uint64_t number) const override ABSL_LOCKS_EXCLUDED(mu_);

 private:
  using PairName = std::pair<std::string, std::string>;  // check, target
  struct Past {
    std::deque<model::SegmentActivity> segments;
    std::deque<model::PaceSample> pace;
    uint64_t rows = 0;  // at the last sample
  };

  Recorder(Options options, StatusFunction status, const Clock& clock,
           std::unique_ptr<state::VerdictBook> book);
  absl::Status ReadAll() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status ReadNew() ABSL_LOCKS_EXCLUDED(mu_);
  void Add(const model::SegmentActivity& segment) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Sample() ABSL_LOCKS_EXCLUDED(mu_);
  void Complain(const absl::Status& status);
  void Run() ABSL_LOCKS_EXCLUDED(mu_);

  const Options options_;
  const StatusFunction status_;
  const Clock& clock_;

  // Of who looks.
  const std::unique_ptr<state::VerdictBook> book_;
  std::function<void()> ticked_;
  absl::Duration sampled_at_ = -absl::InfiniteDuration();  // monotonic
  bool failing_ = false;

  mutable Mutex mu_;
  CondVar stopping_came_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::map<PairName, Past> pasts_ ABSL_GUARDED_BY(mu_);
  std::deque<model::SegmentActivity> history_ ABSL_GUARDED_BY(mu_);
  uint64_t known_from_ ABSL_GUARDED_BY(mu_) = 0;  // `history_` has all behind that number
  uint64_t newest_ ABSL_GUARDED_BY(mu_) = 0;
  std::thread thread_;
};

}  // namespace dcp::cmd
