// Order among the places of one server's binlog.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "model/position.h"

namespace dcp::mysql {

// 17 of "binlog.000017"; 0 where there is no number.
inline uint64_t FileNumber(const std::string& file) {
  uint64_t number = 0;
  const size_t dot = file.rfind('.');
  if (dot == std::string::npos) return 0;
  return absl::SimpleAtoi(absl::string_view(file).substr(dot + 1), &number) ? number : 0;
}

// True if `a` stands at or behind `b` in the binlog of one server: file names
// are compared by their number.
inline bool AtOrAfter(const model::BinlogPosition& a, const model::BinlogPosition& b) {
  if (a.file == b.file) return a.offset >= b.offset;
  return FileNumber(a.file) > FileNumber(b.file);
}

}  // namespace dcp::mysql
