#include "mysql/decimal.h"

#include <algorithm>
#include <array>

#include "mysql/bytes.h"
#include "mysql/digits.h"

namespace dcp::mysql {
namespace {

constexpr std::array<uint8_t, 10> kBytesOfDigits = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr std::array<uint32_t, 10> kPowers = {1,      10,      100,      1000,      10000,
                                              100000, 1000000, 10000000, 100000000, 1000000000};
constexpr size_t kDigitsPerGroup = 9;

// Takes groups from the packed bytes and writes their digits.
class DigitWriter {
 public:
  DigitWriter(const uint8_t* p, bool negative, char* out) : p_(p), negative_(negative), out_(out) {}

  // The first byte has the sign bit in it.
  bool Group(size_t digits, bool first_byte) {
    if (digits == 0) return true;
    const size_t bytes = kBytesOfDigits[digits];  // from 1 to 4
    auto value = static_cast<uint32_t>(LoadBe(p_, bytes));
    if (first_byte) value ^= static_cast<uint32_t>(uint64_t{1} << (8 * bytes - 1));
    if (negative_) value = ~value & static_cast<uint32_t>((uint64_t{1} << (8 * bytes)) - 1);
    p_ += bytes;
    if (value >= kPowers[digits]) return false;
    PutDigits(value, digits, out_);
    out_ += digits;
    return true;
  }

  // `digits` in whole groups, with the partial one first (integer part) or
  // last (fraction).
  bool Part(size_t digits, bool partial_first, bool first_byte) {
    const size_t partial = digits % kDigitsPerGroup;
    if (partial_first && !Group(partial, first_byte)) return false;
    first_byte = first_byte && !(partial_first && partial != 0);
    for (size_t i = 0; i < digits / kDigitsPerGroup; ++i, first_byte = false) {
      if (!Group(kDigitsPerGroup, first_byte)) return false;
    }
    return partial_first || Group(partial, first_byte);
  }

 private:
  const uint8_t* p_;
  bool negative_;
  char* out_;
};

}  // namespace

size_t PackedDecimalSize(uint8_t precision, uint8_t scale) {
  const size_t integer = static_cast<size_t>(precision - scale);
  return integer / kDigitsPerGroup * 4 + kBytesOfDigits[integer % kDigitsPerGroup] +
         scale / kDigitsPerGroup * 4 + kBytesOfDigits[scale % kDigitsPerGroup];
}

bool DecimalToText(const uint8_t* p, uint8_t precision, uint8_t scale, DecimalText form,
                   std::string* out) {
  const size_t integer = static_cast<size_t>(precision - scale);
  const bool negative = (*p & 0x80) == 0;
  std::array<char, kMaxPackedPrecision> digits;
  DigitWriter writer(p, negative, digits.data());
  if (!writer.Part(integer, true, true) || !writer.Part(scale, false, integer == 0)) return false;

  size_t first = 0;
  while (first < integer && digits[first] == '0') ++first;
  size_t last = precision;
  while (last > integer && digits[last - 1] == '0') --last;
  const bool zero = first == integer && last == integer;
  if (form == DecimalText::kAsScaled) last = precision;
  std::array<char, kMaxPackedPrecision + 3> text;  // a sign, a zero and a point
  char* to = text.data();
  if (negative && !zero) *to++ = '-';
  if (first == integer) *to++ = '0';
  to = std::copy(digits.data() + first, digits.data() + integer, to);
  if (last > integer) *to++ = '.';
  to = std::copy(digits.data() + integer, digits.data() + last, to);
  out->assign(text.data(), static_cast<size_t>(to - text.data()));
  return true;
}

}  // namespace dcp::mysql
