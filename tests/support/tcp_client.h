// TcpClient: a connection to a port of this machine, as bytes.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <string>

namespace dcp::test {

class TcpClient {
 public:
  // Fails the test where nothing listens.
  explicit TcpClient(uint16_t port);
  ~TcpClient();
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;

  void Send(const std::string& bytes);
  // All until the peer closes (or 30 s pass without a byte), or until what came ends with `end`.
  std::string Receive(const std::string& end = "");

 private:
  const int socket_;
};

// The whole answer to "GET path".
std::string HttpGet(uint16_t port, const std::string& path, const std::string& headers = "");

}  // namespace dcp::test
