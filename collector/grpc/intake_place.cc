#include "collector/grpc/intake_place.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dcp::collector {
namespace {

constexpr absl::string_view kWord = "intake";
constexpr size_t kDigits = 16;  // of a uint64_t

// Digits only, as ToText() writes them: SimpleHexAtoi() takes signs and blanks too.
bool ReadHex(absl::string_view text, uint64_t& out) {
  if (text.find_first_not_of("0123456789abcdef") != absl::string_view::npos) return false;
  return absl::SimpleHexAtoi(text, &out);
}

}  // namespace

std::string IntakePlace::ToText() const {
  return absl::StrCat(kWord, "\n", absl::Hex(log_high, absl::kZeroPad16),
                      absl::Hex(log_low, absl::kZeroPad16), "\n", sequence);
}

absl::StatusOr<IntakePlace> IntakePlace::Parse(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  IntakePlace place;
  if (lines.size() != 3 || lines[0] != kWord || lines[1].size() != 2 * kDigits ||
      !ReadHex(lines[1].substr(0, kDigits), place.log_high) ||
      !ReadHex(lines[1].substr(kDigits), place.log_low) ||
      !absl::SimpleAtoi(lines[2], &place.sequence)) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a place of pushed messages: \"", text.substr(0, 200), "\""));
  }
  return place;
}

std::optional<IntakePlace> Earliest(const IntakePlace& a, const IntakePlace& b) {
  if (!a.SameLog(b)) return std::nullopt;
  return a.sequence <= b.sequence ? a : b;
}

}  // namespace dcp::collector
