// DomainProgress: how far a MariaDB replica has come in its source's stream.
//
// Within a domain a replica executes in the order of its source's binlog, and it logs
// nothing of a group that changed nothing there. So a transaction of the source has
// passed when the target has shown it, or one that stands behind it in the source's
// stream in the same domain, or has told that it executed such a one. What the target
// itself wrote, and the source shows because it replicates from there, is no matter.
// https://mariadb.com/kb/en/parallel-replication/ (a domain's commit order is kept in
// every parallel mode).
//
// Takes no note of MySQL's GTIDs. Thread-compatible. Holds a few words per domain and
// server, and per change of the writing server within a domain.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "checker/stream_cutter.h"
#include "model/gtid_set.h"

namespace dcp::checker {

class DomainProgress {
 public:
  // The ended chunks of the source's queue that were not looked at yet: what stands far
  // behind may tell that something has passed. Call before the queue's front is taken.
  void LookAhead(const StreamCutter& source);
  // The queue's front is taken: its transactions are awaited too.
  void AwaitFront();
  // Of what is awaited only this transaction, the end of a chunk, is from now on.
  void AwaitOnly(const model::Gtid& gtid);
  // What was awaited has passed, or does not matter any more.
  void ClearAwaited();

  void TargetShows(const model::Gtid& gtid);
  void TargetTold(const model::GtidSet& executed);
  // The target's stream begins anew, from this server.
  void BeginTarget(uint32_t server_id) {
    newest_.clear();
    target_server_ = server_id;
  }

  // All that is awaited has passed.
  bool passed() const;

 private:
  // A server's last transaction of a domain in a chunk; `place` counts the domain's transactions.
  struct End {
    model::Gtid gtid;
    uint64_t place = 0;
  };
  struct Domain {
    uint64_t transactions = 0;  // of the source, looked at
    model::GtidSource writer;   // of the last one
    // Where another server begins to write, as the source shows it: the first one's GTID.
    std::deque<End> handovers;
  };
  using Ends = std::map<model::GtidSource, End>;

  Ends Look(const Chunk& chunk);
  bool Reached(const model::Gtid& gtid) const;
  bool Passed(const End& end) const;

  std::map<uint32_t, Domain> domains_;
  std::deque<Ends> ends_;  // per ended chunk of the queue
  Ends awaited_;
  uint32_t target_server_ = 0;
  absl::flat_hash_map<model::GtidSource, uint64_t> newest_;  // number shown or told
};

}  // namespace dcp::checker
