#include "cmd/dcp/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "alarm/text.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "cmd/dcp/log_limiter.h"

namespace dcp::cmd {
namespace {

using Level = config::LogOptions::Level;
using Format = config::LogOptions::Format;

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kInfo:
      break;
  }
  return spdlog::level::info;
}

const char* Word(Level level) {
  switch (level) {
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
    case Level::kInfo:
      break;
  }
  return "info";
}

std::atomic<bool> writes_json{false};

void Write(Level level, absl::string_view text, absl::string_view alarm_json = "") {
  if (!spdlog::should_log(ToSpdlog(level))) return;
  if (!writes_json) {
    return spdlog::log(ToSpdlog(level), "{}", fmt::string_view(text.data(), text.size()));
  }
  spdlog::log(ToSpdlog(level), "{}", LogLineJson(Clock::Real().Now(), level, text, alarm_json));
}

struct SharedLimiter {
  Mutex mu;
  LogLimiter limiter ABSL_GUARDED_BY(mu);
};

// Whether to say `text` now; what was held back before comes in `others`.
bool MaySay(absl::string_view text, std::vector<std::string>* others) {
  static SharedLimiter shared;
  const absl::Duration now = Clock::Real().Monotonic();
  MutexLock lock(shared.mu);
  *others = shared.limiter.TakeHeldBack(now);
  return shared.limiter.Pass(text, now);
}

void WriteLimited(Level level, absl::string_view text) {
  if (!spdlog::should_log(ToSpdlog(level))) return;
  std::vector<std::string> others;
  const bool say = MaySay(text, &others);
  for (const std::string& other : others) Write(Level::kWarning, other);
  if (say) Write(level, text);
}

// "collector source" of "collector source: …"; empty: it does not begin so.
absl::string_view AboutOf(absl::string_view text) {
  const size_t colon = text.find(": ");
  if (colon == absl::string_view::npos) return "";
  for (const char* part : {"alarm sink ", "check ", "collector ", "job ", "tag "}) {
    if (absl::StartsWith(text, part)) return text.substr(0, colon);
  }
  return "";
}

}  // namespace

void InitLog() {
  const bool plain = std::getenv("NO_COLOR") != nullptr;
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(
      plain ? spdlog::color_mode::never : spdlog::color_mode::automatic);
  auto logger = std::make_shared<spdlog::logger>("dcp", std::move(sink));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  SetLogFormat(Format::kText);
}

void SetLogLevel(Level level) { spdlog::set_level(ToSpdlog(level)); }

void SetLogFormat(Format format) {
  writes_json = format == Format::kJson;
  spdlog::default_logger()->set_pattern(writes_json ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v",
                                        spdlog::pattern_time_type::utc);
}

void LogInfo(absl::string_view text) { WriteLimited(Level::kInfo, text); }
void LogWarning(absl::string_view text) { WriteLimited(Level::kWarning, text); }
void LogError(absl::string_view text) { WriteLimited(Level::kError, text); }

void LogAlarmLine(Level level, absl::string_view text, absl::string_view json) {
  Write(level, text, json);
}

std::string LogLineJson(absl::Time at, Level level, absl::string_view text,
                        absl::string_view alarm_json) {
  std::string line = absl::StrCat("{\"at\":\"", alarm::Rfc3339(at), "\",\"level\":\"", Word(level),
                                  "\",\"text\":", alarm::JsonString(text));
  const absl::string_view about = AboutOf(text);
  if (!about.empty()) absl::StrAppend(&line, ",\"about\":", alarm::JsonString(about));
  if (!alarm_json.empty()) absl::StrAppend(&line, ",\"alarm\":", alarm_json);
  return line + "}";
}

}  // namespace dcp::cmd
