#include "alarm/alertmanager_sink.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "alarm/webhook_sink.h"
#include "base/fault_point.h"
#include "base/file_io.h"
#include "base/status.h"

namespace dcp::alarm {
namespace {

absl::Status CannotWrite(const std::string& path) {
  return absl::InternalError(absl::StrCat("cannot write '", path, "': ", std::strerror(errno)));
}

absl::StatusOr<FiringAlerts> ReadFiring(const AlertmanagerSink::Options& options) {
  std::ifstream in(options.state_file);
  if (options.state_file.empty() || !in.is_open()) return FiringAlerts(options.unverified_for);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto firing = FiringAlerts::FromJson(text, options.unverified_for);
  if (firing.ok()) return firing;
  return Annotate(firing.status(),
                  absl::StrCat("the alerts that fire are kept in '", options.state_file,
                               "'; remove it if it is damaged"));
}

std::string ApiUrl(const std::string& url) {
  absl::string_view base = url;
  while (absl::ConsumeSuffix(&base, "/")) {
  }
  return absl::StrCat(base, "/api/v2/alerts");
}

}  // namespace

absl::StatusOr<std::unique_ptr<AlertmanagerSink>> AlertmanagerSink::Create(Options options,
                                                                           const Clock& clock) {
  DCP_RETURN_IF_ERROR(CheckHeaders(options.headers));
  options.http.url = ApiUrl(options.http.url);
  DCP_ASSIGN_OR_RETURN(auto http, HttpClient::Create(options.http));
  DCP_ASSIGN_OR_RETURN(FiringAlerts firing, ReadFiring(options));
  return std::unique_ptr<AlertmanagerSink>(
      new AlertmanagerSink(std::move(options), std::move(http), std::move(firing), clock));
}

AlertmanagerSink::AlertmanagerSink(Options options, std::unique_ptr<HttpClient> http,
                                   FiringAlerts firing, const Clock& clock)
    : options_(std::move(options)),
      http_(std::move(http)),
      clock_(clock),
      firing_(std::move(firing)) {}

std::string AlertmanagerSink::name() const {
  return absl::StrCat("alertmanager ", http_->origin());
}

// Applied before it is sent, and again with each attempt: that changes nothing.
absl::Status AlertmanagerSink::Deliver(const Alarm& alarm) {
  const std::vector<Alert> changed = firing_.Apply(alarm);
  if (changed.empty() && !unsent_) return absl::OkStatus();
  const bool all = std::exchange(unsent_, true);
  DCP_RETURN_IF_ERROR(Save());
  DCP_RETURN_IF_ERROR(Send(all ? firing_.All() : changed));
  FaultPoint("alertmanager.sent");
  unsent_ = false;
  return absl::OkStatus();
}

Sink::Upkeep AlertmanagerSink::DoUpkeep() {
  firing_.Expire(clock_.Now());
  const std::vector<Alert> all = firing_.All();
  if (all.empty()) return {absl::OkStatus(), options_.resend};
  unsent_ = true;
  if (const absl::Status sent = Send(all); !sent.ok()) return {sent, options_.resend};
  unsent_ = false;
  firing_.Forget(all);
  return {Save(), options_.resend};
}

absl::Status AlertmanagerSink::Send(const std::vector<Alert>& alerts) {
  std::vector<std::string> headers = options_.headers;
  headers.emplace_back("Content-Type: application/json");
  const std::string body = PostableAlerts(alerts, clock_.Now() + options_.keep_alive);
  DCP_ASSIGN_OR_RETURN(const HttpResponse answer, http_->Post(headers, body));
  return StatusOfAnswer(http_->origin(), answer);
}

absl::Status AlertmanagerSink::Save() {
  if (options_.state_file.empty()) return absl::OkStatus();
  if (ReplaceFile(FileIo::Real(), options_.state_file, firing_.ToJson()) == 0) {
    return absl::OkStatus();
  }
  return CannotWrite(options_.state_file);
}

}  // namespace dcp::alarm
