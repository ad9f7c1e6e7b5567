#include "alarm/webhook_sink.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "alarm/hmac.h"
#include "alarm/text.h"
#include "base/status.h"

namespace dcp::alarm {
namespace {

bool IsHeader(absl::string_view header) {
  const size_t colon = header.find(':');
  if (colon == 0 || colon == absl::string_view::npos) return false;
  for (char c : header.substr(0, colon)) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') return false;
  }
  for (char c : header) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

// Nothing is wrong with the alarm: the address or the right to post there is.
bool IsTheReceivers(int status) {
  return (status >= 401 && status <= 405) || status == 407 || status == 410;
}

bool ComesLater(int status) {
  return status == 408 || status == 425 || status == 429 || status == 503;
}

}  // namespace

// A header may hold a token: only its name is repeated.
absl::Status CheckHeaders(const std::vector<std::string>& headers) {
  for (const std::string& header : headers) {
    if (IsHeader(header)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the header '", Readable(header.substr(0, header.find(':')), 40),
                     "' is none: it must be \"Name: value\" in one line"));
  }
  return absl::OkStatus();
}

absl::Status StatusOfAnswer(const std::string& origin, const HttpResponse& answer) {
  if (answer.status >= 200 && answer.status < 300) return absl::OkStatus();
  const std::string message = absl::StrCat(
      origin, " answers ", answer.status,
      answer.status >= 300 && answer.status < 400 ? ", a redirect, which is not followed" : "",
      answer.body.empty() ? "" : ": ", Readable(answer.body));
  if (ComesLater(answer.status)) return absl::UnavailableError(message);
  if (IsTheReceivers(answer.status)) return absl::FailedPreconditionError(message);
  if (answer.status >= 400 && answer.status < 500) return absl::InvalidArgumentError(message);
  return absl::AbortedError(message);
}

absl::StatusOr<std::unique_ptr<WebhookSink>> WebhookSink::Create(Options options,
                                                                 const Clock& clock) {
  DCP_RETURN_IF_ERROR(CheckHeaders(options.headers));
  DCP_RETURN_IF_ERROR(CheckHeaders({absl::StrCat("Content-Type: ", options.content_type)}));
  DCP_ASSIGN_OR_RETURN(auto http, HttpClient::Create(options.http));
  std::unique_ptr<BodyTemplate> body;
  if (!options.body_template.empty()) {
    const bool json = absl::StrContains(options.content_type, "json");
    DCP_ASSIGN_OR_RETURN(body, BodyTemplate::Parse(options.body_template, json));
  }
  return std::unique_ptr<WebhookSink>(
      new WebhookSink(std::move(options), std::move(http), std::move(body), clock));
}

WebhookSink::WebhookSink(Options options, std::unique_ptr<HttpClient> http,
                         std::unique_ptr<BodyTemplate> body, const Clock& clock)
    : options_(std::move(options)), http_(std::move(http)), body_(std::move(body)), clock_(clock) {}

std::string WebhookSink::name() const { return absl::StrCat("webhook ", http_->origin()); }

absl::Status WebhookSink::Deliver(const Alarm& alarm) {
  const std::string body = body_ == nullptr ? alarm.json : body_->Render(alarm);
  const std::string timestamp = absl::StrCat(absl::ToUnixSeconds(clock_.Now()));
  std::vector<std::string> headers = options_.headers;
  headers.push_back(absl::StrCat("Content-Type: ", options_.content_type));
  headers.push_back(absl::StrCat("Idempotency-Key: ", alarm.id));
  headers.push_back(absl::StrCat("X-Dcp-Timestamp: ", timestamp));
  if (!options_.secret.empty()) {
    headers.push_back(absl::StrCat(
        "X-Dcp-Signature: v1=", HmacSha256(options_.secret, absl::StrCat(timestamp, ".", body))));
  }
  DCP_ASSIGN_OR_RETURN(const HttpResponse answer, http_->Post(headers, body));
  return StatusOfAnswer(http_->origin(), answer);
}

}  // namespace dcp::alarm
