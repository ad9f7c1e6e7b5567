// Does one binlog file follow another without anything missing between them? Decided from
// what the files say of themselves: their names, the ROTATE that ends the one, the GTIDs
// that the other says were executed before it.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "model/gtid_set.h"

namespace dcp::mysql {

// A file as it was read to its end. Names are without the folder.
struct FileEnd {
  std::string name;
  uint32_t server_id = 0;  // of its format description
  bool closed = false;     // its last event is a ROTATE or a STOP
  std::string next;        // the file that its last event, a ROTATE, names; empty: none
  // What was executed up to here; nullopt: not known (reading began in the middle of it).
  std::optional<model::GtidSet> executed;
};

// What stands at the head of a file.
struct FileHead {
  std::string name;
  uint32_t server_id = 0;
  // What was executed before it; nullopt: it does not tell.
  std::optional<model::GtidSet> previous;
};

// OK only where it is shown that nothing is missing.
//   kDataLoss  something is missing, or may be: says what, and what to do
absl::Status CheckFollows(const FileEnd& end, const FileHead& head);

}  // namespace dcp::mysql
