#include "cmd/dcp/load_config.h"

namespace dcp::cmd {

std::optional<config::Config> LoadConfig(const std::string& path, std::ostream& messages,
                                         config::Purpose purpose) {
  const config::Loaded loaded = config::Load(path, purpose, config::ProcessEnvironment());
  for (const config::Diagnostic& error : loaded.errors()) {
    messages << "dcp: error: " << ToString(error) << "\n";
  }
  if (!loaded.ok()) return std::nullopt;
  for (const config::Diagnostic& warning : loaded->warnings) {
    messages << "dcp: warning: " << ToString(warning) << "\n";
  }
  return loaded->config;
}

}  // namespace dcp::cmd
