#include "model/connection_options.h"

#include "absl/strings/str_cat.h"

namespace dcp::model {

std::string Describe(const ConnectionOptions& options) {
  if (!options.socket.empty()) return absl::StrCat(options.user, "@", options.socket);
  return absl::StrCat(options.user, "@", options.host, ":", options.port);
}

}  // namespace dcp::model
