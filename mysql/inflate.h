// Inflate: what MariaDB compresses inside events with zlib: the texts of queries and the
// images of rows (log_bin_compress), and the values of COMPRESSED columns.
// Sources: "Binlog Event Compression" of MariaDB's knowledge base; sql/log_event.cc
// (binlog_buf_uncompress) and sql/field.cc (uncompress_zlib) of MariaDB.
//
// Pure functions. Memory grows as bytes come, so that a false size costs nothing.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "mysql/bytes.h"

namespace dcp::mysql {

// A record of an event: a head (algorithm and the number of bytes of the size), the size, most
// significant byte first, and a zlib stream. The result borrows `buffer`.
//   kDataLoss  it is no such record, or unpacks to another size than it says
absl::StatusOr<Bytes> Inflate(Bytes record, std::string* buffer);

// A value of a COMPRESSED column, which may also be stored plain. Replaces `*value`; false: the
// bytes are no such value, or it is longer than `limit`.
bool InflateColumn(Bytes stored, uint64_t limit, std::string* value);

}  // namespace dcp::mysql
