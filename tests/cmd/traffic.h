// Traffic: what applications do to a database, at random from a seed: on the
// tables of traffic_tables.h, from several sessions at once.
//
// For tests of equal traffic: whatever it does, a replica is to end up and to pass
// through the same, and dcp is to say nothing but `same`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/servers/mysql_server.h"

namespace dcp::test {

// Of DCP_TEST_SEED, or a new one.
uint64_t TrafficSeed();
// Of DCP_TEST_TRAFFIC_SCALE, 1 without it: how many times the short form's transactions.
int TrafficScale();

struct TrafficOptions {
  uint64_t seed = 0;
  Flavour flavour = Flavour::kMysql97;  // of the server
  std::string database = "shop";
  int writers = 4;
  int transactions = 250;  // of each writer
  int big_rows = 10000;    // of the tables' big transactions; 0: none of these
  // Each writer has rows of its own, and no statement depends on the clock or on
  // anything else but the rows: done again elsewhere, it comes to the same. Else
  // all writers meet in the same few rows.
  bool repeatable = false;
  // Without MyISAM: replica_preserve_commit_order does not hold for it, so that its rows
  // may overtake a barrier.
  bool transactional_only = false;
  // With statements on a table's definition; on servers with binlog_row_metadata = FULL, without
  // which rows from before such a statement may be unreadable.
  bool ddl = false;
};

// Statements of one transaction, in order, each as a session sends it.
using TrafficTransaction = std::vector<std::string>;

// Runs a transaction of the source.
//   OK         committed (or rolled back, as its last statement says)
//   kAborted   refused by the server as concurrent traffic makes it; rolled back
//   kInternal  refused otherwise: the traffic itself is wrong
absl::Status RunTransaction(Session& session, const TrafficTransaction& transaction);

struct TrafficResult {
  absl::Status status;  // the first error but kAborted
  uint64_t committed = 0;
  uint64_t aborted = 0;
};

// One writer's hand in each transaction: given a session whose default database is
// set, it runs the transaction there, and whatever belongs to it elsewhere. Called by
// one thread per writer.
using TransactionRunner =
    std::function<absl::Status(int writer, Session&, const TrafficTransaction&)>;

// Runs the whole traffic on `server` and returns when it has ended.
TrafficResult RunTraffic(MysqlServer& server, const TrafficOptions& options,
                         const TransactionRunner& run);
TrafficResult RunTraffic(MysqlServer& server, const TrafficOptions& options);

}  // namespace dcp::test
