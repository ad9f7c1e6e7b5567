// HttpClient: one POST after the other, by libcurl.
//
// Speaks HTTP/1.1 and later to http:// and https:// and nothing else; follows no
// redirect, uses no proxy (none of the environment either), no .netrc, and checks
// certificates and host names. Every wait is bounded.
//
// Thread-confined, but for Interrupt().
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace dcp::alarm {

struct HttpOptions {
  std::string url = {};
  std::string ca = {};  // file of certificates to trust, instead of the system's
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration timeout = absl::Seconds(15);  // of the whole request
};

struct HttpResponse {
  int status = 0;
  std::string body;  // its first 512 bytes
};

class HttpClient {
 public:
  //   kInvalidArgument  the URL is not http:// or https:// with a host, or has a
  //                     fragment; the file of certificates cannot be read
  static absl::StatusOr<std::unique_ptr<HttpClient>> Create(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `https://host:port`: what may be shown. Path, query and user may be secrets.
  const std::string& origin() const { return origin_; }

  // Each of `headers` is "Name: value". Any status of HTTP is an answer.
  //   kUnavailable  no connection, or none that can be trusted
  //   kAborted      connected, and no whole answer came in time
  //   kCancelled    Interrupt() was called
  absl::StatusOr<HttpResponse> Post(const std::vector<std::string>& headers,
                                    absl::string_view body);

  void Interrupt() { interrupted_.store(true); }

 private:
  HttpClient(HttpOptions options, std::string origin);
  absl::Status Failure(int code, const char* detail, bool connected) const;

  // Constant after construction.
  const HttpOptions options_;
  const std::string origin_;

  std::atomic<bool> interrupted_{false};
};

}  // namespace dcp::alarm
