// HostFaults: what goes wrong with the host of a program under test. It is loaded with
// host_faults.so (LD_PRELOAD), which asks a file that both have in memory.
//
//   HostFaults faults(dir / "faults", state_dir);
//   dcp->set_environment(faults.environment());
//   faults->write_errno = ENOSPC;
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace dcp::test {

// 0: nothing is wrong.
struct HostFaultControl {
  // Files below `directory` only; ended by a zero.
  char directory[512];
  std::atomic<int32_t> write_errno;  // of writing, cutting, renaming and removing
  std::atomic<int32_t> sync_errno;
  std::atomic<int32_t> sync_pause_ms;
  // Every call that gives a descriptor, of files, sockets and accepted connections.
  std::atomic<int32_t> open_errno;
  std::atomic<int64_t> wall_clock_seconds;  // that it is ahead

  // So many calls were changed.
  std::atomic<int64_t> hits;
};

class HostFaults {
 public:
  // `file` is made. Faults of files are of those below `directory`.
  HostFaults(const std::string& file, const std::string& directory);
  ~HostFaults();
  HostFaults(const HostFaults&) = delete;
  HostFaults& operator=(const HostFaults&) = delete;

  HostFaultControl* operator->() const { return control_; }
  // Everything is well again.
  void Mend();

  // For a program that begins.
  std::vector<std::string> environment() const;

 private:
  const std::string file_;
  HostFaultControl* control_ = nullptr;
};

}  // namespace dcp::test
