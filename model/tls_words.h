// The words of TLS modes, as in files and on the command line; kDefault has none.
#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "model/connection_options.h"

namespace dcp::model {

struct TlsModeWord {
  const char* word;
  TlsMode mode;
};
inline constexpr TlsModeWord kTlsModeWords[] = {
    {"disabled", TlsMode::kDisabled},
    {"preferred", TlsMode::kPreferred},
    {"required", TlsMode::kRequired},
    {"verify-ca", TlsMode::kVerifyCa},
    {"verify-identity", TlsMode::kVerifyIdentity},
};

// "" of kDefault.
inline const char* ToString(TlsMode mode) {
  for (const TlsModeWord& one : kTlsModeWords) {
    if (one.mode == mode) return one.word;
  }
  return "";
}

// nullopt: no mode has that word.
inline std::optional<TlsMode> TlsModeFromText(absl::string_view word) {
  for (const TlsModeWord& one : kTlsModeWords) {
    if (one.word == word) return one.mode;
  }
  return std::nullopt;
}

}  // namespace dcp::model
