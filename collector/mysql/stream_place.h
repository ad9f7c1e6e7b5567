// StreamPlace: where one server's stream can be read again from, and its text, which is
// what the rest of dcp keeps of it (model::Place).
//
// Pure, thread-compatible.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/mysql/start_point.h"
#include "model/gtid.h"

namespace dcp::collector {

struct StreamPlace {
  // Whose stream; of MariaDB the id alone. A position means something on that server only.
  model::Uuid server_uuid{};
  uint32_t server_id = 0;
  StartPoint start;  // never kNow

  // Lines: uuid, id, "gtid" or "position", executed GTIDs, and of a position offset and file.
  std::string ToText() const;
  //   kInvalidArgument  it is not what ToText() gives
  static absl::StatusOr<StreamPlace> Parse(absl::string_view text);
};

// The place from which both can be read; nullopt: they cannot be compared.
std::optional<StreamPlace> Earliest(const StreamPlace& a, const StreamPlace& b);

}  // namespace dcp::collector
