// Character sets: from MySQL's collation ids to UTF-8 text.
//
// Text whose charset is not known is never guessed at: its columns are refused by
// name. Text that is not of its charset, or that Unicode does not have, is kept
// as bytes (model::Value::Kind::kRaw).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mysql/bytes.h"

namespace dcp::mysql {

inline constexpr uint32_t kBinaryCollation = 63;

enum class CharsetKind : uint8_t {
  kBinary,   // bytes, not text
  kAscii,    // valid where all bytes are below 0x80
  kUtf8,     // utf8mb4 and utf8mb3: the bytes are UTF-8 already
  kLatin1,   // MySQL's latin1: cp1252, the 5 undefined bytes being C1 controls
  kOther,    // by CharsetConverter
  kUnknown,  // a collation that no server known here has
};

struct Charset {
  CharsetKind kind = CharsetKind::kUnknown;
  const char* name = "unknown";
};

// The charset of a collation id (information_schema.COLLATIONS.ID), of MySQL 5.6
// to 9.7 and MariaDB 10 and 11.
Charset CharsetOfCollation(uint32_t collation);

// The id of the default or any collation of the charset `name`, enough to
// decode by; 0 for a name that is not known.
uint32_t CollationOfCharset(absl::string_view name);

// Replaces `*out` with `bytes`, in latin1, as UTF-8.
void Latin1ToUtf8(Bytes bytes, std::string* out);

// `bytes` in `charset` as UTF-8; nullopt for what has no conversion, all of kBinary and
// kUnknown among it.
std::optional<std::string> ToUtf8(const Charset& charset, absl::string_view bytes);

// `max_length`: 3 where characters beyond the BMP are none (utf8mb3).
bool IsValidUtf8(Bytes bytes, size_t max_length = 4);

}  // namespace dcp::mysql
