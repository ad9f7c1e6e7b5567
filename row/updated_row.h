// The content of an UPDATE: the row after it, and what it changed. The row before costs the bytes
// of its changed values only.
//
// A byte model::kUpdatedRow; the row after in binary form (row/canonical.h); what was changed, as a
// binary row too: the index of a value (from 0) and the value before, in turn; and the length of
// that in 4 bytes, little-endian.
//
// Thread-safe, no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/value.h"

namespace dcp::row {

// Longer changes are not kept: the content stays the row after alone.
inline constexpr size_t kMaxChanges = size_t{16} << 10;

// True if both are the same value of the same kind.
bool SameValue(const model::Value& a, const model::Value& b);

// `out` ends with a content, a byte kCanonicalRow at `start` and the row `after`: makes it one that
// tells `before` too. REQUIRES: both rows have all of `columns`, and `after` was written of them
void AddBefore(absl::Span<const model::Value> before, absl::Span<const model::Value> after,
               absl::Span<const uint32_t> columns, size_t start, std::string* out);

struct UpdatedRow {
  absl::string_view after;    // in binary form
  absl::string_view changes;  // see above
};
// Of a content without its first byte; nullopt: it is damaged.
std::optional<UpdatedRow> SplitUpdatedRow(absl::string_view body);

}  // namespace dcp::row
