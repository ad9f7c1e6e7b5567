// A table that is written to on the source while something else is tested: its rows, the writes,
// a replica that is late, and differences behind replication's back.
//
// DCP_TEST_VERIFY_SCALE (default 1) multiplies rows, DCP_TEST_VERIFY_RUNS (default 1) is how often
// a test is repeated, with other seeds.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tests/servers/replica_pair.h"

namespace dcp::verifier {

// Every flavour, and the one way across them in which servers replicate by themselves.
inline auto ReplicatingPairs() {
  test::ReplicaPairOptions across;
  across.source.flavour = test::Flavour::kMysql56;
  across.replica.flavour = test::Flavour::kMariaDb;
  return ::testing::Values(test::PairOf(test::Flavour::kMysql97),
                           test::PairOf(test::Flavour::kMysql56),
                           test::PairOf(test::Flavour::kMariaDb), across);
}
inline std::string NameOfPair(const ::testing::TestParamInfo<test::ReplicaPairOptions>& tested) {
  return test::NameOf(tested.param.source.flavour) + "To" +
         test::NameOf(tested.param.replica.flavour);
}

inline constexpr uint32_t kWriterSeed = 20260228;

int Rows();  // 100,000 times the scale
int Runs();

// Makes shop.t (id, v, t) on both, with ids 1 to `rows`.
void FillLiveTable(test::ReplicaPair& pair, int rows);

// That many differences of all kinds, each of a row of its own, at random among those that a
// Writer leaves alone: missing, extra among the others and behind them, and values that differ in
// each of several ways. Returns what a verification says of them, in order.
std::vector<std::string> InjectDifferences(test::ReplicaPair& pair, int rows, int count,
                                           uint32_t seed);

// Writes to shop.t on the source, 500 statements per second at random places, until it is
// destroyed. Ids that end in 7 are left alone, unless `all`.
class Writer {
 public:
  struct Options {
    std::vector<int> only = {};  // ids; empty: all of them
    bool all = false;
    int per_second = 500;
    uint32_t seed = kWriterSeed;
  };
  Writer(test::MysqlServer& server, int rows, Options options);
  Writer(test::MysqlServer& server, int rows) : Writer(server, rows, Options{}) {}
  ~Writer();
  int written() const { return written_; }

 private:
  void Write();
  std::string Statement(int id, int kind) const;

  const int rows_;
  const Options options_;
  std::unique_ptr<test::Session> session_;
  std::atomic<bool> stop_{false};
  std::atomic<int> written_{0};
  std::thread thread_;
};

// Holds the replica's applier for 0 to `most` at random, again and again, until it is destroyed.
class RandomLag {
 public:
  RandomLag(test::MysqlServer& replica, absl::Duration most, uint32_t seed);
  ~RandomLag();

 private:
  void Hold();

  const absl::Duration most_;
  const uint32_t seed_;
  const test::FlavourWords& words_;
  std::unique_ptr<test::Session> session_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace dcp::verifier
