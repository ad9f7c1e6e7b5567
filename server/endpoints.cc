#include "server/endpoints.h"

#include <openssl/crypto.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/metrics.h"
#include "server/status_json.h"

namespace dcp::server {
namespace {

constexpr absl::string_view kScheme = "Bearer ";

// Takes as long for every wrong token of the right length.
bool Equal(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Endpoints::Endpoints(const model::StatusSource& source, const Clock& clock, std::string token)
    : source_(source), clock_(clock), token_(std::move(token)) {}

HttpResponse Endpoints::Answer(const HttpRequest& request) const {
  const std::string& path = request.path;
  const bool open = path == "/healthz" || path == "/readyz";
  if (!open && path != "/metrics" && path != "/status") {
    return {.status = 404, .body = "not found; there are /healthz /readyz /metrics /status\n"};
  }
  if (request.method != "GET") {
    return {.status = 405, .body = "only GET and HEAD\n", .allow = "GET, HEAD"};
  }
  if (path == "/healthz") return {.body = "ok\n"};
  if (path == "/readyz") return Ready();
  if (!Allowed(request)) {
    return {.status = 401,
            .body =
                "this needs the header \"Authorization: Bearer TOKEN\" with the token of "
                "[http]\n",
            .authenticate = "Bearer"};
  }
  if (path == "/metrics") {
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
            .body = MetricsText(source_.Status(), clock_.Now())};
  }
  return {.content_type = "application/json", .body = StatusJson(source_.Status(), clock_.Now())};
}

bool Endpoints::Allowed(const HttpRequest& request) const {
  if (token_.empty()) return true;
  const absl::string_view given = request.authorization;
  return given.substr(0, kScheme.size()) == kScheme && Equal(given.substr(kScheme.size()), token_);
}

HttpResponse Endpoints::Ready() const {
  std::string why = NotReady(source_.Status());
  if (why.empty()) return {.body = "ready\n"};
  return {.status = 503, .body = std::move(why)};
}

std::string NotReady(const model::DaemonStatus& status) {
  std::string lines;
  for (const model::ReaderActivity& reader : status.readers) {
    if (reader.connected) continue;
    absl::StrAppend(&lines, "collector ", reader.collector, " is not connected",
                    reader.last_error.empty() ? "" : ": ", reader.last_error, "\n");
  }
  for (const model::BarrierActivity& barrier : status.barriers) {
    if (barrier.connected) continue;
    absl::StrAppend(&lines, "barrier ", barrier.id, " cannot be written",
                    barrier.last_error.empty() ? "" : ": ", barrier.last_error, "\n");
  }
  if (!status.state.write_error.empty()) {
    absl::StrAppend(&lines, "the state cannot be written: ", status.state.write_error, "\n");
  }
  return lines;
}

}  // namespace dcp::server
