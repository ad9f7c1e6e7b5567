// Digests of contents (DESIGN: by check, `digest = xxh3 | md5`).
//
// Thread-safe, no state that is seen.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/digest.h"
#include "model/value.h"

namespace dcp::row {

enum class DigestKind : uint8_t {
  kXxh3,  // XXH3-128 of the binary form: every tag of the check comes from MySQL
  kMd5,   // MD5 of the canonical text: some tag is pushed
};

// MD5 (RFC 1321), its 16 bytes in order: ToHex() gives the usual text.
model::Digest Md5(absl::string_view bytes);

// Digests the values of one row after another. Keeps its buffer, so that steady
// work allocates nothing. Thread-compatible.
class RowDigester {
 public:
  explicit RowDigester(DigestKind kind) : kind_(kind) {}

  DigestKind kind() const { return kind_; }

  // The digest of the row whose binary form is `binary`.
  // REQUIRES: `binary` comes from AppendBinaryRow.
  model::Digest OfBinary(absl::string_view binary);

 private:
  const DigestKind kind_;
  std::string text_;
};

}  // namespace dcp::row
