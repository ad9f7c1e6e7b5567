#include "config/diagnostic.h"

#include "absl/strings/str_cat.h"

namespace dcp::config {

std::string ToString(const Diagnostic& diagnostic) {
  if (diagnostic.position.line == 0) return absl::StrCat(diagnostic.file, ": ", diagnostic.message);
  return absl::StrCat(diagnostic.file, ":", diagnostic.position.line, ":",
                      diagnostic.position.column, ": ", diagnostic.message);
}

}  // namespace dcp::config
