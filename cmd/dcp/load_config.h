// Loads a configuration and tells people what is wrong with it.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "config/config.h"
#include "config/load.h"

namespace dcp::cmd {

// Writes one line per warning and error to `messages`; nullopt after an error.
std::optional<config::Config> LoadConfig(const std::string& path, std::ostream& messages,
                                         config::Purpose purpose = config::Purpose::kRun);

}  // namespace dcp::cmd
