// What a server's own SELECT says of a value, brought by rules written for the
// tests alone to the text of the decoded value: the expected value is the
// server's.
#pragma once

#include <string>

#include "model/value.h"

namespace dcp::mysql {

enum class TextForm {
  kPlain,      // as the server says
  kHex,        // HEX() of the bytes
  kDecimal,    // fraction zeros cut
  kReal,       // compared as numbers
  kTime,       // fraction zeros cut
  kDatetime,   // and T between date and time
  kTimestamp,  // and Z at the end
  kJson,       // blanks between tokens cut, numbers with a point compared as numbers
};

std::string Expected(TextForm form, const std::string& server_text);
std::string Decoded(TextForm form, const model::Value& value);

}  // namespace dcp::mysql
