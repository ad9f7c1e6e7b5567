#include "tests/simulation/trace.h"

#include "model/digest.h"

namespace dcp::simulation {

void Trace::AddLine(const std::string& line) {
  hash_ = hash_ * 0x9E3779B97F4A7C15u + model::Xxh3(line).low;
  if (readable_) absl::StrAppend(&text_, line, "\n");
}

}  // namespace dcp::simulation
