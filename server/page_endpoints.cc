#include "server/page_endpoints.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/page.h"

namespace dcp::server {
namespace {

using nlohmann::json;

constexpr absl::string_view kFindings = "/findings/";

// What a POST asks for.
struct Wish {
  int64_t number = 0;  // of the finding
  std::string verb;
  std::string note, for_time;
};

// "/findings/12/ack"
std::optional<Wish> ParsePath(absl::string_view path) {
  Wish wish;
  if (!absl::ConsumePrefix(&path, kFindings)) return std::nullopt;
  const size_t slash = path.find('/');
  if (slash == absl::string_view::npos) return std::nullopt;
  const absl::string_view digits = path.substr(0, slash);
  const bool all = digits.find_first_not_of("0123456789") == absl::string_view::npos;
  if (!all || !absl::SimpleAtoi(digits, &wish.number)) return std::nullopt;
  wish.verb = std::string(path.substr(slash + 1));
  if (wish.verb != "ack" && wish.verb != "unack" && wish.verb != "ignore") return std::nullopt;
  return wish;
}

// "", or what is wrong with it.
std::string ParseBody(const std::string& body, Wish* wish) {
  const json object = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return "the body is no JSON object such as {\"note\":\"repair at six\"}";
  for (const auto& [name, value] : object.items()) {
    std::string* const field = name == "note"                            ? &wish->note
                               : name == "for" && wish->verb == "ignore" ? &wish->for_time
                                                                         : nullptr;
    if (field == nullptr || !value.is_string()) {
      return "the body may have the texts \"note\" and, to ignore, \"for\"";
    }
    *field = value.get<std::string>();
  }
  return "";
}

HttpResponse Refuse(int status, std::string why) {
  return {.status = status, .body = std::move(why) + "\n"};
}

int ToHttp(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kResourceExhausted:
      return 409;
    default:
      return 503;
  }
}

HttpResponse Refuse(const absl::Status& status) {
  return Refuse(ToHttp(status), std::string(status.message()));
}

absl::Status Do(const Wish& wish, model::PageFindings& findings) {
  if (wish.verb == "ack") return findings.Acknowledge(wish.number, wish.note);
  if (wish.verb == "unack") return findings.TakeBackAck(wish.number);
  return findings.Ignore(wish.number, wish.for_time, wish.note);
}

}  // namespace

bool PageEndpoints::Serves(absl::string_view path) {
  return path == "/" || path == "/events" || path == "/findings" || Changes(path);
}

bool PageEndpoints::Changes(absl::string_view path) { return ParsePath(path).has_value(); }

HttpResponse PageEndpoints::Answer(const HttpRequest& request) const {
  if (request.path == "/") {
    return {.content_type = "text/html; charset=utf-8",
            .body = ThePage().html,
            .security_policy = ThePage().security_policy};
  }
  if (request.path == "/events") {
    return {.content_type = "text/event-stream",
            .stream = [&feed = feed_, id = request.last_event_id] { return feed.Begin(id); }};
  }
  if (request.path == "/findings") return Findings();
  return Change(request);
}

HttpResponse PageEndpoints::Findings() const {
  return {.later = [this]() -> HttpResponse {
    absl::StatusOr<std::string> findings = findings_.Json();
    if (!findings.ok()) return Refuse(findings.status());
    return {.content_type = "application/json", .body = *std::move(findings) + "\n"};
  }};
}

HttpResponse PageEndpoints::Change(const HttpRequest& request) const {
  if (!absl::StartsWithIgnoreCase(request.content_type, "application/json")) {
    return Refuse(415, "this needs the header \"Content-Type: application/json\"");
  }
  Wish wish = *ParsePath(request.path);
  if (std::string fault = ParseBody(request.body, &wish); !fault.empty()) {
    return Refuse(400, std::move(fault));
  }
  return {.later = [&findings = findings_, wish = std::move(wish)]() -> HttpResponse {
    const absl::Status status = Do(wish, findings);
    if (!status.ok()) return Refuse(status);
    return {.content_type = "application/json", .body = "{}\n"};
  }};
}

}  // namespace dcp::server
