// RowReader: reads the present state of rows on both sides of a (source tag,
// target tag) pair, so that an inferred difference can be confirmed.
// Implemented by verifier/.
//
// Thread-compatible. May take as long as SQL takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/table.h"
#include "model/verdict.h"

namespace dcp::model {

struct RowRequest {
  const Table* table = nullptr;
  std::string key_text;  // canonical key
};

struct RowAnswer {
  enum class Kind : uint8_t {
    kEqual,      // both sides hold the same (or both nothing)
    kDifferent,  // they differ, and two reads of the source agree
    kUndecided,  // a read failed, the row was still changing, or it cannot be read
  };
  Kind kind = Kind::kUndecided;
  std::optional<PresentRow> source;
  std::optional<PresentRow> target;
  std::string detail;  // why undecided
};

class RowReader {
 public:
  virtual ~RowReader() = default;

  // One answer per request, in order.
  virtual std::vector<RowAnswer> Read(const std::vector<RowRequest>& requests) = 0;

  // The barrier offset that the target held at the start of the last Read();
  // nullopt when it could not be read.
  virtual std::optional<uint64_t> target_barrier() const = 0;
};

}  // namespace dcp::model
