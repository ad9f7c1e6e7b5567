// Suggestions for misspelt names.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dcp::config {

// Insertions, deletions, replacements and swaps of neighbours that lead from `a`
// to `b`, each part changed once at most (optimal string alignment).
size_t EditDistance(absl::string_view a, absl::string_view b);

// The candidate nearest to `name` if it is near enough to be meant (up to a third
// of its length differs), else "". The first of equally near ones.
std::string Nearest(absl::string_view name, const std::vector<std::string>& candidates);

// "; did you mean 'tables'?", or "" when nothing is near.
std::string DidYouMean(absl::string_view name, const std::vector<std::string>& candidates);

}  // namespace dcp::config
