// EventReaders: many readers of a dcp's /events at a time, as browsers that show its page; each
// notes whether it was told of every segment.
//
// Thread-safe; it has a thread of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace dcp::test {

class EventReaders {
 public:
  // Connects all of them. Fails the test where nothing listens.
  EventReaders(uint16_t port, size_t readers);
  ~EventReaders();
  EventReaders(const EventReaders&) = delete;
  EventReaders& operator=(const EventReaders&) = delete;

  struct Told {
    uint64_t first = 0, last = 0;  // numbers of segments; 0: none yet
    uint64_t gaps = 0;             // a number did not follow the one before
    uint64_t statuses = 0;         // events with a status
    bool closed = false;           // by dcp
  };
  std::vector<Told> told() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Reader {
    int fd = -1;
    std::string pending;  // what is no whole event yet
    Told told;
  };

  void Run();
  void Take(Reader& reader);
  static void Note(const std::string& event, Told& told);

  std::atomic<bool> stop_{false};
  std::vector<Reader> readers_;  // of the thread, but for `told`
  mutable Mutex mu_;
  std::vector<Told> told_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace dcp::test
