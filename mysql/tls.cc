#include "mysql/tls.h"

#include "absl/strings/match.h"

namespace dcp::mysql {
namespace {

bool IsLoopback(absl::string_view host) {
  return host == "localhost" || host == "::1" || absl::StartsWith(host, "127.");
}

}  // namespace

model::TlsMode EffectiveTlsMode(const model::ConnectionOptions& options) {
  if (options.tls.mode != model::TlsMode::kDefault) return options.tls.mode;
  return !options.socket.empty() || IsLoopback(options.host) ? model::TlsMode::kDisabled
                                                             : model::TlsMode::kPreferred;
}

}  // namespace dcp::mysql
