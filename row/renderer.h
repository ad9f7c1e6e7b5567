// Renderer shows captured contents to people: model::RowRenderer over canonical
// rows in binary form and over pushed texts.
//
// Thread-safe, stateless.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "model/ports/row_renderer.h"

namespace dcp::row {

class Renderer final : public model::RowRenderer {
 public:
  // Always one line of valid JSON in valid UTF-8. `null` for an empty content (not
  // captured). A damaged content gives a string that says so.
  std::string Json(absl::string_view content) const override;

  std::string BeforeJson(absl::string_view content) const override;

  std::vector<size_t> DifferingColumns(absl::string_view a, absl::string_view b) const override;
};

}  // namespace dcp::row
