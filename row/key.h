// Keys: what identifies a row within its tag.
//
// Key text: the logical table name and the JSON array of the key columns'
// canonical values, `shop.orders[42,"eu"]`. No two keys of one table have the same
// text, whatever the values contain, and neither have keys of tables with
// different names. The key's digest is XXH3-128 of its text.
//
// Thread-safe, no state.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/digest.h"
#include "model/value.h"

namespace dcp::row {

enum class KeyFormat : uint8_t {
  kDcp,
  // What gravity's collector sends: Go's fmt.Sprint of the one key column's value.
  // Only for tags of one table whose key is one column.
  kGravity,
};

// Appends the key text of the values at `columns`.
// REQUIRES: each ordinal is below values.size(); none of these values is absent.
void AppendKeyText(absl::string_view table, absl::Span<const model::Value> values,
                   absl::Span<const uint32_t> columns, std::string* out);

// Appends fmt.Sprint of `value`, which differs from canonical text: strings and
// bytes stand without quotes, NULL is `<nil>`, large numbers of FLOAT and DOUBLE
// are printed as `1e+06`. REQUIRES: not absent.
void AppendGravityKey(const model::Value& value, std::string* out);

inline model::Digest KeyDigest(absl::string_view key_text) { return model::Xxh3(key_text); }

// What one more row of a table without a key adds to its key's state.
inline constexpr model::Digest kOneRow{0, 1};

}  // namespace dcp::row
