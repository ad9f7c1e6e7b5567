// A server that serves a script as its binlog, cuts connections where told, and a
// sink that writes down what it gets.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "collector/mysql/start_point.h"
#include "model/ports/change_sink.h"
#include "tests/collector/mysql/script.h"
#include "tests/support/eventually.h"

namespace dcp::collector {

// Thread-safe.
class FakeServer {
 public:
  explicit FakeServer(Script script, bool has_gtids = true);

  BinlogOpener opener();

  // The next session to be opened ends with `status` after `events` events. Sessions
  // without a plan go on to the end of the script and wait there.
  void PlanSession(size_t events, absl::Status status);
  // The next try to open fails.
  void PlanRefusal(absl::Status status);
  void SetServerUuid(uint8_t last_byte);
  // "now" is before this event from here on.
  void SetNow(size_t event);
  void Append(Script script);
  // Streams that are opened from here on have a probe, and say how often they speak at least.
  void AnswerProbes(absl::Duration heartbeat_period);

  std::vector<StartPoint> opened_at() const;
  // Probes that were asked, and reads that began.
  size_t asked() const;
  size_t reads() const;

 private:
  class Reader;
  class Probe;
  struct Plan {
    bool refuse = false;
    size_t events = 0;
    absl::Status status;
  };

  absl::StatusOr<BinlogStream> Open(const StartPoint& point);
  absl::StatusOr<size_t> IndexOf(const StartPoint& point) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable Mutex mu_;
  CondVar changed_;
  const bool has_gtids_;
  std::deque<ScriptEvent> script_ ABSL_GUARDED_BY(mu_);  // stable addresses
  std::deque<Plan> plans_ ABSL_GUARDED_BY(mu_);
  std::vector<StartPoint> opened_at_ ABSL_GUARDED_BY(mu_);
  model::Uuid uuid_ ABSL_GUARDED_BY(mu_){};
  size_t now_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Duration heartbeat_period_ ABSL_GUARDED_BY(mu_) = absl::ZeroDuration();  // zero: no probe
  size_t asked_ ABSL_GUARDED_BY(mu_) = 0;
  size_t reads_ ABSL_GUARDED_BY(mu_) = 0;
};

// Thread-safe.
class FakeSink final : public model::ChangeSink {
 public:
  absl::Status Open(const model::Tag& tag, model::StreamOrigin origin) override;
  absl::Status Append(const model::Tag& tag, model::ChangeBatchPtr batch) override;

  void Refuse(const std::string& tag, absl::Status status);
  // From here on Append waits until Release().
  void Block();
  void Release();
  bool blocked() const;

  std::vector<std::string> lines(const std::string& tag = "src") const;
  std::vector<model::StreamOrigin> origins() const;
  size_t batches() const;

 private:
  mutable Mutex mu_;
  CondVar changed_;
  std::map<std::string, std::vector<std::string>> lines_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, absl::Status> refusals_ ABSL_GUARDED_BY(mu_);
  std::vector<model::StreamOrigin> origins_ ABSL_GUARDED_BY(mu_);
  size_t batches_ ABSL_GUARDED_BY(mu_) = 0;
  bool block_ ABSL_GUARDED_BY(mu_) = false;
  bool blocked_ ABSL_GUARDED_BY(mu_) = false;
};

using test::Eventually;

}  // namespace dcp::collector
