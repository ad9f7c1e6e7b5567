#include "tests/cmd/order_writers.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tests/servers/process.h"
#include "tests/support/status_matchers.h"

namespace dcp::test {

absl::Status MakeOrders(ReplicaPair& pair) {
  DCP_RETURN_IF_ERROR(pair.source().Execute("CREATE DATABASE shop"));
  DCP_RETURN_IF_ERROR(
      pair.source().Execute("CREATE TABLE shop.orders (id INT PRIMARY KEY, v INT)"));
  return pair.WaitForReplica();
}

absl::Status LetReplicaDiffer(ReplicaPair& pair, Flavour flavour) {
  const bool old_words = flavour != Flavour::kMysql97;
  DCP_RETURN_IF_ERROR(pair.replica().Execute(old_words
                                                 ? "SET GLOBAL slave_exec_mode = IDEMPOTENT"
                                                 : "SET GLOBAL replica_exec_mode = IDEMPOTENT"));
  DCP_RETURN_IF_ERROR(pair.StopReplication());
  return pair.StartReplication();
}

OrderWriters::OrderWriters(ReplicaPair& pair, uint64_t seed) : pair_(pair), seed_(seed) {
  threads_.emplace_back([this] { Write(pair_.source(), 1, 5, 2); });
  threads_.emplace_back([this] { Write(pair_.source(), 2, 5, 2); });
  threads_.emplace_back([this] { Write(pair_.replica(), 3, 400, 1); });
}

uint64_t OrderWriters::Stop() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  return written_;
}

void OrderWriters::Write(MysqlServer& server, uint32_t salt, int pause_ms, int most_rows) {
  std::mt19937_64 random(seed_ + salt);
  auto session = server.Connect();
  ASSERT_OK(session);
  while (!stop_) {
    std::string sql = "BEGIN";
    const uint64_t rows = 1 + random() % static_cast<uint64_t>(most_rows);
    for (uint64_t i = 0; i < rows; ++i) absl::StrAppend(&sql, "; ", Statement(random));
    // Writers meet in the same rows: one may be told to begin again.
    if ((*session)->Execute(sql + "; COMMIT").ok()) {
      ++written_;
    } else {
      (*session)->Execute("ROLLBACK").IgnoreError();
    }
    Pause(absl::Milliseconds(pause_ms));
  }
}

std::string OrderWriters::Statement(std::mt19937_64& random) {
  const uint64_t id = random() % 60;
  const uint64_t value = random() % 1000;
  switch (random() % 4) {
    case 0:
      return absl::StrCat("DELETE FROM shop.orders WHERE id = ", id);
    case 1:
      return absl::StrCat("UPDATE shop.orders SET v = ", value, " WHERE id = ", id);
    default:
      return absl::StrCat("REPLACE INTO shop.orders VALUES (", id, ", ", value, ")");
  }
}

}  // namespace dcp::test
