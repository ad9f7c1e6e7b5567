// Opens a server's binlog for a collector: at its present end, behind a GTID set, or at a place in
// a file; on another server with the same data where the first cannot be had.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "collector/mysql/start_point.h"
#include "model/connection_options.h"
#include "mysql/event_decoder.h"
#include "mysql/server_settings.h"

namespace dcp::cmd {

// Is given the server's settings each time a stream is opened; may be empty.
using SettingsReview = std::function<void(const mysql::ServerSettings&)>;

struct BinlogServers {
  // The first is where a stream begins. Where that cannot be had the others are tried in turn,
  // by GTID only: what they lack of what was read would be lost.
  std::vector<model::ConnectionOptions> servers;
  uint32_t server_id = 0;
  mysql::TableFilter wants = {};
  bool semi_sync = false;
  absl::Duration heartbeat_period = absl::Seconds(5);
  // How long the others may lack something before that counts as lost: a replica may be late.
  absl::Duration patience = absl::Minutes(1);
  // The stream goes on from what an earlier run of dcp read here: the server must have that, as
  // at any later opening. Else it need not: the place to begin at is somebody's wish.
  bool goes_on = false;
  const Clock* clock = &Clock::Real();
  SettingsReview review = {};
};

// A stream that begins at a file and position on a server with GTIDs is opened by
// the GTIDs that stand before that place, which are read from the file first.
collector::BinlogOpener MakeBinlogOpener(BinlogServers servers);

}  // namespace dcp::cmd
