// What the parts of the daemon say of themselves, as model::DaemonStatus has it.
//
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "alarm/dispatcher.h"
#include "barrier/barrier_writer.h"
#include "cmd/dcp/check_runner.h"
#include "collector/grpc/grpc_collector.h"
#include "collector/mysql/mysql_collector.h"
#include "config/config.h"
#include "model/daemon_status.h"

namespace dcp::cmd {

// `now`: of the monotonic clock.
model::PairActivity ToActivity(const config::CheckOptions& check,
                               const CheckRunner::TargetStatus& target, absl::Duration now);
model::MemoryActivity ToActivity(const config::CheckOptions& check,
                                 const CheckRunner::MemoryStatus& memory);
// `purge`: how near its server is to purging what is needed; empty: not known.
model::ReaderActivity ToActivity(const std::string& collector,
                                 const collector::MysqlCollectorStatus& status,
                                 const std::string& purge);
model::PushActivity ToActivity(const std::string& collector,
                               const collector::GrpcCollectorCounters& counters);
model::BarrierActivity ToActivity(const config::BarrierOptions& options,
                                  const barrier::BarrierStatus& status);
model::SinkActivity ToActivity(const alarm::Dispatcher::Stats& stats);

// For the log: one per check and target, per check's memory and per collector that reads.
std::vector<std::string> StatusLines(const model::DaemonStatus& status);

}  // namespace dcp::cmd
