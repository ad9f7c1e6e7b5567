// The barrier writer, with its SQL session over mysql/.
#pragma once

#include <memory>
#include <optional>

#include "barrier/barrier_writer.h"
#include "barrier/sql_executor.h"
#include "base/clock.h"
#include "config/config.h"
#include "model/connection_options.h"

namespace dcp::cmd {

// A statement that the server does not answer within a few seconds ends as
// kUnavailable, so that stopping never waits for longer.
barrier::SqlOpener MakeSqlOpener(const model::ConnectionOptions& options);

// `clock` outlives it. `lease`: with [ha], where barriers are written under an epoch.
std::unique_ptr<barrier::BarrierWriter> MakeBarrierWriter(
    const config::BarrierOptions& options, const Clock& clock,
    std::optional<barrier::PulseLease> lease = std::nullopt);

}  // namespace dcp::cmd
