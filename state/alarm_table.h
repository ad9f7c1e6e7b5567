// AlarmTable: the alarms that sinks have still to get, those they did not take, and the
// ids of all that were stored. Every change stands in a transaction of the caller.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/alarm.h"
#include "model/ports/outbox.h"
#include "state/retention.h"
#include "state/sqlite.h"

namespace dcp::state {

class AlarmTable {
 public:
  struct Sink {
    int64_t number = 0;
    uint64_t put_aside = 0;
  };
  struct Delivery {
    uint64_t sequence = 0;
    std::string sink;
  };

  //   kDataLoss  something is not as it was written
  static absl::StatusOr<std::unique_ptr<AlarmTable>> Open(Database& db);

  // By name.
  const std::map<std::string, Sink>& sinks() const { return sinks_; }

  // All that waits, by sequence. Checks what was put aside too.
  using Take = std::function<void(const Delivery&, const model::Alarm&)>;
  absl::Status ReadWaiting(const Take& take);

  // Stores it for the sinks, and for who watches. nullopt: its id was stored before, and it is not
  // again.
  absl::StatusOr<std::optional<uint64_t>> Add(const model::Outbox::Addressed& addressed,
                                              int64_t pair);
  absl::Status Delivered(const Delivery& delivery);
  absl::Status PutAside(const Delivery& delivery);

  absl::StatusOr<model::AlarmPtr> Read(uint64_t sequence);

  // Deletes the oldest ids, and what was kept for who watches, that `retention` gives up: `most` at
  // most.
  absl::Status Prune(const Retention& retention, absl::Time now, int64_t most);

  // Nothing is delivered to it any more.
  absl::Status ForgetSink(const std::string& name);
  // The ids of what was stored of the pair and does not wait.
  absl::Status ForgetPair(int64_t pair);

  // After a transaction: what it did to the sinks holds, or not.
  void Committed() { committed_sinks_ = sinks_; }
  void RolledBack() { sinks_ = committed_sinks_; }

 private:
  explicit AlarmTable(Database& db) : db_(db) {}
  absl::Status Prepare();
  absl::Status ReadSinks();
  absl::StatusOr<int64_t> NumberOf(const std::string& sink);
  absl::Status Insert(int64_t sequence, const model::Alarm& alarm);
  absl::Status Tell(const model::Alarm& alarm, bool quiet);
  absl::Status PruneTold(const Retention& retention, int64_t most);
  absl::Status Drop(uint64_t sequence, int64_t sink);
  absl::Status PrunePutAside(int64_t sink);
  absl::Status Damaged(absl::string_view what) const;

  Database& db_;
  Statement insert_id_, newest_id_, prune_ids_;
  Statement insert_told_, newest_told_, prune_told_;
  Statement insert_alarm_, select_alarm_, delete_alarm_;
  Statement insert_sink_, replace_delivery_, delete_delivery_, count_put_aside_, old_put_aside_;
  std::map<std::string, Sink> sinks_, committed_sinks_;
};

}  // namespace dcp::state
