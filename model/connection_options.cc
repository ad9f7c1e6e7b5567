#include "model/connection_options.h"

#include "absl/strings/str_cat.h"

namespace dcp::model {

std::string ServerOf(const ConnectionOptions& options) {
  if (!options.socket.empty()) return options.socket;
  return absl::StrCat(options.host, ":", options.port);
}

std::string Describe(const ConnectionOptions& options) {
  return absl::StrCat(options.user, "@", ServerOf(options));
}

}  // namespace dcp::model
