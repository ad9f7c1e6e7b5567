// RowRenderer: turns captured contents (Change::content) into text for people.
// Implemented by row/. Thread-safe, stateless.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dcp::model {

class RowRenderer {
 public:
  virtual ~RowRenderer() = default;

  // JSON text: the canonical array for a row (`[42,"eu"]`; a pushed content of
  // the form `OP [...]` gives its array), else a JSON string.
  virtual std::string Json(absl::string_view content) const = 0;

  // The same of the row before an UPDATE; "" where the content does not tell it.
  virtual std::string BeforeJson(absl::string_view content) const = 0;

  // Indexes of the columns whose values differ; empty when either is not a row
  // or their lengths differ.
  virtual std::vector<size_t> DifferingColumns(absl::string_view a, absl::string_view b) const = 0;
};

}  // namespace dcp::model
