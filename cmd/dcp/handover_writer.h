// HandoverWriter makes, of what the state directory holds, what the next active dcp goes on from,
// and offers it to the leader, which stores it with a barrier. It covers what every sink has
// got and nothing else: what this dcp takes with it, the next one says.
//
// Thread-safe. Owns one thread. Start(), Stop() and Finish() are called by one owner.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "barrier/leader.h"
#include "base/clock.h"
#include "base/stopper.h"
#include "config/config.h"
#include "state/state_store.h"

namespace dcp::cmd {

class HandoverWriter {
 public:
  struct Options {
    uint64_t epoch = 0;
    absl::Duration interval;  // of barriers
    // A sink that takes nothing for so long is not waited for: what it lacks stays here.
    absl::Duration patience = absl::Hours(1);
    std::function<void(absl::string_view)> warn = [](absl::string_view) {};
  };

  // All outlive it.
  HandoverWriter(Options options, const config::Config& config, state::StateStore& state,
                 barrier::Leader& leader, const Clock& clock);
  ~HandoverWriter() { Stop(); }

  void Start();
  void Stop();  // idempotent

  // Offers what is stored now, if every sink has got all of it. REQUIRES: stopped
  void Finish();

 private:
  struct Made {
    std::string bytes;
    bool has_run = false;
    uint64_t newest_alarm = 0;
  };

  void Run();
  std::optional<Made> Make();
  bool AwaitDelivered(uint64_t newest_alarm);
  bool AwaitStored(uint64_t before);
  absl::Duration Period(const Made& made) const;
  void Warn(const std::string& text);

  const Options options_;
  const config::Config& config_;
  state::StateStore& state_;
  barrier::Leader& leader_;
  const Clock& clock_;
  std::string warned_;  // said already
  Stopper stopper_;
  std::thread thread_;
};

}  // namespace dcp::cmd
