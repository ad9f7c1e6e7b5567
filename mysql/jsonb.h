// MySQL's binary JSON to canonical JSON text: keys in the server's order, no
// spaces; integers plain; doubles in their shortest form that round-trips,
// always recognisable as doubles (1.0); DECIMAL as its digits; DATE, TIME and
// DATETIME as strings in the server's form; other opaque values as
// "base64:type<N>:…" strings; strings escaped where RFC 8259 demands it.
// Source: sql-common/json_binary.h of MySQL.
#pragma once

#include <string>

#include "mysql/bytes.h"

namespace dcp::mysql {

inline constexpr int kMaxJsonDepth = 100;  // the server's own limit

// Replaces `*out`. False: damaged, or nested deeper than kMaxJsonDepth. Work and output are bounded
// by a multiple of the size of `json`, whatever its offsets say.
bool JsonbToText(Bytes json, std::string* out);

}  // namespace dcp::mysql
