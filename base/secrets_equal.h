// Compares secrets. Stateless: any thread.
#pragma once

#include "absl/strings/string_view.h"

namespace dcp {

// Takes as long wherever two texts of the same length differ.
bool SecretsEqual(absl::string_view a, absl::string_view b);

}  // namespace dcp
