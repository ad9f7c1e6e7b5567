// Endpoints: which path of HTTP says what.
//
//   /healthz  200 while this dcp works at all
//   /readyz   200 when nothing stands in the way of judging; 503 with what does
//   /metrics  Prometheus' text
//   /status   JSON
//
// With a token all but /healthz and /readyz need "Authorization: Bearer TOKEN".
//
// Thread-safe; constant after construction.
#pragma once

#include <string>

#include "base/clock.h"
#include "model/ports/status_source.h"
#include "server/http_message.h"

namespace dcp::server {

class Endpoints {
 public:
  // `source` and `clock` outlive it. `token` empty: none is asked for.
  Endpoints(const model::StatusSource& source, const Clock& clock, std::string token);

  HttpResponse Answer(const HttpRequest& request) const;

 private:
  bool Allowed(const HttpRequest& request) const;
  HttpResponse Ready() const;

  const model::StatusSource& source_;
  const Clock& clock_;
  const std::string token_;
};

// What stands in the way of judging, a line each; empty: nothing.
std::string NotReady(const model::DaemonStatus& status);

}  // namespace dcp::server
