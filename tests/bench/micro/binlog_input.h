// A stretch of a binlog in memory, as MySQL 8 and later write it with binlog_row_metadata=FULL and
// no checksums. Its values are made of its arguments alone: the same bytes each time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dcp::bench {

enum class RowShape : uint8_t {
  kNarrow,  // sysbench's: id INT, k INT, c CHAR(120), pad CHAR(60)
  kWide,    // id BIGINT, DECIMALs, a DATETIME(6), a DOUBLE, a JSON document, a VARCHAR(500)
};

struct BinlogInput {
  std::vector<std::string> events;  // header to end, in order
  uint64_t rows = 0;                // of the table "bench.t"
};

// Transactions of 100 rows each, in turn inserted and updated, and a barrier (in drc.barrier, id 1)
// behind each tenth of them. REQUIRES: rows is a multiple of 1,000
BinlogInput MakeBinlog(RowShape shape, uint64_t rows);

}  // namespace dcp::bench
