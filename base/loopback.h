// Which hosts are this machine for itself. Pure.
#pragma once

#include "absl/strings/string_view.h"

namespace dcp {

// "localhost", "::1" and the addresses of 127.0.0.0/8, written in full. A name such as
// "127.example.com" is anybody's.
bool IsLoopback(absl::string_view host);

}  // namespace dcp
