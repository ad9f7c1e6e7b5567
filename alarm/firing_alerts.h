// FiringAlerts: which alerts fire, as alarms come and end. Pure: no network, no
// clock.
//
// Thread-compatible.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "alarm/alarm.h"

namespace dcp::alarm {

struct Alert {
  std::map<std::string, std::string> labels;
  std::string summary;  // one line for people
  std::string last_id;  // of the newest of its alarms
  absl::Time starts_at;
  // Its alarms by id, and until when each lasts by itself.
  std::map<std::string, absl::Time> alarms;
  absl::Time ended_at = absl::InfiniteFuture();  // set when none of them lasts

  bool fires() const { return ended_at == absl::InfiniteFuture(); }
};

class FiringAlerts {
 public:
  explicit FiringAlerts(absl::Duration unverified_for) : unverified_for_(unverified_for) {}

  // The alerts that `alarm` begins, repeats or ends, as they are now. What ended
  // stays until Forget(), so that it can be sent again.
  std::vector<Alert> Apply(const Alarm& alarm);
  // Those whose alarms have all ended by themselves at `now` end; returns them.
  std::vector<Alert> Expire(absl::Time now);

  // All that fire, and all that ended and were not forgotten.
  std::vector<Alert> All() const;
  // Alertmanager has heard that these ended.
  void Forget(const std::vector<Alert>& alerts);

  std::string ToJson() const;
  //   kDataLoss  it is not what ToJson() gave
  static absl::StatusOr<FiringAlerts> FromJson(absl::string_view text,
                                               absl::Duration unverified_for);

 private:
  using Labels = std::map<std::string, std::string>;

  std::vector<Alert> Begin(const Alarm& alarm);
  std::vector<Alert> End(const Alarm& alarm);

  absl::Duration unverified_for_;
  std::map<Labels, Alert> alerts_;
};

// The body of POST /api/v2/alerts. What fires does so until `alive_until`.
std::string PostableAlerts(const std::vector<Alert>& alerts, absl::Time alive_until);

}  // namespace dcp::alarm
