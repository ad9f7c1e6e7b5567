// std::erase_if for containers that it does not know (absl::InlinedVector).
#pragma once

#include <algorithm>

namespace dcp::checker {

template <typename Container, typename Predicate>
void EraseIf(Container& container, Predicate predicate) {
  container.erase(std::remove_if(container.begin(), container.end(), predicate), container.end());
}

}  // namespace dcp::checker
