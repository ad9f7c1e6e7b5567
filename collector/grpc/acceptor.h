// Acceptor: listens at an address and hands connections over, one by one. gRPC's own listener
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
#include "base/stopper.h"

namespace dcp::collector {

class Acceptor {
 public:
  // Gets connections, which do not block, from the thread; it closes them.
  using Handler = std::function<void(int fd)>;
  using LogFunction = std::function<void(absl::string_view)>;

  // `address`: HOST:PORT, every address of the host; port 0: any free one. Connections wait
  // until Start().
  //   kFailedPrecondition  it cannot listen there; says why
  static absl::StatusOr<std::unique_ptr<Acceptor>> Listen(const std::string& address,
                                                          LogFunction log);
  ~Acceptor();

  int port() const { return port_; }
  // So often a connection could not be accepted, and waited.
  int64_t failures() const { return failures_; }

  // REQUIRES: called once
  void Start(Handler handler);
  // Closes the listeners; nothing is handed over after it. Idempotent, from one thread.
  void Stop();

 private:
  Acceptor(LogFunction log, FileDescriptor stop_event)
      : log_(std::move(log)), stop_event_(std::move(stop_event)) {}

  absl::Status ListenAt(const std::string& address);
  void Run();
  void AcceptAll(int listener);
  // Not a connection: whether to try again at once.
  bool Failed(int error);

  const LogFunction log_;
  const FileDescriptor stop_event_;  // readable: stop
  std::vector<FileDescriptor> listeners_;
  int port_ = 0;
  Handler handler_;
  Stopper stopper_;
  std::atomic<int64_t> failures_{0};
  bool failing_ = false;  // of the thread
  std::thread thread_;
};

}  // namespace dcp::collector
