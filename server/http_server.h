// HttpServer: answers HTTP/1.1 requests, on one thread, with what a handler says.
//
// Bounded against slow and hostile peers: so many connections at most, beyond which new ones are
// closed; so many bytes of a request; so long for a request to come and for its response to go.
// HEAD is answered as GET, without the body. What is not HTTP is answered with 400 and closed.
//
// A response may be a stream of events (server-sent events, closed by its end). There are so many
// of them at most, more are answered with 503; each has a queue of so many bytes, and one whose
// reader is slower, or takes nothing for `timeout`, is closed: its reader comes again.
//
// Start() and Stop() are called by one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/listeners.h"
#include "server/http_message.h"
#include "server/tls.h"

namespace dcp::server {

class HttpServer {
 public:
  struct Options {
    std::string listen = "127.0.0.1:0";  // port 0: any free one, see port()
    std::shared_ptr<const Listeners> listeners =
        nullptr;  // listens there already; null: it opens them
    std::optional<TlsFiles> tls = std::nullopt;
    size_t max_connections = 200;
    size_t max_header_bytes = 8 << 10;
    size_t max_body_bytes = 64 << 10;
    absl::Duration timeout = absl::Seconds(10);
    size_t max_streams = 100;
    size_t max_stream_bytes = 1 << 20;  // that wait for one reader
  };
  // Called on the server's thread, one at a time: it must not wait for anything (but see
  // HttpResponse::later).
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  // Listens, and starts the thread.
  //   kFailedPrecondition  the address is in use, or not one of this machine; a file of `tls`
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const Options& options, Handler handler);
  ~HttpServer();  // Stop()
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Closes all connections and ends the thread. Idempotent.
  void Stop();

  uint16_t port() const;

  // Sends `bytes` to every stream that was begun before. Thread-safe; waits for nobody.
  void Publish(std::shared_ptr<const std::string> bytes);
  // Thread-safe.
  size_t streams() const;
  // Reads the files of `tls` again, for connections from now on. Thread-safe.
  //   kFailedPrecondition  they cannot be used; those that were read before stay
  absl::Status ReadTlsAgain();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dcp::server
