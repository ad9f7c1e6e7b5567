#include "server/endpoints.h"

#include <openssl/crypto.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/loopback.h"
#include "server/metrics.h"
#include "server/status_json.h"

namespace dcp::server {
namespace {

constexpr absl::string_view kScheme = "Bearer ";

// Takes as long for every wrong token of the right length.
bool Equal(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// Whether a Host header names this machine for itself. A page from elsewhere has another name
// there.
bool NamesLoopback(absl::string_view host) {
  const size_t port = host.rfind(':');
  const bool has_port = port != absl::string_view::npos && port >= host.find_last_of("]") + 1;
  const absl::string_view name = has_port ? host.substr(0, port) : host;
  return name.empty() || name == "[::1]" || IsLoopback(name);
}

}  // namespace

Endpoints::Endpoints(const model::StatusSource& source, const Clock& clock, std::string token,
                     const PageEndpoints* page)
    : source_(source), clock_(clock), token_(std::move(token)), page_(page) {}

HttpResponse Endpoints::Answer(const HttpRequest& request) const {
  const std::string& path = request.path;
  const bool of_page = page_ != nullptr && PageEndpoints::Serves(path);
  const bool open = path == "/healthz" || path == "/readyz" || (of_page && path == "/");
  if (!open && !of_page && path != "/metrics" && path != "/status") {
    return {.status = 404, .body = "not found; there are / /healthz /readyz /metrics /status\n"};
  }
  const bool changes = of_page && PageEndpoints::Changes(path);
  if (request.method != (changes ? "POST" : "GET")) {
    return changes
               ? HttpResponse{.status = 405, .body = "only POST\n", .allow = "POST"}
               : HttpResponse{.status = 405, .body = "only GET and HEAD\n", .allow = "GET, HEAD"};
  }
  if (path == "/healthz") return {.body = "ok\n"};
  if (path == "/readyz") return Ready();
  if (!open) {
    if (auto refusal = Refusal(request, changes)) return *std::move(refusal);
  }
  if (of_page) return page_->Answer(request);
  if (path == "/metrics") {
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
            .body = MetricsText(source_.Status(), clock_.Now())};
  }
  return {.content_type = "application/json", .body = StatusJson(source_.Status(), clock_.Now())};
}

std::optional<HttpResponse> Endpoints::Refusal(const HttpRequest& request, bool changes) const {
  if (!Allowed(request)) {
    return HttpResponse{.status = 401,
                        .body =
                            "this needs the header \"Authorization: Bearer TOKEN\" with the token "
                            "of [http]\n",
                        .authenticate = "Bearer"};
  }
  if (!token_.empty()) return std::nullopt;
  if (!NamesLoopback(request.host)) {
    return HttpResponse{.status = 421,
                        .body =
                            "without a token in [http] dcp answers to 127.0.0.1, [::1] and "
                            "localhost only, by these names\n"};
  }
  if (!changes) return std::nullopt;
  return HttpResponse{.status = 403,
                      .body =
                          "to change something over HTTP, [http] needs a token (token_env or "
                          "token_file); dcp diffs does it on dcp's machine\n"};
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
