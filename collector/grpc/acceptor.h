// Acceptor: accepts connections and hands them over, one by one. gRPC's own listener
// gives up for good when a connection cannot be accepted because descriptors or memory are used
// up; this one says so, waits and tries again.
//
// Thread-safe. It has one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/file_descriptor.h"
#include "base/listeners.h"
#include "base/stopper.h"

namespace dcp::collector {

class Acceptor {
 public:
  // Gets connections, which do not block, from the thread; it closes them.
  using Handler = std::function<void(int fd)>;
  using LogFunction = std::function<void(absl::string_view)>;

  // Connections wait until Start().
  //   kResourceExhausted  no descriptor is left
  static absl::StatusOr<std::unique_ptr<Acceptor>> Create(
      std::shared_ptr<const Listeners> listeners, LogFunction log);
  ~Acceptor();

  int port() const { return port_; }
  // So often a connection could not be accepted, and waited.
  int64_t failures() const { return failures_; }

  // REQUIRES: called once
  void Start(Handler handler);
  // Lets go of the listeners; nothing is handed over after it. Idempotent, from one thread.
  void Stop();

 private:
  Acceptor(std::shared_ptr<const Listeners> listeners, LogFunction log, FileDescriptor stop_event)
      : log_(std::move(log)),
        stop_event_(std::move(stop_event)),
        listeners_(std::move(listeners)),
        port_(listeners_->port()) {}

  void Run();
  void AcceptAll(int listener);
  // Not a connection: whether to try again at once.
  bool Failed(int error);

  const LogFunction log_;
  const FileDescriptor stop_event_;             // readable: stop
  std::shared_ptr<const Listeners> listeners_;  // null after Stop()
  const int port_;
  Handler handler_;
  Stopper stopper_;
  std::atomic<int64_t> failures_{0};
  bool failing_ = false;  // of the thread
  std::thread thread_;
};

}  // namespace dcp::collector
