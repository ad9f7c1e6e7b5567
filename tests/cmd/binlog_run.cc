#include "tests/cmd/binlog_run.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <sstream>

#include "absl/strings/str_split.h"

namespace dcp::cmd {
namespace {

std::string Contents(int fd) {
  std::string text(static_cast<size_t>(lseek(fd, 0, SEEK_END)), '\0');
  EXPECT_EQ(pread(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  return text;
}

}  // namespace

std::vector<std::string> BinlogRun::lines() const {
  return absl::StrSplit(out, '\n', absl::SkipEmpty());
}

BinlogRun RunBinlogOnce(const BinlogArgs& args) {
  const int out = memfd_create("binlog", MFD_CLOEXEC);
  EXPECT_GE(out, 0);
  std::ostringstream err;
  const std::atomic<bool> stop = false;
  BinlogRun run;
  run.status = RunBinlog(args, out, err, stop).status;
  run.out = Contents(out);
  run.err = err.str();
  close(out);
  return run;
}

BinlogArgs LiveBinlog(const test::MysqlServer& server, BinlogArgs::Format format) {
  BinlogArgs args;
  args.server.emplace();
  args.server->port = server.port();
  args.server->user = args.server->password = "dcp";
  args.until_now = true;
  args.format = format;
  return args;
}

}  // namespace dcp::cmd
