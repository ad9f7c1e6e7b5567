// Change: one row inserted, updated or deleted, or one message pushed by a
// client, as the checker sees it. Its texts lie in the batch that holds it.
#pragma once

#include <cstdint>

#include "model/digest.h"
#include "model/table.h"
#include "model/version.h"

namespace dcp::model {

enum class Op : uint8_t {
  kInsert,
  kUpdate,
  kDelete,
  kOther,  // pushed content that begins with none of the words
};

// A slice of ChangeBatch::bytes.
struct Slice {
  uint32_t offset = 0;
  uint32_t size = 0;
};

inline constexpr char kPushedText = 0;
inline constexpr char kCanonicalRow = 1;
inline constexpr char kUpdatedRow = 2;

struct Change {
  const Table* table = nullptr;  // null for a pushed message
  Digest key;                    // XXH3-128 of the key's text
  Version before;                // kUnknown where the stream does not tell it
  Version after;
  Op op = Op::kInsert;
  // A relative change (a row of a table without a key: +1 or -1): `delta` is
  // added to the state of this side, and before/after are unused.
  bool relative = false;
  Digest delta;
  Slice key_text;  // `shop.orders[42,"eu"]`, or a pushed id as it is
  // What the row holds after the change (before it, for a delete): a byte
  // kCanonicalRow and the binary canonical row of row/, or a byte kUpdatedRow and
  // that with what the change made of it (row/updated_row.h), or a byte kPushedText
  // and the pushed content as it is; empty when not captured.
  Slice content;
};

}  // namespace dcp::model
