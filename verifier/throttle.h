// Throttle: holds a verification back while the servers are busy, and to a rate of rows.
//
// Thread-compatible. Reads no clock but the one it is given.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "verifier/sync_point.h"

namespace dcp::verifier {

struct LoadLimits {
  uint64_t threads_running = 0;  // of a server, dcp's own among them; 0: any number
  uint64_t rows_per_second = 0;  // 0: as fast as can be
  absl::Duration ask_every = absl::Seconds(1);
};

// A server that is asked.
struct LoadProbe {
  std::string server;
  std::function<absl::StatusOr<uint64_t>()> threads_running;
};

class Throttle {
 public:
  // `say` is told when a pause for load begins and when it is over. All outlive this.
  Throttle(const LoadLimits& limits, std::vector<LoadProbe> probes, const Clock& clock,
           const Pause& pause, std::function<void(const std::string&)> say);

  // Returns once more may be read. A server that does not answer holds nothing back: reading from
  // it will tell.
  //   kCancelled  stopped
  absl::Status Admit();

  // So many rows were read.
  void Read(uint64_t rows);

 private:
  absl::Status AwaitRate();
  absl::Status AwaitIdle();
  std::string Busy() const;

  const LoadLimits limits_;
  const std::vector<LoadProbe> probes_;
  const Clock& clock_;
  const Pause& pause_;
  const std::function<void(const std::string&)> say_;
  absl::Duration next_read_;  // when the rate allows more
  absl::Duration next_ask_;
};

}  // namespace dcp::verifier
