// WebhookSink: each alarm as one HTTP POST.
//
// Headers of each request:
//   Content-Type      as told
//   Idempotency-Key   the alarm's id
//   X-Dcp-Timestamp   seconds since 1970, of this attempt
//   X-Dcp-Signature   with a secret: "v1=" and the hexadecimal HMAC-SHA256 of
//                     "<timestamp>.<body>"
// Only a status of 2xx is success.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "alarm/body_template.h"
#include "alarm/http_client.h"
#include "alarm/sink.h"
#include "base/clock.h"

namespace dcp::alarm {

class WebhookSink final : public Sink {
 public:
  struct Options {
    HttpOptions http;
    std::string secret = {};                // "": not signed
    std::vector<std::string> headers = {};  // "Name: value", in addition
    std::string body_template = {};         // "": the alarm's JSON
    std::string content_type = "application/json";
  };

  // `clock` must outlive it.
  //   kInvalidArgument  URL, template, header or CA file are not usable
  static absl::StatusOr<std::unique_ptr<WebhookSink>> Create(Options options, const Clock& clock);

  std::string name() const override;

  //   kInvalidArgument  the receiver refuses the alarm: 4xx, but none of the below
  //   kFailedPrecondition  401 to 405, 407, 410: it refuses any alarm
  //   kUnavailable      not reached, or 408, 425, 429 or 503: later
  //   kAborted          3xx, other 5xx, or no whole answer
  //   kCancelled        Interrupt()
  absl::Status Deliver(const Alarm& alarm) override;
  void Interrupt() override { http_->Interrupt(); }

 private:
  WebhookSink(Options options, std::unique_ptr<HttpClient> http, std::unique_ptr<BodyTemplate> body,
              const Clock& clock);

  // Constant after construction.
  const Options options_;
  const std::unique_ptr<HttpClient> http_;
  const std::unique_ptr<BodyTemplate> body_;  // null: the alarm's JSON
  const Clock& clock_;
};

//   kInvalidArgument  one is not "Name: value" in one line
absl::Status CheckHeaders(const std::vector<std::string>& headers);

// What an answer of HTTP means for the alarm; see Deliver.
absl::Status StatusOfAnswer(const std::string& origin, const HttpResponse& answer);

}  // namespace dcp::alarm
