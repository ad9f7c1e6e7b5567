#include "mysql/tls.h"

#include "base/loopback.h"

namespace dcp::mysql {

model::TlsMode EffectiveTlsMode(const model::ConnectionOptions& options) {
  if (options.tls.mode != model::TlsMode::kDefault) return options.tls.mode;
  return !options.socket.empty() || IsLoopback(options.host) ? model::TlsMode::kDisabled
                                                             : model::TlsMode::kPreferred;
}

}  // namespace dcp::mysql
