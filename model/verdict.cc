#include "model/verdict.h"

namespace dcp::model {

const char* ToString(DiffKind kind) {
  switch (kind) {
    case DiffKind::kMissing:
      return "missing";
    case DiffKind::kStale:
      return "stale";
    case DiffKind::kMismatch:
      return "mismatch";
    case DiffKind::kExtra:
      return "extra";
    case DiffKind::kHealed:
      return "healed";
    case DiffKind::kReordered:
      return "reordered";
    case DiffKind::kDdl:
      return "ddl";
  }
  return "unknown";
}

}  // namespace dcp::model
