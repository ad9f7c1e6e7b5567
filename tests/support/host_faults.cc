#include "tests/support/host_faults.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace dcp::test {

HostFaults::HostFaults(const std::string& file, const std::string& directory) : file_(file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  EXPECT_EQ(::ftruncate(fd, sizeof(HostFaultControl)), 0) << file;
  void* const memory =
      ::mmap(nullptr, sizeof(HostFaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  EXPECT_NE(memory, MAP_FAILED) << file;
  ::close(fd);
  control_ = static_cast<HostFaultControl*>(memory);
  EXPECT_LT(directory.size(), sizeof control_->directory);
  std::strncpy(control_->directory, directory.c_str(), sizeof control_->directory - 1);
}

HostFaults::~HostFaults() { ::munmap(control_, sizeof(HostFaultControl)); }

void HostFaults::Mend() {
  control_->write_errno = control_->sync_errno = control_->sync_pause_ms = 0;
  control_->open_errno = 0;
  control_->wall_clock_seconds = 0;
}

std::vector<std::string> HostFaults::environment() const {
  return {absl::StrCat("LD_PRELOAD=", DCP_HOST_FAULTS),
          absl::StrCat("DCP_TEST_HOST_FAULTS=", file_)};
}

}  // namespace dcp::test
