// What a person should know of the checked tables of a server before they are checked, in the
// words of `check-config`. docs/running.md and docs/columns.md explain each.
//
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "cmd/dcp/inspect.h"
#include "config/config.h"
#include "mysql/server_settings.h"

namespace dcp::cmd {

// Of one side: tables without a key, foreign keys whose work the binlog does not show, tables that
// a restart empties; on a target, triggers that run for replicated rows.
std::vector<std::string> TableWarnings(const std::vector<InspectedTable>& tables,
                                       const mysql::ServerSettings& server, bool is_target);

// Of a target whose changes are aligned by barriers: what may be overtaken by more of them than
// the check's lateness.
std::vector<std::string> OvertakingWarnings(const config::CheckOptions& check,
                                            const std::vector<InspectedTable>& tables,
                                            const mysql::ServerSettings& target);

// Of a replica of the source: columns whose types differ so that its applier writes other values
// than the source's.
std::vector<std::string> TypeWarnings(const std::vector<InspectedTable>& source,
                                      const std::vector<InspectedTable>& target,
                                      const mysql::ServerSettings& server);

}  // namespace dcp::cmd
