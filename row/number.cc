#include "row/number.h"

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <system_error>

#include "absl/strings/string_view.h"

namespace dcp::row {
namespace {

// A number as sign, digits without leading or trailing zeros, and the place of
// the decimal point: 0.d1d2… * 10^point.
struct Decimal {
  bool negative = false;
  char digits[24];
  int count = 0;
  int point = 0;

  absl::string_view text() const { return absl::string_view(digits, static_cast<size_t>(count)); }
};

// Takes apart what to_chars writes in scientific form: `-d.ddde±xx`.
template <typename Real>
Decimal Shortest(Real value) {
  char buffer[40];
  const auto result =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  Decimal decimal;
  const char* at = buffer;
  if (*at == '-') {
    decimal.negative = true;
    ++at;
  }
  for (; at != result.ptr && *at != 'e'; ++at) {
    if (*at != '.') decimal.digits[decimal.count++] = *at;
  }
  ++at;                  // 'e'
  if (*at == '+') ++at;  // from_chars takes no plus sign
  int exponent = 0;
  std::from_chars(at, result.ptr, exponent);
  decimal.point = exponent + 1;
  while (decimal.count > 0 && decimal.digits[decimal.count - 1] == '0') --decimal.count;
  if (decimal.count == 0) decimal = Decimal{};
  return decimal;
}

void AppendText(absl::string_view text, std::string* out) { out->append(text.data(), text.size()); }

void AppendZeros(int count, std::string* out) { out->append(static_cast<size_t>(count), '0'); }

// REQUIRES: 0 <= decimal.count <= decimal.point, or a fraction; plain notation.
void AppendPlain(const Decimal& decimal, std::string* out) {
  const absl::string_view digits = decimal.text();
  if (decimal.point <= 0) {
    AppendText("0.", out);
    AppendZeros(-decimal.point, out);
    AppendText(digits, out);
  } else if (decimal.count <= decimal.point) {
    AppendText(digits, out);
    AppendZeros(decimal.point - decimal.count, out);
  } else {
    AppendText(digits.substr(0, static_cast<size_t>(decimal.point)), out);
    out->push_back('.');
    AppendText(digits.substr(static_cast<size_t>(decimal.point)), out);
  }
}

void AppendWithExponent(const Decimal& decimal, int min_exponent_digits, std::string* out) {
  const absl::string_view digits = decimal.text();
  out->push_back(digits[0]);
  if (digits.size() > 1) {
    out->push_back('.');
    AppendText(digits.substr(1), out);
  }
  const int exponent = decimal.point - 1;
  AppendText(exponent < 0 ? "e-" : "e+", out);
  const int magnitude = std::abs(exponent);
  if (magnitude < 10) AppendZeros(min_exponent_digits - 1, out);
  AppendInt(magnitude, out);
}

// Plain notation for min_exponent <= exponent < max_exponent, where the
// exponent is that of the first digit.
void Layout(const Decimal& decimal, int min_exponent, int max_exponent, int min_exponent_digits,
            std::string* out) {
  if (decimal.negative) out->push_back('-');
  if (decimal.count == 0) {
    out->push_back('0');
    return;
  }
  const int exponent = decimal.point - 1;
  if (exponent >= min_exponent && exponent < max_exponent) {
    AppendPlain(decimal, out);
  } else {
    AppendWithExponent(decimal, min_exponent_digits, out);
  }
}

template <typename Integer>
void AppendInteger(Integer value, std::string* out) {
  char buffer[24];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  out->append(buffer, static_cast<size_t>(result.ptr - buffer));
}

}  // namespace

void AppendInt(int64_t value, std::string* out) { AppendInteger(value, out); }
void AppendUint(uint64_t value, std::string* out) { AppendInteger(value, out); }

void AppendDouble(double value, std::string* out) { Layout(Shortest(value), -7 + 1, 21, 1, out); }
void AppendFloat(float value, std::string* out) { Layout(Shortest(value), -7 + 1, 21, 1, out); }

void AppendGoDouble(double value, std::string* out) { Layout(Shortest(value), -4, 6, 2, out); }
void AppendGoFloat(float value, std::string* out) { Layout(Shortest(value), -4, 6, 2, out); }

}  // namespace dcp::row
