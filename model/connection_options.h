// How to reach a MySQL server: the same keys everywhere in the configuration.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace dcp::model {

enum class TlsMode : uint8_t {
  kDefault,  // kPreferred over TCP, kDisabled on loopback addresses and sockets
  kDisabled,
  kPreferred,
  kRequired,
  kVerifyCa,
  kVerifyIdentity,
};

struct TlsOptions {
  TlsMode mode = TlsMode::kDefault;
  std::string ca, cert, key;  // file names; empty: not given

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

struct ConnectionOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 3306;
  std::string socket;  // not empty: used instead of host and port
  std::string user;
  std::string password;  // never logged
  TlsOptions tls;
  bool compress = false;  // the protocol's zlib compression
  absl::Duration connect_timeout = absl::Seconds(10);

  friend bool operator==(const ConnectionOptions&, const ConnectionOptions&) = default;
};

// "host:port" or "socket": equal for options that name the same server the same way.
std::string ServerOf(const ConnectionOptions& options);
// "user@host:port" or "user@socket": for messages, without the password.
std::string Describe(const ConnectionOptions& options);

}  // namespace dcp::model
