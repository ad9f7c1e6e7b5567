// `dcp binlog` called from a test, with what it wrote.
#pragma once

#include <string>
#include <vector>

#include "cmd/dcp/binlog.h"
#include "tests/servers/mysql_server.h"

namespace dcp::cmd {

struct BinlogRun {
  absl::Status status;
  std::string out;
  std::string err;

  std::vector<std::string> lines() const;
};

BinlogRun RunBinlogOnce(const BinlogArgs& args);

// All that the server's binlogs hold now, as the user dcp.
BinlogArgs LiveBinlog(const test::MysqlServer& server, BinlogArgs::Format format);

}  // namespace dcp::cmd
