// How much memory a process has.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace dcp::test {

// A line of /proc/PID/status: "VmRSS:" now, "VmHWM:" the most there was.
uint64_t KilobytesOf(pid_t pid, const std::string& what);

}  // namespace dcp::test
