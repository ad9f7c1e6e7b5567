#include "config/values.h"

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace dcp::config {
namespace {

struct Unit {
  absl::string_view suffix;
  int shift;
};
// "B" last: it is a suffix of the others.
constexpr std::array<Unit, 5> kUnits = {
    {{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}}};

// A binlog begins with four bytes that are no event.
constexpr uint64_t kFirstBinlogOffset = 4;

absl::Status BadDuration() {
  return absl::InvalidArgumentError(R"(must be a duration such as "30s", "500ms" or "1h30m")");
}

absl::Status BadSize() {
  return absl::InvalidArgumentError(
      R"(must be a size such as "512MiB" or "64KiB" (B, KiB, MiB, GiB, TiB), or a number of bytes)");
}

absl::Status BadEndpoint() {
  return absl::InvalidArgumentError(
      R"(must be host:port, e.g. "127.0.0.1:9090" or "[::1]:9090" (port 0 takes any free one))");
}

absl::Status BadStartFile() {
  return absl::InvalidArgumentError(
      R"(must name a binlog file and a position from 4, e.g. "file:mysql-bin.000007:4")");
}

bool AllDigits(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos;
}

// `text` is what follows "file:".
absl::StatusOr<StartPoint> ParseStartFile(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || colon == 0) return BadStartFile();
  StartPoint start{.kind = StartPoint::Kind::kPosition, .executed = {}, .position = {}};
  start.position.file = std::string(text.substr(0, colon));
  const absl::string_view offset = text.substr(colon + 1);
  const bool number = AllDigits(offset) && absl::SimpleAtoi(offset, &start.position.offset);
  const bool plain = start.position.file.find('/') == std::string::npos;
  if (!number || !plain || start.position.offset < kFirstBinlogOffset) return BadStartFile();
  return start;
}

absl::StatusOr<StartPoint> ParseStartGtid(absl::string_view text) {
  auto executed = model::GtidSet::Parse(text);
  if (!executed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("must name a GTID set: ", executed.status().message()));
  }
  return StartPoint{
      .kind = StartPoint::Kind::kGtid, .executed = *std::move(executed), .position = {}};
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  absl::Duration duration;
  const bool parsed = absl::ParseDuration(text, &duration);
  if (!parsed || duration < absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
    return BadDuration();
  }
  return duration;
}

absl::StatusOr<uint64_t> ParseSize(absl::string_view text) {
  int shift = 0;
  for (const Unit& unit : kUnits) {
    if (absl::ConsumeSuffix(&text, unit.suffix)) {
      shift = unit.shift;
      break;
    }
  }
  uint64_t count = 0;
  if (!AllDigits(text) || !absl::SimpleAtoi(text, &count)) return BadSize();
  if (count > (std::numeric_limits<uint64_t>::max() >> shift)) return BadSize();
  return count << shift;
}

absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return BadEndpoint();
  absl::string_view host = text.substr(0, colon);
  const absl::string_view digits = text.substr(colon + 1);
  const bool bracketed = absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() || (!bracketed && host.find(':') != absl::string_view::npos)) {
    return BadEndpoint();
  }
  if (host.find_first_of("[]/@ ") != absl::string_view::npos) return BadEndpoint();
  uint32_t port = 0;
  if (!AllDigits(digits) || !absl::SimpleAtoi(digits, &port) || port > 65535) return BadEndpoint();
  return Endpoint{std::string(host), static_cast<uint16_t>(port)};
}

absl::StatusOr<StartPoint> ParseStartPoint(absl::string_view text) {
  if (text == "resume") return StartPoint{};
  if (text == "now")
    return StartPoint{.kind = StartPoint::Kind::kNow, .executed = {}, .position = {}};
  if (absl::ConsumePrefix(&text, "gtid:")) return ParseStartGtid(text);
  if (absl::ConsumePrefix(&text, "file:")) return ParseStartFile(text);
  return absl::InvalidArgumentError(
      R"(must be "resume", "now", "gtid:<set>" or "file:<name>:<pos>")");
}

absl::StatusOr<model::DayHours> ParseDayHours(absl::string_view text) {
  // "HH:MM" as time since midnight.
  const auto parse = [](absl::string_view clock) -> std::optional<absl::Duration> {
    const auto digit = [&](size_t i) {
      return absl::ascii_isdigit(static_cast<unsigned char>(clock[i]));
    };
    if (clock.size() != 5 || clock[2] != ':') return std::nullopt;
    if (!digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
    const int hours = (clock[0] - '0') * 10 + (clock[1] - '0');
    const int minutes = (clock[3] - '0') * 10 + (clock[4] - '0');
    if (hours > 23 || minutes > 59) return std::nullopt;
    return absl::Hours(hours) + absl::Minutes(minutes);
  };
  if (text.size() == 11 && text[5] == '-') {
    const auto begin = parse(text.substr(0, 5)), end = parse(text.substr(6));
    if (begin && end) return model::DayHours{*begin, *end};
  }
  return absl::InvalidArgumentError(R"(must be two times of the day such as "22:00-07:00")");
}

std::string FormatSize(uint64_t bytes) {
  for (const Unit& unit : kUnits) {
    const uint64_t one = uint64_t{1} << unit.shift;
    if (bytes >= one && bytes % one == 0) return absl::StrCat(bytes >> unit.shift, unit.suffix);
  }
  return absl::StrCat(bytes, "B");
}

}  // namespace dcp::config
