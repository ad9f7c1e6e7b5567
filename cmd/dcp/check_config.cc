#include "cmd/dcp/check_config.h"

#include <iostream>
#include <optional>

#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/inspect.h"
#include "cmd/dcp/load_config.h"

namespace dcp::cmd {

int CheckConfig(const CheckConfigCommand& command) {
  const std::optional<config::Config> config = LoadConfig(command.config, std::cerr);
  if (!config) return kExitConfig;
  const Inspection inspection = Inspect(*config);
  PrintInspection(inspection, std::cout);
  std::cout.flush();
  PrintFaults(inspection, std::cerr);
  return inspection.exit_status();
}

bool ServersAreFit(const config::Config& config, std::ostream& messages) {
  const Inspection inspection = Inspect(config);
  PrintFaults(inspection, messages);
  return inspection.exit_status() == kExitOk;
}

}  // namespace dcp::cmd
