// OrderWriters: traffic in shop.orders (id, v) of a pair: the source's, which the replica follows,
// and now and then some of the replica's own, which differs until the source writes the row again.
#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/servers/replica_pair.h"

namespace dcp::test {

// The table. REQUIRES: fresh servers
absl::Status MakeOrders(ReplicaPair& pair);
// The replica's own writes are no reason to stop replicating.
absl::Status LetReplicaDiffer(ReplicaPair& pair, Flavour flavour);

class OrderWriters {
 public:
  OrderWriters(ReplicaPair& pair, uint64_t seed);
  ~OrderWriters() { Stop(); }

  // Transactions, up to now.
  uint64_t written() const { return written_; }
  // Ends them; the number of transactions that they wrote.
  uint64_t Stop();

 private:
  void Write(MysqlServer& server, uint32_t salt, int pause_ms, int most_rows);
  static std::string Statement(std::mt19937_64& random);

  ReplicaPair& pair_;
  const uint64_t seed_;
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> written_{0};
  std::vector<std::thread> threads_;
};

}  // namespace dcp::test
