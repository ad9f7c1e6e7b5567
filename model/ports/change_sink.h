// ChangeSink: where collectors put what they read. Implemented by the checker.
//
// Thread-safe over tags; one thread at a time per tag (one stream feeds a tag).
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "model/change_batch.h"
#include "model/tag.h"

namespace dcp::model {

class ChangeSink {
 public:
  virtual ~ChangeSink() = default;

  // A stream begins on `tag`, or begins anew after it lost continuity. A stream
  // that reconnects at the very place where it stopped does not call this again.
  //   kNotFound  no check uses this tag
  virtual absl::Status Open(const Tag& tag, StreamOrigin origin) = 0;

  // Appends behind everything appended before. Waits while the buffers are over
  // their budget, so that the collector stops reading.
  //   kNotFound   no check uses this tag
  //   kCancelled  the checker is stopping; nothing was stored
  virtual absl::Status Append(const Tag& tag, ChangeBatchPtr batch) = 0;
};

}  // namespace dcp::model
