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
#include <random>
#include <set>
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

// Differences of all kinds, each of a row of its own, at random among those that a Writer leaves
// alone: missing, extra among the others and before them, and values that differ in each of several
// ways. None of it is in a binlog.
class Injected {
 public:
  // REQUIRES: shop.t has these rows as FillLiveTable() made them.
  Injected(test::ReplicaPair& pair, int rows, int count, uint32_t seed);

  // What a verification says of them, in order.
  const std::vector<std::string>& expected() const { return expected_; }

  // Makes these rows on both sides what FillLiveTable() made them, whatever became of them.
  void TakeBack();

 private:
  struct Statements {
    std::string source, target;
  };
  void Choose(int kind, int id, int change, Statements* sql);

  test::ReplicaPair& pair_;
  std::set<int> ids_;
  std::vector<std::string> expected_;
};

// Writes to shop.t on the source, at random places and at an even rate, until it is destroyed: what
// it could not write in time it makes up for. Ids that end in 7 are left alone, unless `all`.
class Writer {
 public:
  struct Options {
    std::vector<int> only = {};  // ids; empty: all of them
    bool all = false;
    int per_second = 550;  // rows that are really changed
    int in_transaction = 10;
    // False: what was late is late, and a replica that is slow does not meet a burst.
    bool makes_up = true;
    uint32_t seed = kWriterSeed;
  };
  Writer(test::MysqlServer& server, int rows, Options options);
  Writer(test::MysqlServer& server, int rows) : Writer(server, rows, Options{}) {}
  ~Writer();
  // Rows that were changed until now, and since when.
  int written() const { return written_; }
  absl::Duration elapsed() const;

 private:
  void Write();
  std::string Transaction();
  std::string Statement();

  const int rows_;
  const Options options_;
  const absl::Duration begin_;
  std::unique_ptr<test::Session> session_;
  std::minstd_rand random_;  // the thread's
  std::atomic<bool> stop_{false};
  std::atomic<int> written_{0};
  std::thread thread_;
};

// What the writers of a test's runs have come to. When it ends it fails unless that was 500 rows
// per second; but for the short form of a test, which runs on machines that are busy otherwise too.
class FullRate {
 public:
  ~FullRate();
  // A writer at the end of a run; says its rate.
  void Add(const Writer& writer);

 private:
  double rows_ = 0, seconds_ = 0;
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
