// Which alignment a check's two sides allow, from what their servers say of
// themselves (DESIGN: rule 2 of "Segments and verdicts").
//
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "mysql/server_settings.h"

namespace dcp::cmd {

// One side of a check; `settings` null: its tag is pushed, or its server is not known.
struct AlignmentSide {
  std::string tag;
  const mysql::ServerSettings* settings = nullptr;
  bool pushed = false;
};

struct Alignment {
  config::Align align = config::Align::kAuto;  // kAuto: cannot be told
  std::string reason;
};

// True if `target` has a channel from `source`.
bool ReplicatesFrom(const mysql::ServerSettings& target, const mysql::ServerSettings& source);

// What `asked` comes to. kGtid only where the target's transactions carry the source's
// GTIDs; asked for where they do not, it is kBarrier, with the reason.
Alignment ChooseAlignment(config::Align asked, const AlignmentSide& source,
                          const AlignmentSide& target);

// What of the target's appliers lets a row be overtaken by any number of barriers, so
// that align = barrier cannot decide. Empty: nothing.
std::vector<mysql::SettingProblem> CheckBarrierAlignment(const mysql::ServerSettings& target);

}  // namespace dcp::cmd
