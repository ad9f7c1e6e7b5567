// Opens a server's binlog for a collector: at its present end, behind a GTID set,
// or at a place in a file.
#pragma once

#include <cstdint>
#include <functional>

#include "collector/mysql/start_point.h"
#include "model/connection_options.h"
#include "mysql/event_decoder.h"
#include "mysql/server_settings.h"

namespace dcp::cmd {

// Is given the server's settings each time a stream is opened; may be empty.
using SettingsReview = std::function<void(const mysql::ServerSettings&)>;

// A stream that begins at a file and position on a server with GTIDs is opened by
// the GTIDs that stand before that place, which are read from the file first.
collector::BinlogOpener MakeBinlogOpener(const model::ConnectionOptions& connection,
                                         uint32_t server_id, const mysql::TableFilter& wants,
                                         SettingsReview review = {});

}  // namespace dcp::cmd
