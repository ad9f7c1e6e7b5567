// The kinds of SyncPoint over two servers.
//
//   barrier  the source's row in drc.barrier is incremented (or, where this account may not, the
//            next increment by whoever writes barriers is meant), and arrives on the target
//   gtid     the target has executed all GTIDs that the source had; needs no write
//   none     the sides do not replicate: only time passes
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "barrier/barrier_table.h"
#include "base/clock.h"
#include "verifier/side_session.h"
#include "verifier/sync_point.h"

namespace dcp::verifier {

enum class SyncKind : uint8_t { kAuto, kBarrier, kGtid, kNone };

struct SyncOptions {
  SyncKind kind = SyncKind::kAuto;
  absl::Duration timeout = absl::Seconds(10);  // for the target to pass a point
  uint32_t barrier_id = barrier::kDefaultId;
};

// What MakeSync() found, beside the point.
struct ChosenSync {
  std::unique_ptr<SyncPoint> point;
  std::vector<std::string> refused;  // why kinds that auto tried were not taken
};

// kAuto tries the barrier if the target is a replica or has the barrier's row, then GTIDs if the
// target holds some of the source's, and takes none only where nothing says that the sides
// replicate. Another kind is taken as it is; kFailedPrecondition or kPermissionDenied where it
// cannot work. The sessions and `clock` outlive the result.
absl::StatusOr<ChosenSync> MakeSync(const SyncOptions& options, SideSession& source,
                                    SideSession& target, const Clock& clock, const Pause& pause);

}  // namespace dcp::verifier
