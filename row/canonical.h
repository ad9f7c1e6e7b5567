// The canonical row: the same logical row gives the same bytes and the same text
// whatever server, version, charset, column width or row format it came from.
// The specification with test vectors is docs/canonical-row.md.
//
// Two forms of one thing. The binary form is compact and what MySQL rows are
// digested and kept as; the text is the JSON array `[v1,v2,…]`, what clients push
// and people read. Equal binary forms have equal texts, and equal texts have
// equal binary forms, except that a byte string differs from the character
// string that spells its base64.
//
// Binary form: the values one behind the other, each a tag byte and
//   null     1
//   number   2  varint n                 the integer n >= 0
//            3  varint n                 the integer -1-n
//            4  8 bytes, little-endian   the bits of a double; never one whose
//                                        text is that of an integer of 64 bits
//   string   5  varint length, UTF-8     characters, DECIMAL, temporals, JSON text
//   bytes    6  varint length, bytes
//   raw      7  varint length, the charset's name, ':', bytes (Value::Kind::kRaw)
// It is injective: values end where their own head says.
//
// Thread-safe, no state.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/value.h"

namespace dcp::row {

// Appends one value's binary form.
// REQUIRES: value.kind is not kAbsent, `text` of character kinds is UTF-8.
void AppendBinary(const model::Value& value, std::string* out);

// Appends the binary form of the values at the ordinals `columns`, in this order.
// REQUIRES: each ordinal is below values.size(); none of these values is absent.
void AppendBinaryRow(absl::Span<const model::Value> values, absl::Span<const uint32_t> columns,
                     std::string* out);

// A DOUBLE becomes the FLOAT that a server stores of it: the nearest, at most FLOAT's largest.
// Other kinds stay.
void NarrowToFloat(model::Value* value);

// Appends one value's JSON text. REQUIRES: as AppendBinary.
void AppendText(const model::Value& value, std::string* out);

// Appends the JSON array of the values at `columns`. REQUIRES: as AppendBinaryRow.
void AppendTextRow(absl::Span<const model::Value> values, absl::Span<const uint32_t> columns,
                   std::string* out);

// Appends the JSON array of a row in binary form.
//   kDataLoss  `binary` is not a binary row (a damaged file); `*out` is as before
absl::Status AppendTextOfBinary(absl::string_view binary, std::string* out);

}  // namespace dcp::row
