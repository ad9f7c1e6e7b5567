// Reads a server's binlog to its present end with the client that dcp reads with, and drops it:
// the most that anything behind that client can reach.
//
//   drop_packets PORT    user dcp, password dcp; prints {"bytes", "events", "seconds",
//   "cpu_seconds"}
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "mysql/replication_connection.h"

namespace {

double CpuSeconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  dcp::mysql::ReplicationConnection::Options options;
  options.connection.port = static_cast<uint16_t>(std::atoi(argv[1]));
  options.connection.user = options.connection.password = "dcp";
  options.server_id = 4'000'000'001;
  options.start = dcp::model::BinlogPosition{};
  options.until_now = true;
  auto connection = dcp::mysql::ReplicationConnection::Open(options);
  if (!connection.ok()) {
    std::fprintf(stderr, "drop_packets: %s\n", connection.status().ToString().c_str());
    return 1;
  }
  const double cpu = CpuSeconds();
  const auto begin = std::chrono::steady_clock::now();
  uint64_t bytes = 0, events = 0;
  while (true) {
    const auto event = (*connection)->Read(absl::Seconds(60));
    if (absl::IsOutOfRange(event.status())) break;
    if (!event.ok()) {
      std::fprintf(stderr, "drop_packets: %s\n", event.status().ToString().c_str());
      return 1;
    }
    bytes += event->size();
    ++events;
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  std::printf("{\"bytes\": %llu, \"events\": %llu, \"seconds\": %.6f, \"cpu_seconds\": %.6f}\n",
              static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(events),
              taken.count(), CpuSeconds() - cpu);
}
