// Random histories: a source, a target derived from it by some applier, and the
// truth about both. Deterministic by seed (own generator, no library
// distribution), so that a seed means the same history with every compiler.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checker/options.h"
#include "tests/checker/model/stream.h"

namespace dcp::checker::test {

// SplitMix64.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
  uint64_t Next();
  // Uniform in [0, n). REQUIRES: n > 0
  uint64_t Below(uint64_t n) { return Next() % n; }
  // Uniform in [low, high].
  int64_t In(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low + 1)));
  }
  bool Percent(uint64_t p) { return Below(100) < p; }

 private:
  uint64_t state_;
};

enum class Theme : uint8_t {
  kExact,       // merging appliers, missed and foreign barriers, late starts
  kLateness,    // rows that cross barriers
  kReplay,      // retries, replays with barriers going back
  kGtid,        // any order of transactions
  kRestart,     // streams that begin anew, epochs, unverified marks
  kFaults,      // barrier alignment with faults
  kGtidFaults,  // GTID alignment with faults
  kMariaDb,     // domains in any order, transactions without a trace
  kMariaDbFaults
};

// A version that the source never had, written on the target.
struct ForeignWrite {
  std::string key;
  uint64_t to = 0;  // offset of the barrier that ends the target's segment; 0: not known
};

// The states of both sides at one barrier, and all that the source had since
// the barrier before.
struct Moment {
  uint64_t offset = 0;
  std::map<std::string, model::Version> source;
  std::map<std::string, model::Version> target;
  std::map<std::string, std::set<std::string>> source_had;  // since the barrier before
  std::set<std::string> touched;                            // by either side
};

struct History {
  uint64_t seed = 0;
  PairOptions options;
  Stream source;
  Stream target;

  // The truth.
  bool faulty = false;
  std::vector<ForeignWrite> foreign;
  std::set<std::string> wrong_at_end;  // keys whose last state differs for good
  // The common barriers of a history with one run and no marks; else empty.
  std::vector<Moment> moments;
  std::string notes;  // what the applier did
};

History Generate(Theme theme, uint64_t seed);

// Appends `count` barriers without changes to both streams, from offset `from`
// on, so that everything before them is decided.
void AppendQuietBarriers(uint64_t from, uint64_t count, Stream* source, Stream* target);

// Options, notes and both streams, for people.
std::string Dump(const History& history);

}  // namespace dcp::checker::test
