#include "server/endpoints.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/loopback.h"
#include "server/metrics.h"
#include "server/status_json.h"

namespace dcp::server {
namespace {

// The value of `name` in a query, decoded; empty: it is not there, or not well formed.
std::string ParameterOf(const std::string& query, absl::string_view name) {
  for (absl::string_view part : absl::StrSplit(query, '&')) {
    if (!absl::ConsumePrefix(&part, name) || !absl::ConsumePrefix(&part, "=")) continue;
    std::string value;
    for (size_t i = 0; i < part.size(); ++i) {
      if (part[i] != '%') {
        value.push_back(part[i] == '+' ? ' ' : part[i]);
        continue;
      }
      uint32_t byte = 0;
      if (i + 2 >= part.size() || !absl::SimpleHexAtoi(part.substr(i + 1, 2), &byte)) return "";
      value.push_back(static_cast<char>(byte));
      i += 2;
    }
    return value;
  }
  return "";
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

Endpoints::Endpoints(const model::StatusSource& source, const Clock& clock, Options options)
    : source_(source), clock_(clock), options_(std::move(options)) {}

HttpResponse Endpoints::Answer(const HttpRequest& request) const {
  const std::string& path = request.path;
  const bool of_page = options_.page != nullptr && PageEndpoints::Serves(path);
  const bool open = path == "/healthz" || path == "/readyz" || (of_page && path == "/");
  const bool resets = path == "/reset";
  if (!open && !of_page && !resets && path != "/metrics" && path != "/status") {
    return {.status = 404,
            .body = "not found; there are / /healthz /readyz /metrics /status /reset\n"};
  }
  const bool changes = resets || (of_page && PageEndpoints::Changes(path));
  if (request.method != (changes ? "POST" : "GET")) {
    return changes
               ? HttpResponse{.status = 405, .body = "only POST\n", .allow = "POST"}
               : HttpResponse{.status = 405, .body = "only GET and HEAD\n", .allow = "GET, HEAD"};
  }
  if (path == "/healthz") return {.body = "ok\n"};
  if (path == "/readyz") return Ready();
  if (!open) {
    const model::Role role = changes ? model::Role::kAdmin : model::Role::kRead;
    if (auto refusal = Refusal(request, role)) return *std::move(refusal);
  }
  if (resets) return AnswerReset(request);
  if (of_page) return options_.page->Answer(request);
  if (path == "/metrics") {
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
            .body = MetricsText(source_.Status(), clock_.Now())};
  }
  return {.content_type = "application/json", .body = StatusJson(source_.Status(), clock_.Now())};
}

std::optional<HttpResponse> Endpoints::Refusal(const HttpRequest& request, model::Role role) const {
  const absl::Status admitted = options_.access.Admit(request.authorization, role).status();
  if (!admitted.ok()) {
    HttpResponse refusal;
    refusal.status = absl::IsUnauthenticated(admitted) ? 401 : 403;
    if (refusal.status == 401) refusal.authenticate = "Bearer";
    refusal.body = absl::StrCat(absl::string_view(admitted.message()), "\n");
    return refusal;
  }
  if (options_.any_host || options_.access.Asks(role) || NamesLoopback(request.host)) {
    return std::nullopt;
  }
  return HttpResponse{.status = 421,
                      .body =
                          "without a token dcp answers to 127.0.0.1, [::1] and localhost only, by "
                          "these names\n"};
}

HttpResponse Endpoints::AnswerReset(const HttpRequest& request) const {
  const std::string check = ParameterOf(request.query, "check");
  if (check.empty()) return {.status = 400, .body = "say which check: POST /reset?check=NAME\n"};
  const absl::Status asked = options_.reset
                                 ? options_.reset(check)
                                 : absl::FailedPreconditionError("this dcp cannot reset checks");
  const std::string text(asked.message());
  if (absl::IsNotFound(asked)) return {.status = 404, .body = absl::StrCat(text, "\n")};
  if (!asked.ok()) return {.status = 409, .body = absl::StrCat(text, "\n")};
  return {.status = 202,
          .body = absl::StrCat("check ", check,
                               " begins anew; what was not judged is unverified (reset)\n")};
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
