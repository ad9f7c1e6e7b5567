// PurgeWatcher: asks the servers now and then whether binlogs that collectors still need are about
// to be purged (collector/mysql/purge_watch.h), by the side of the collectors: one that is held up
// cannot ask.
//
// Owns one thread. Start() and Stop() are called by one owner; Report() is thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/stopper.h"
#include "collector/mysql/purge_watch.h"
#include "model/connection_options.h"
#include "mysql/connection.h"

namespace dcp::cmd {

class PurgeWatcher {
 public:
  struct Subject {
    std::string collector;
    model::ConnectionOptions server;
    std::function<collector::PurgeWatch::Place()> place;  // thread-safe
  };
  struct Options {
    absl::Duration interval = absl::Seconds(30);
    std::function<void(absl::string_view)> log;
  };

  // `clock` outlives it.
  PurgeWatcher(Options options, std::vector<Subject> subjects, const Clock& clock);
  ~PurgeWatcher();

  // REQUIRES: not started before.
  void Start();
  // Idempotent. Waits for a statement that runs, a few seconds at most.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

  // Of the last look, in the order of the subjects.
  std::vector<collector::PurgeWatch::Report> reports() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // One subject's own; used by the thread only.
  struct Watched {
    Subject subject;
    std::unique_ptr<mysql::Connection> connection;
    collector::PurgeWatch watch;
    bool failed = false;
  };

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  void Look(size_t index) ABSL_LOCKS_EXCLUDED(mu_);
  static absl::StatusOr<mysql::BinlogInventory> Ask(Watched& watched);

  const Options options_;
  const Clock& clock_;
  std::vector<Watched> watched_;
  std::thread thread_;
  Stopper stopper_;

  mutable Mutex mu_;
  std::vector<collector::PurgeWatch::Report> reports_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::cmd
