// The plain model of docs/semantics.md: slow, written sentence by sentence from
// the page, sharing nothing with checker/. It knows both streams from the
// start and evaluates every rule by loops over everything.
//
// Covers compare = converge with confirm = false and no clock. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "checker/options.h"
#include "model/verdict.h"
#include "tests/checker/model/stream.h"

namespace dcp::checker::test {

// One thing said, reduced to what the rules determine.
struct Said {
  enum class Kind : uint8_t { kSame, kDiff, kUnverified, kResolved };
  Kind kind = Kind::kSame;
  uint64_t epoch = 0;  // epoch, from and to are not set in kResolved
  uint64_t from = 0;
  uint64_t to = 0;
  std::string reason;
  std::map<std::string, model::DiffKind> rows;  // by key
  uint64_t known = 0;
  std::set<std::string> resolved;  // keys
  friend bool operator==(const Said&, const Said&) = default;
};

std::string ToString(const Said& said);
std::string ToString(const std::vector<Said>& said);
inline std::ostream& operator<<(std::ostream& out, const Said& said) {
  return out << ToString(said);
}

std::vector<Said> SlowModel(const PairOptions& options, const Stream& source, const Stream& target);

}  // namespace dcp::checker::test
