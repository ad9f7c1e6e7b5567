#include "cmd/dcp/config_changes.h"

namespace dcp::cmd {

ConfigChanges Compare(const config::Config& before, const config::Config& now) {
  ConfigChanges changes;
  const auto compare = [&](const char* section, const auto& a, const auto& b) {
    if (!(a == b)) changes.sections.emplace_back(section);
  };
  compare("[[barrier]]", before.barriers, now.barriers);
  compare("[[collector]] of type mysql", before.mysql_collectors, now.mysql_collectors);
  compare("[[collector]] of type grpc", before.grpc_collectors, now.grpc_collectors);
  compare("[[check]]", before.checks, now.checks);
  compare("[[alarm]]", before.alarms, now.alarms);
  compare("[[mask]]", before.masks, now.masks);
  compare("[[job]]", before.jobs, now.jobs);
  compare("[ha]", before.ha, now.ha);
  compare("[http]", before.http, now.http);
  compare("[control]", before.control, now.control);
  compare("[state]", before.state, now.state);
  compare("[[token]]", before.tokens, now.tokens);
  compare("[log]", before.log, now.log);
  if (!changes.any() && !(before == now)) changes.sections.emplace_back("something");
  changes.only_log = changes.sections == std::vector<std::string>{"[log]"};
  if (!(before.ha == now.ha)) changes.fixed.emplace_back("[ha]");
  if (before.state.dir != now.state.dir) changes.fixed.emplace_back("dir in [state]");
  return changes;
}

}  // namespace dcp::cmd
