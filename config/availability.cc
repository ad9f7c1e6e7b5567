#include "config/availability.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace dcp::config {
namespace {

struct Row {
  absl::string_view feature;
  absl::string_view what;  // subject of "... not available in this version"
  absl::string_view cure;
};

constexpr Row kUnavailable[] = {
    {"job.schedule", "scheduled jobs are",
     "leave 'schedule' out and start the job with `dcp verify`"},
};

const Row* Find(absl::string_view feature) {
  const auto* row = std::find_if(std::begin(kUnavailable), std::end(kUnavailable),
                                 [&](const Row& r) { return r.feature == feature; });
  return row == std::end(kUnavailable) ? nullptr : row;
}

}  // namespace

bool IsAvailable(absl::string_view feature) { return Find(feature) == nullptr; }

std::string Refusal(absl::string_view feature) {
  const Row& row = *Find(feature);
  return absl::StrCat(row.what, " not available in this version; ", row.cure);
}

std::vector<std::string> UnavailableFeatures() {
  std::vector<std::string> features;
  for (const Row& row : kUnavailable) features.emplace_back(row.feature);
  return features;
}

}  // namespace dcp::config
