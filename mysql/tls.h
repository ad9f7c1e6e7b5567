// Which TLS mode a connection uses: the default depends on the address.
#pragma once

#include "model/connection_options.h"

namespace dcp::mysql {

// Never kDefault: kDisabled on sockets and loopback addresses, else kPreferred.
model::TlsMode EffectiveTlsMode(const model::ConnectionOptions& options);

// True when the server's certificate must be proven. The client library checks
// authority and host name together: kVerifyCa is as strict as kVerifyIdentity.
inline bool VerifiesCertificate(model::TlsMode mode) {
  return mode == model::TlsMode::kVerifyCa || mode == model::TlsMode::kVerifyIdentity;
}

}  // namespace dcp::mysql
