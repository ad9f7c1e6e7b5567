// Endpoints: which path of HTTP says what.
//
//   /healthz  200 while this dcp works at all
//   /readyz   200 when nothing stands in the way of judging; 503 with what does
//   /metrics  Prometheus' text
//   /status   JSON
//   /         the page, and what server/page_endpoints.h says
//
// With a token all but /healthz, /readyz and / (which holds no data) need "Authorization: Bearer
// TOKEN"; without one nothing is changed, and a request has to name this machine as its host:
// another site's page, whose name was made to mean this machine, is not answered.
//
// Thread-safe; constant after construction.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "model/ports/status_source.h"
#include "server/http_message.h"
#include "server/page_endpoints.h"

namespace dcp::server {

class Endpoints {
 public:
  // `source`, `clock` and `page` outlive it. `token` empty: none is asked for. `page` null: there
  // is none.
  Endpoints(const model::StatusSource& source, const Clock& clock, std::string token,
            const PageEndpoints* page = nullptr);

  HttpResponse Answer(const HttpRequest& request) const;

 private:
  bool Allowed(const HttpRequest& request) const;
  // nullopt: it may ask for that. `changes`: something, not reads.
  std::optional<HttpResponse> Refusal(const HttpRequest& request, bool changes) const;
  HttpResponse Ready() const;

  const model::StatusSource& source_;
  const Clock& clock_;
  const std::string token_;
  const PageEndpoints* const page_;
};

// What stands in the way of judging, a line each; empty: nothing.
std::string NotReady(const model::DaemonStatus& status);

}  // namespace dcp::server
