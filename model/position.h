// BinlogPosition: a place in a server's binlog.
#pragma once

#include <cstdint>
#include <string>

namespace dcp::model {

struct BinlogPosition {
  std::string file;
  uint64_t offset = 0;  // 64 bits: event headers wrap at 4 GiB, this does not

  friend bool operator==(const BinlogPosition&, const BinlogPosition&) = default;
};

}  // namespace dcp::model
