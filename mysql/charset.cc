#include "mysql/charset.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "mysql/charset_converter.h"
#include "mysql/utf8.h"

namespace dcp::mysql {
namespace {

struct CollationRange {
  uint16_t first;
  uint16_t last;
  const char* charset;
};

// information_schema.COLLATIONS of MySQL 5.6 to 9.7, and what MariaDB has beside
// it: NO PAD collations are 1024 above the others (see CharsetOfCollation), those
// of UCA 14 have 256 ids for each charset.
constexpr CollationRange kCollations[] = {
    {1, 1, "big5"},          {2, 2, "latin2"},        {3, 3, "dec8"},        {4, 4, "cp850"},
    {5, 5, "latin1"},        {6, 6, "hp8"},           {7, 7, "koi8r"},       {8, 8, "latin1"},
    {9, 9, "latin2"},        {10, 10, "swe7"},        {11, 11, "ascii"},     {12, 12, "ujis"},
    {13, 13, "sjis"},        {14, 14, "cp1251"},      {15, 15, "latin1"},    {16, 16, "hebrew"},
    {18, 18, "tis620"},      {19, 19, "euckr"},       {20, 20, "latin7"},    {21, 21, "latin2"},
    {22, 22, "koi8u"},       {23, 23, "cp1251"},      {24, 24, "gb2312"},    {25, 25, "greek"},
    {26, 26, "cp1250"},      {27, 27, "latin2"},      {28, 28, "gbk"},       {29, 29, "cp1257"},
    {30, 30, "latin5"},      {31, 31, "latin1"},      {32, 32, "armscii8"},  {33, 33, "utf8mb3"},
    {34, 34, "cp1250"},      {35, 35, "ucs2"},        {36, 36, "cp866"},     {37, 37, "keybcs2"},
    {38, 38, "macce"},       {39, 39, "macroman"},    {40, 40, "cp852"},     {41, 42, "latin7"},
    {43, 43, "macce"},       {44, 44, "cp1250"},      {45, 46, "utf8mb4"},   {47, 49, "latin1"},
    {50, 52, "cp1251"},      {53, 53, "macroman"},    {54, 55, "utf16"},     {56, 56, "utf16le"},
    {57, 57, "cp1256"},      {58, 59, "cp1257"},      {60, 61, "utf32"},     {62, 62, "utf16le"},
    {63, 63, "binary"},      {64, 64, "armscii8"},    {65, 65, "ascii"},     {66, 66, "cp1250"},
    {67, 67, "cp1256"},      {68, 68, "cp866"},       {69, 69, "dec8"},      {70, 70, "greek"},
    {71, 71, "hebrew"},      {72, 72, "hp8"},         {73, 73, "keybcs2"},   {74, 74, "koi8r"},
    {75, 75, "koi8u"},       {76, 76, "utf8mb3"},     {77, 77, "latin2"},    {78, 78, "latin5"},
    {79, 79, "latin7"},      {80, 80, "cp850"},       {81, 81, "cp852"},     {82, 82, "swe7"},
    {83, 83, "utf8mb3"},     {84, 84, "big5"},        {85, 85, "euckr"},     {86, 86, "gb2312"},
    {87, 87, "gbk"},         {88, 88, "sjis"},        {89, 89, "tis620"},    {90, 90, "ucs2"},
    {91, 91, "ujis"},        {92, 93, "geostd8"},     {94, 94, "latin1"},    {95, 96, "cp932"},
    {97, 98, "eucjpms"},     {99, 99, "cp1250"},      {101, 124, "utf16"},   {128, 151, "ucs2"},
    {159, 159, "ucs2"},      {160, 183, "utf32"},     {192, 215, "utf8mb3"}, {223, 223, "utf8mb3"},
    {224, 247, "utf8mb4"},   {248, 250, "gb18030"},   {255, 323, "utf8mb4"}, {576, 578, "utf8mb3"},
    {608, 610, "utf8mb4"},   {640, 642, "ucs2"},      {672, 674, "utf16"},   {736, 738, "utf32"},
    {2048, 2303, "utf8mb3"}, {2304, 2559, "utf8mb4"}, {2560, 2815, "ucs2"},  {2816, 3071, "utf16"},
    {3072, 3327, "utf32"},
};

// Bytes of the longest character of utf8mb3 or utf8mb4.
size_t MaxUtf8Length(const Charset& charset) {
  return absl::string_view(charset.name) == "utf8mb3" ? 3 : 4;
}

CharsetKind KindOf(absl::string_view name) {
  if (name == "utf8mb4" || name == "utf8mb3") return CharsetKind::kUtf8;
  if (name == "ascii") return CharsetKind::kAscii;
  if (name == "latin1") return CharsetKind::kLatin1;
  return name == "binary" ? CharsetKind::kBinary : CharsetKind::kOther;
}

// Code points of the bytes 0x80..0x9f. The rest of latin1 are its own.
constexpr std::array<uint16_t, 32> kCp1252 = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

// Length of the valid UTF-8 sequence at `p`, 0 if it is none.
size_t SequenceLength(const uint8_t* p, size_t left) {
  const auto continues = [&](size_t i) { return i < left && (p[i] & 0xc0) == 0x80; };
  const uint8_t c = p[0];
  if (c < 0x80) return 1;
  if (c >= 0xc2 && c <= 0xdf) return continues(1) ? 2 : 0;
  if (c >= 0xe0 && c <= 0xef) {
    if (!continues(1) || !continues(2)) return 0;
    if (c == 0xe0 && p[1] < 0xa0) return 0;
    if (c == 0xed && p[1] > 0x9f) return 0;
    return 3;
  }
  if (c >= 0xf0 && c <= 0xf4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (c == 0xf0 && p[1] < 0x90) return 0;
    if (c == 0xf4 && p[1] > 0x8f) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

Charset CharsetOfCollation(uint32_t collation) {
  constexpr uint32_t kNoPad = 1024;
  if (collation > kNoPad && collation < 2 * kNoPad) collation -= kNoPad;
  for (const CollationRange& range : kCollations) {
    if (collation >= range.first && collation <= range.last) {
      return {KindOf(range.charset), range.charset};
    }
  }
  return {};
}

uint32_t CollationOfCharset(absl::string_view name) {
  if (name == "utf8") name = "utf8mb3";
  const auto found = std::find_if(std::begin(kCollations), std::end(kCollations),
                                  [&](const CollationRange& r) { return name == r.charset; });
  return found == std::end(kCollations) ? 0 : found->first;
}

void Latin1ToUtf8(Bytes bytes, std::string* out) {
  out->clear();
  for (const uint8_t c : bytes) {
    AppendUtf8(c >= 0x80 && c < 0xa0 ? kCp1252[c - 0x80u] : c, out);
  }
}

std::optional<std::string> ToUtf8(const Charset& charset, absl::string_view bytes) {
  std::string text;
  switch (charset.kind) {
    case CharsetKind::kAscii:
      if (!IsAscii(AsBytes(bytes))) return std::nullopt;
      return std::string(bytes);
    case CharsetKind::kUtf8:
      if (!IsValidUtf8(AsBytes(bytes), MaxUtf8Length(charset))) return std::nullopt;
      return std::string(bytes);
    case CharsetKind::kLatin1:
      Latin1ToUtf8(AsBytes(bytes), &text);
      return text;
    case CharsetKind::kOther: {
      const CharsetConverter* const converter = CharsetConverter::Of(charset.name);
      if (converter == nullptr || !converter->Convert(AsBytes(bytes), &text)) return std::nullopt;
      return text;
    }
    case CharsetKind::kBinary:
    case CharsetKind::kUnknown:
      return std::nullopt;
  }
  return std::nullopt;
}

bool IsValidUtf8(Bytes bytes, size_t max_length) {
  size_t i = 0;
  while (i < bytes.size()) {
    const size_t length = SequenceLength(bytes.data() + i, bytes.size() - i);
    if (length == 0 || length > max_length) return false;
    i += length;
  }
  return true;
}

}  // namespace dcp::mysql
