#include "alarm/log_sink.h"

#include <utility>

namespace dcp::alarm {
namespace {

Level LevelOf(model::AlarmType type) {
  switch (type) {
    case model::AlarmType::kDiff:
      return Level::kError;
    case model::AlarmType::kUnverified:
    case model::AlarmType::kTimeout:
      return Level::kWarning;
    case model::AlarmType::kSame:
    case model::AlarmType::kResolved:
      break;
  }
  return Level::kInfo;
}

}  // namespace

LogSink::LogSink(AlarmLog log) : log_(std::move(log)) {}

absl::Status LogSink::Deliver(const Alarm& alarm) {
  log_(LevelOf(alarm.type), alarm);
  return absl::OkStatus();
}

}  // namespace dcp::alarm
