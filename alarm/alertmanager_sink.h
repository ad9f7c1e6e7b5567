// AlertmanagerSink: alarms as alerts of Prometheus' Alertmanager (API v2).
//
// An alert is known by its labels, and their values are bounded by the
// configuration: alertname (DcpDiff, DcpUnverified, DcpTimeout), check, source,
// target, type and, where one is concerned, table; never a key. It fires while any
// of its alarms lasts: a `diff` or `timeout` until the `resolved` that names it, an
// `unverified` for `unverified_for`. What fires is sent again every `resend`, so
// that an Alertmanager that was restarted knows it; one that hears nothing of it for
// `keep_alive` takes it as resolved. What fires is kept in `state_file`, so that it
// is after a restart of dcp as it was.
//
// `same` is told nobody.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "alarm/firing_alerts.h"
#include "alarm/http_client.h"
#include "alarm/sink.h"
#include "base/clock.h"

namespace dcp::alarm {

class AlertmanagerSink final : public Sink {
 public:
  struct Options {
    HttpOptions http;                       // url: Alertmanager's own, without /api/v2/alerts
    std::vector<std::string> headers = {};  // "Name: value", in addition
    absl::Duration resend = absl::Minutes(1);
    absl::Duration keep_alive = absl::Minutes(5);
    absl::Duration unverified_for = absl::Hours(1);
    std::string state_file = {};  // "": not kept
  };

  // `clock` must outlive it.
  //   kInvalidArgument  URL, header or CA file are not usable
  //   kDataLoss         the state file is there and cannot be read
  static absl::StatusOr<std::unique_ptr<AlertmanagerSink>> Create(Options options,
                                                                  const Clock& clock);

  std::string name() const override;
  absl::Status Deliver(const Alarm& alarm) override;  // as WebhookSink
  void Interrupt() override { http_->Interrupt(); }
  Upkeep DoUpkeep() override;

 private:
  AlertmanagerSink(Options options, std::unique_ptr<HttpClient> http, FiringAlerts firing,
                   const Clock& clock);
  absl::Status Send(const std::vector<Alert>& alerts);
  absl::Status Save();

  // Constant after construction.
  const Options options_;
  const std::unique_ptr<HttpClient> http_;
  const Clock& clock_;

  FiringAlerts firing_;
  bool unsent_ = false;  // Alertmanager may not know all of firing_
};

}  // namespace dcp::alarm
