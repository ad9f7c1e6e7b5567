// StatusSource: who can be asked what dcp is doing. Implemented by cmd/.
//
// Thread-safe. Waits for no server or peer, and for the disk only while what checks say is written.
#pragma once

#include "model/daemon_status.h"

namespace dcp::model {

class StatusSource {
 public:
  virtual ~StatusSource() = default;
  virtual DaemonStatus Status() const = 0;
};

}  // namespace dcp::model
