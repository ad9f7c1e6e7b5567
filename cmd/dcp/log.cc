#include "cmd/dcp/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

namespace dcp::cmd {
namespace {

void Write(spdlog::level::level_enum level, absl::string_view text) {
  spdlog::log(level, "{}", fmt::string_view(text.data(), text.size()));
}

}  // namespace

void InitLog() {
  const bool plain = std::getenv("NO_COLOR") != nullptr;
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(
      plain ? spdlog::color_mode::never : spdlog::color_mode::automatic);
  auto logger = std::make_shared<spdlog::logger>("dcp", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

void SetLogLevel(config::LogOptions::Level level) {
  switch (level) {
    case config::LogOptions::Level::kInfo:
      return spdlog::set_level(spdlog::level::info);
    case config::LogOptions::Level::kWarning:
      return spdlog::set_level(spdlog::level::warn);
    case config::LogOptions::Level::kError:
      return spdlog::set_level(spdlog::level::err);
  }
}

void LogInfo(absl::string_view text) { Write(spdlog::level::info, text); }
void LogWarning(absl::string_view text) { Write(spdlog::level::warn, text); }
void LogError(absl::string_view text) { Write(spdlog::level::err, text); }

}  // namespace dcp::cmd
