// Character sets: from MySQL's collation ids to UTF-8 text.
//
// The one place that knows charsets: to support another, give its family a
// conversion in charset.cc. A charset without conversion is never guessed at:
// CanConvert() is false and its columns are refused by name.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "mysql/bytes.h"

namespace dcp::mysql {

inline constexpr uint32_t kBinaryCollation = 63;

enum class CharsetKind : uint8_t {
  kBinary,  // bytes, not text
  kUtf8,    // utf8mb4, utf8mb3, ascii: the bytes are UTF-8 already
  kLatin1,  // MySQL's latin1: cp1252, the 5 undefined bytes being C1 controls
  kOther,   // known by name, no conversion here
  kUnknown,
};

struct Charset {
  CharsetKind kind = CharsetKind::kUnknown;
  const char* name = "unknown";

  bool CanConvert() const {
    return kind == CharsetKind::kBinary || kind == CharsetKind::kUtf8 ||
           kind == CharsetKind::kLatin1;
  }
};

// The charset of a collation id (information_schema.COLLATIONS.ID).
Charset CharsetOfCollation(uint32_t collation);

// The id of the default or any collation of the charset `name`, enough to
// decode by; 0 for a name that is not known.
uint32_t CollationOfCharset(absl::string_view name);

// Replaces `*out` with `bytes`, in latin1, as UTF-8.
void Latin1ToUtf8(Bytes bytes, std::string* out);

// `bytes` in `charset` as UTF-8. REQUIRES: charset.CanConvert()
std::string ToUtf8(const Charset& charset, absl::string_view bytes);

bool IsValidUtf8(Bytes bytes);

}  // namespace dcp::mysql
