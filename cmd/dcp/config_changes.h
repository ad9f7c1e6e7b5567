// What is different between two configurations. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace dcp::cmd {

struct ConfigChanges {
  std::vector<std::string> sections;  // "[[check]]", ...: that are not the same any more
  std::vector<std::string> fixed;     // of them, what stays as it is until dcp is started again
  bool only_log = false;              // nothing but [log]

  bool any() const { return !sections.empty(); }
};

ConfigChanges Compare(const config::Config& before, const config::Config& now);

}  // namespace dcp::cmd
