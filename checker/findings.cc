#include "checker/findings.h"

namespace dcp::checker {

bool Findings::Close(const std::string& alarm_id) {
  const auto it = open_.find(alarm_id);
  --count_;
  if (--it->second > 0) return false;
  open_.erase(it);
  return true;
}

}  // namespace dcp::checker
