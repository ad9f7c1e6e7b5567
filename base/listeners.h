// Listeners: the sockets that listen at an address, on every address of its host. Connections
// wait in them until somebody accepts; whoever accepts may change while they stay open.
//
// A port that somebody else listens on is an error, never shared.
//
// Constant after construction.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_descriptor.h"

namespace dcp {

class Listeners {
 public:
  // `address`: HOST:PORT or [HOST]:PORT; port 0: any free one.
  //   kFailedPrecondition  it cannot listen there; says why
  static absl::StatusOr<std::shared_ptr<const Listeners>> Open(const std::string& address);

  const std::vector<FileDescriptor>& sockets() const { return sockets_; }  // do not block
  uint16_t port() const { return port_; }

 private:
  Listeners() = default;
  absl::Status ListenAt(const std::string& address);

  std::vector<FileDescriptor> sockets_;
  uint16_t port_ = 0;
};

}  // namespace dcp
