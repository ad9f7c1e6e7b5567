// Value: one column of one row image, as decoded from MySQL, in the form that
// canonical rows are made of (docs/canonical-row.md).
//
// A plain value. A decoder reuses a vector of them from row to row, so that
// `text` keeps its capacity and steady decoding allocates nothing.
#pragma once

#include <cstdint>
#include <string>

namespace dcp::model {

struct Value {
  enum class Kind : uint8_t {
    kAbsent,  // the column is not in this row image (not the same as NULL)
    kNull,
    kInt,      // signed integers
    kUint,     // unsigned integers, YEAR, BIT
    kDecimal,  // `text`: plain decimal notation, normalised
    kFloat,    // `real` holds the exact value of the FLOAT
    kDouble,
    kTemporal,  // `text`: ISO-like, TIMESTAMP in UTC, trailing fraction zeros cut
    kText,      // `text`: UTF-8 (CHAR, VARCHAR, TEXT, ENUM label, SET labels)
    kBytes,     // `text`: raw bytes (BINARY, BLOB, GEOMETRY, VECTOR)
    kJson,      // `text`: canonical JSON text
    kRaw,       // `text`: a charset's name, ':' and bytes that are no text of that charset
  };

  Kind kind = Kind::kAbsent;
  int64_t signed_int = 0;     // kInt
  uint64_t unsigned_int = 0;  // kUint
  double real = 0;            // kFloat, kDouble
  std::string text;

  friend bool operator==(const Value&, const Value&) = default;
};

}  // namespace dcp::model
