// Certificates for tests, made by openssl: an authority, a server of 127.0.0.1 and a client.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace dcp::test {

class Certificates {
 public:
  // Files in `dir`, whose names begin with `name`.
  Certificates(const std::string& dir, const std::string& name) : base_(dir + "/" + name) {}
  absl::Status Make() const;

  std::string ca() const { return base_ + "-ca.pem"; }
  std::string server() const { return base_ + "-server.pem"; }
  std::string server_key() const { return base_ + "-server.key"; }
  std::string client() const { return base_ + "-client.pem"; }
  std::string client_key() const { return base_ + "-client.key"; }

 private:
  const std::string base_;
};

}  // namespace dcp::test
