// FaultTraffic: transactions of every kind, each with a number in shop.seq, so that a stream can be
// held against what was committed.
//
// Thread-compatible.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/servers/mysql_server.h"

namespace dcp::test {

class FaultTraffic {
 public:
  FaultTraffic(MysqlServer& server, uint32_t seed) : server_(server), random_(seed) {}

  // Creates the tables.
  absl::Status Begin();

  // Runs `count` transactions, kinds in turn.
  absl::Status Run(size_t count);
  // Small ones only, several to a round trip.
  absl::Status RunSmall(size_t count);

  // The numbers that committed, in the order of their commits.
  const std::vector<int>& committed() const { return committed_; }

 private:
  std::string Number();  // a statement that notes the next number
  std::string Row();
  std::string Statements(size_t kind);
  std::string XaCommit();
  std::string XaRollback();

  MysqlServer& server_;
  std::mt19937 random_;
  int next_ = 0;
  size_t kind_ = 0;
  std::vector<int> committed_;
};

// What the numbers of lines as of collector::Describe are, in their order.
std::vector<int> NumbersOf(const std::vector<std::string>& lines);

}  // namespace dcp::test
