// Endpoints: which path of HTTP says what.
//
//   /healthz  200 while this dcp works at all
//   /readyz   200 when nothing stands in the way of judging; 503 with what does
//   /metrics  Prometheus' text
//   /status   JSON
//   /         the page, and what server/page_endpoints.h says
//   /reset    POST ?check=NAME: the check begins anew
//
// All but /healthz, /readyz and / (which holds no data) need "Authorization: Bearer TOKEN" where a
// token has the role for it (model/access.h): read, and admin for what changes something. Where
// none is needed, a request has to name this machine as its host: another site's page, whose name
// was made to mean this machine, is not answered.
//
// Thread-safe; constant after construction.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/clock.h"
#include "model/access.h"
#include "model/ports/status_source.h"
#include "server/http_message.h"
#include "server/page_endpoints.h"

namespace dcp::server {

class Endpoints {
 public:
  // Asks for a check to begin anew, and does not wait for it.
  //   kNotFound  there is no such check
  //   kFailedPrecondition  this dcp cannot do it
  using Reset = std::function<absl::Status(const std::string& check)>;

  struct Options {
    model::Access access = {};
    bool any_host = false;                // also where no token is needed
    const PageEndpoints* page = nullptr;  // outlives it; null: there is none
    Reset reset = nullptr;                // null: it cannot
  };
  // `source` and `clock` outlive it.
  Endpoints(const model::StatusSource& source, const Clock& clock, Options options);

  HttpResponse Answer(const HttpRequest& request) const;

 private:
  // nullopt: the caller may do what needs the role.
  std::optional<HttpResponse> Refusal(const HttpRequest& request, model::Role role) const;
  HttpResponse AnswerReset(const HttpRequest& request) const;
  HttpResponse Ready() const;

  const model::StatusSource& source_;
  const Clock& clock_;
  const Options options_;
};

// What stands in the way of judging, a line each; empty: nothing.
std::string NotReady(const model::DaemonStatus& status);

}  // namespace dcp::server
