#include "mysql/charset_converter.h"

#include <unicode/ucnv.h>

#include <array>
#include <memory>
#include <span>
#include <utility>

#include "base/mutex.h"
#include "mysql/charset_data.h"
#include "mysql/utf8.h"

namespace dcp::mysql {
namespace {

using charset_data::Run;
using charset_data::UpperHalf;

enum class Form : uint8_t { kSingle, kDouble, kEuc, kGb18030, kUcs2, kUtf16, kUtf16Le, kUtf32 };

struct Spec {
  const char* name;
  Form form;
  const char* icu = nullptr;        // null: ASCII and `upper`
  const char* icu_three = nullptr;  // of the characters of three bytes
  std::span<const Run> runs = {};   // where the server differs
  const UpperHalf* upper = nullptr;
  bool private_use = true;  // ICU's characters for private use are the server's too
};

namespace data = charset_data;

constexpr Spec kSpecs[] = {
    {.name = "armscii8", .form = Form::kSingle, .upper = &data::kArmscii8},
    {.name = "dec8", .form = Form::kSingle, .upper = &data::kDec8},
    {.name = "geostd8", .form = Form::kSingle, .upper = &data::kGeostd8},
    {.name = "keybcs2", .form = Form::kSingle, .upper = &data::kKeybcs2},
    {.name = "cp1250", .form = Form::kSingle, .icu = "windows-1250", .runs = data::kCp1250},
    {.name = "cp1251", .form = Form::kSingle, .icu = "windows-1251", .runs = data::kCp1251},
    {.name = "cp1256", .form = Form::kSingle, .icu = "windows-1256", .runs = data::kCp1256},
    {.name = "cp1257", .form = Form::kSingle, .icu = "windows-1257", .runs = data::kCp1257},
    {.name = "cp850", .form = Form::kSingle, .icu = "ibm-850"},
    {.name = "cp852", .form = Form::kSingle, .icu = "ibm-852", .runs = data::kCp852},
    {.name = "cp866", .form = Form::kSingle, .icu = "ibm-866", .runs = data::kCp866},
    {.name = "greek", .form = Form::kSingle, .icu = "ibm-813_P100-1995", .runs = data::kGreek},
    {.name = "hebrew", .form = Form::kSingle, .icu = "ISO-8859-8", .runs = data::kHebrew},
    {.name = "hp8", .form = Form::kSingle, .icu = "hp-roman8", .runs = data::kHp8},
    {.name = "koi8r", .form = Form::kSingle, .icu = "KOI8-R"},
    {.name = "koi8u", .form = Form::kSingle, .icu = "KOI8-U", .runs = data::kKoi8u},
    {.name = "latin2", .form = Form::kSingle, .icu = "ISO-8859-2"},
    {.name = "latin5", .form = Form::kSingle, .icu = "ISO-8859-9"},
    {.name = "latin7", .form = Form::kSingle, .icu = "ISO-8859-13"},
    {.name = "macce", .form = Form::kSingle, .icu = "macce"},
    {.name = "macroman", .form = Form::kSingle, .icu = "macintosh"},
    {.name = "swe7", .form = Form::kSingle, .icu = "US-ASCII", .runs = data::kSwe7},
    {.name = "tis620", .form = Form::kSingle, .icu = "iso-8859_11-2001", .runs = data::kTis620},
    {.name = "big5",
     .form = Form::kDouble,
     .icu = "windows-950",
     .runs = data::kBig5,
     .private_use = false},
    {.name = "cp932", .form = Form::kDouble, .icu = "ibm-943_P15A-2003"},
    {.name = "euckr", .form = Form::kDouble, .icu = "windows-949", .private_use = false},
    {.name = "gb2312",
     .form = Form::kDouble,
     .icu = "ibm-1383_P110-1999",
     .runs = data::kGb2312,
     .private_use = false},
    {.name = "gbk", .form = Form::kDouble, .icu = "windows-936", .private_use = false},
    {.name = "sjis",
     .form = Form::kDouble,
     .icu = "ibm-943_P130-1999",
     .runs = data::kSjis,
     .private_use = false},
    {.name = "eucjpms",
     .form = Form::kEuc,
     .icu = "ibm-33722_P12A_P12A-2009_U2",
     .icu_three = "ibm-954_P101-2007",
     .runs = data::kEucjpms},
    {.name = "ujis",
     .form = Form::kEuc,
     .icu = "ibm-954_P101-2007",
     .icu_three = "ibm-954_P101-2007",
     .runs = data::kUjis},
    {.name = "gb18030", .form = Form::kGb18030, .icu = "gb18030"},
    {.name = "ucs2", .form = Form::kUcs2},
    {.name = "utf16", .form = Form::kUtf16},
    {.name = "utf16le", .form = Form::kUtf16Le},
    {.name = "utf32", .form = Form::kUtf32},
};

constexpr size_t kTwoBytes = 0x8000;  // the first one is 0x80 or more
constexpr size_t kGbFourInBmp = 39420;
constexpr size_t kGbFourBeyond = 189000;  // the number of U+10000, 0x90308130

bool IsPrivateUse(uint32_t code_point) { return code_point >= 0xe000 && code_point <= 0xf8ff; }
bool IsHalfWidthKatakana(uint32_t code_point) {
  return code_point >= 0xff61 && code_point <= 0xff9f;
}

// The index of two bytes, the first one 0x80 or more.
size_t Pair(const uint8_t* p) { return static_cast<size_t>(p[0] & 0x7f) << 8 | p[1]; }

// One converter of ICU, asked for single characters.
class Icu {
 public:
  explicit Icu(const char* name) {
    UErrorCode error = U_ZERO_ERROR;
    converter_.reset(ucnv_open(name, &error));
    if (U_FAILURE(error)) converter_ = nullptr;
    error = U_ZERO_ERROR;
    if (converter_ != nullptr) {
      ucnv_setToUCallBack(converter_.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr,
                          &error);
    }
  }

  bool ok() const { return converter_ != nullptr; }

  // The one character of the BMP that `code` of `size` bytes is; 0: none.
  uint16_t CodePoint(uint32_t code, size_t size) {
    std::array<char, 4> bytes;
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(code >> 8 * (size - 1 - i));
    std::array<UChar, 8> units;
    UChar* target = units.data();
    const char* source = bytes.data();
    UErrorCode error = U_ZERO_ERROR;
    ucnv_reset(converter_.get());
    ucnv_toUnicode(converter_.get(), &target, target + units.size(), &source, source + size,
                   nullptr, /*flush=*/true, &error);
    return U_SUCCESS(error) && target == units.data() + 1 ? units[0] : uint16_t{0};
  }

 private:
  struct Close {
    void operator()(UConverter* converter) const { ucnv_close(converter); }
  };
  std::unique_ptr<UConverter, Close> converter_;
};

template <bool kLittleEndian>
uint32_t Unit(const uint8_t* p) {
  return static_cast<uint32_t>(kLittleEndian ? LoadLe<2>(p) : LoadBe<2>(p));
}

bool IsSurrogate(uint32_t unit) { return unit >= 0xd800 && unit <= 0xdfff; }

template <bool kLittleEndian>
bool ConvertUtf16Units(Bytes bytes, std::string* out) {
  if (bytes.size() % 2 != 0) return false;
  out->clear();
  for (size_t i = 0; i < bytes.size(); i += 2) {
    uint32_t code_point = Unit<kLittleEndian>(bytes.data() + i);
    if (IsSurrogate(code_point)) {
      if (code_point >= 0xdc00 || bytes.size() - i < 4) return false;
      const uint32_t low = Unit<kLittleEndian>(bytes.data() + i + 2);
      if (low < 0xdc00 || low > 0xdfff) return false;
      code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
      i += 2;
    }
    AppendUtf8(code_point, out);
  }
  return true;
}

// The number of a four-byte code of GB18030, -1 if its bytes are out of range.
int64_t GbNumber(const uint8_t* p) {
  const auto in = [](uint8_t byte, uint8_t first, uint8_t last) {
    return byte >= first && byte <= last;
  };
  if (!in(p[0], 0x81, 0xfe) || !in(p[1], 0x30, 0x39) || !in(p[2], 0x81, 0xfe) ||
      !in(p[3], 0x30, 0x39)) {
    return -1;
  }
  return ((int64_t{p[0]} - 0x81) * 10 + (p[1] - 0x30)) * 1260 + (p[2] - 0x81) * 10 + (p[3] - 0x30);
}

uint32_t GbCode(size_t number) {
  const size_t bytes[] = {0x81 + number / 12600, 0x30 + number / 1260 % 10,
                          0x81 + number / 10 % 126, 0x30 + number % 10};
  return static_cast<uint32_t>(bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]);
}

}  // namespace

class CharsetTableBuilder {
 public:
  explicit CharsetTableBuilder(const Spec& spec) : spec_(spec) {}

  // Null if ICU lacks a converter that it should have.
  std::unique_ptr<const CharsetConverter> Build() {
    converter_.reset(new CharsetConverter(FunctionOf(spec_.form)));
    if (spec_.form >= Form::kUcs2) return std::move(converter_);
    Icu icu(spec_.icu == nullptr ? "US-ASCII" : spec_.icu);
    Icu icu_three(spec_.icu_three == nullptr ? "US-ASCII" : spec_.icu_three);
    if (!icu.ok() || !icu_three.ok()) return nullptr;
    FillOne(&icu);
    if (spec_.form != Form::kSingle) FillTwo(&icu);
    if (spec_.form == Form::kEuc) FillThree(&icu_three);
    if (spec_.form == Form::kGb18030) FillFour(&icu);
    for (const Run& run : spec_.runs) Patch(run);
    return std::move(converter_);
  }

 private:
  static CharsetConverter::Function FunctionOf(Form form) {
    switch (form) {
      case Form::kSingle:
        return &CharsetConverter::ConvertSingle;
      case Form::kDouble:
        return &CharsetConverter::ConvertDouble;
      case Form::kEuc:
        return &CharsetConverter::ConvertEuc;
      case Form::kGb18030:
        return &CharsetConverter::ConvertGb18030;
      case Form::kUcs2:
        return &CharsetConverter::ConvertUcs2;
      case Form::kUtf16:
        return &CharsetConverter::ConvertUtf16;
      case Form::kUtf16Le:
        return &CharsetConverter::ConvertUtf16Le;
      case Form::kUtf32:
        return &CharsetConverter::ConvertUtf32;
    }
    return nullptr;
  }

  uint16_t Accepted(uint16_t code_point) const {
    return IsPrivateUse(code_point) && !spec_.private_use ? uint16_t{0} : code_point;
  }

  // Bytes below 0x80 are ASCII; where characters have two bytes, half-width
  // katakana are the only others of one.
  void FillOne(Icu* icu) {
    std::vector<uint16_t>& one = converter_->tables_.one;
    one.resize(256);
    for (uint32_t c = 0; c < 256; ++c) {
      if (c < 0x80) {
        one[c] = static_cast<uint16_t>(c);
      } else if (spec_.upper != nullptr) {
        one[c] = (*spec_.upper)[c - 0x80];
      } else {
        one[c] = icu->CodePoint(c, 1);
        if (spec_.form != Form::kSingle && !IsHalfWidthKatakana(one[c])) one[c] = 0;
      }
    }
  }

  void FillTwo(Icu* icu) {
    std::vector<uint16_t>& two = converter_->tables_.two;
    two.resize(kTwoBytes);
    for (uint32_t i = 0; i < kTwoBytes; ++i) two[i] = Accepted(icu->CodePoint(0x8000 | i, 2));
  }

  void FillThree(Icu* icu) {
    std::vector<uint16_t>& three = converter_->tables_.three;
    three.resize(kTwoBytes);
    for (uint32_t i = 0; i < kTwoBytes; ++i) {
      three[i] = Accepted(icu->CodePoint(0x8f8000 | i, 3));
    }
  }

  void FillFour(Icu* icu) {
    std::vector<uint16_t>& four = converter_->tables_.four;
    four.resize(kGbFourInBmp);
    for (size_t i = 0; i < kGbFourInBmp; ++i) four[i] = icu->CodePoint(GbCode(i), 4);
  }

  void Patch(const Run& run) {
    CharsetConverter::Tables& tables = converter_->tables_;
    for (uint32_t code = run.first; code <= run.last; ++code) {
      std::vector<uint16_t>& table = code < 0x100     ? tables.one
                                     : code < 0x10000 ? tables.two
                                                      : tables.three;
      const uint32_t offset = code - run.first;
      table[code < 0x100 ? code : code & 0x7fff] =
          static_cast<uint16_t>(run.code_point == 0 ? 0 : run.code_point + offset);
    }
  }

  const Spec& spec_;
  std::unique_ptr<CharsetConverter> converter_;
};

const CharsetConverter* CharsetConverter::Of(absl::string_view charset) {
  struct Made {
    Mutex mu;
    std::array<std::unique_ptr<const CharsetConverter>, std::size(kSpecs)> converters
        ABSL_GUARDED_BY(mu);
  };
  static Made* const made = new Made;
  for (size_t i = 0; i < std::size(kSpecs); ++i) {
    if (charset != kSpecs[i].name) continue;
    const MutexLock lock(made->mu);
    auto& converter = made->converters[i];
    if (converter == nullptr) converter = CharsetTableBuilder(kSpecs[i]).Build();
    return converter.get();
  }
  return nullptr;
}

bool CharsetConverter::ConvertSingle(const CharsetConverter& converter, Bytes bytes,
                                     std::string* out) {
  out->clear();
  for (const uint8_t c : bytes) {
    const uint16_t code_point = converter.tables_.one[c];
    if (code_point == 0 && c != 0) return false;
    AppendUtf8(code_point, out);
  }
  return true;
}

bool CharsetConverter::ConvertDouble(const CharsetConverter& converter, Bytes bytes,
                                     std::string* out) {
  const Tables& tables = converter.tables_;
  out->clear();
  for (size_t i = 0; i < bytes.size(); ++i) {
    const uint8_t c = bytes[i];
    uint16_t code_point = tables.one[c];
    if (code_point == 0 && c != 0) {
      if (i + 1 == bytes.size()) return false;
      code_point = tables.two[Pair(&bytes[i++])];
      if (code_point == 0) return false;
    }
    AppendUtf8(code_point, out);
  }
  return true;
}

bool CharsetConverter::ConvertEuc(const CharsetConverter& converter, Bytes bytes,
                                  std::string* out) {
  constexpr uint8_t kThreeBytes = 0x8f;
  const Tables& tables = converter.tables_;
  out->clear();
  for (size_t i = 0; i < bytes.size();) {
    const uint8_t c = bytes[i];
    const size_t size = c < 0x80 ? 1 : c == kThreeBytes ? 3 : 2;
    if (bytes.size() - i < size) return false;
    // Behind 0x8f come two bytes of 0x80 and more.
    if (size == 3 && bytes[i + 1] < 0x80) return false;
    const uint16_t code_point = size == 1   ? tables.one[c]
                                : size == 2 ? tables.two[Pair(&bytes[i])]
                                            : tables.three[Pair(&bytes[i + 1])];
    if (code_point == 0 && c != 0) return false;
    AppendUtf8(code_point, out);
    i += size;
  }
  return true;
}

bool CharsetConverter::ConvertGb18030(const CharsetConverter& converter, Bytes bytes,
                                      std::string* out) {
  const Tables& tables = converter.tables_;
  out->clear();
  for (size_t i = 0; i < bytes.size();) {
    const uint8_t c = bytes[i];
    const size_t left = bytes.size() - i;
    if (c < 0x80) {
      out->push_back(static_cast<char>(c));
      i += 1;
    } else if (left >= 4 && bytes[i + 1] >= 0x30 && bytes[i + 1] <= 0x39) {
      const int64_t number = GbNumber(&bytes[i]);
      if (number < 0) return false;
      uint32_t code_point = 0;
      if (number < int64_t{kGbFourInBmp}) {
        code_point = tables.four[static_cast<size_t>(number)];
      } else if (number >= int64_t{kGbFourBeyond}) {
        code_point = static_cast<uint32_t>(number - int64_t{kGbFourBeyond}) + 0x10000;
      }
      if (code_point == 0 || code_point > 0x10ffff) return false;
      AppendUtf8(code_point, out);
      i += 4;
    } else {
      if (left < 2) return false;
      const uint16_t code_point = tables.two[Pair(&bytes[i])];
      if (code_point == 0) return false;
      AppendUtf8(code_point, out);
      i += 2;
    }
  }
  return true;
}

bool CharsetConverter::ConvertUcs2(const CharsetConverter&, Bytes bytes, std::string* out) {
  if (bytes.size() % 2 != 0) return false;
  out->clear();
  for (size_t i = 0; i < bytes.size(); i += 2) {
    const uint32_t unit = Unit<false>(bytes.data() + i);
    if (IsSurrogate(unit)) return false;
    AppendUtf8(unit, out);
  }
  return true;
}

bool CharsetConverter::ConvertUtf16(const CharsetConverter&, Bytes bytes, std::string* out) {
  return ConvertUtf16Units<false>(bytes, out);
}

bool CharsetConverter::ConvertUtf16Le(const CharsetConverter&, Bytes bytes, std::string* out) {
  return ConvertUtf16Units<true>(bytes, out);
}

bool CharsetConverter::ConvertUtf32(const CharsetConverter&, Bytes bytes, std::string* out) {
  if (bytes.size() % 4 != 0) return false;
  out->clear();
  for (size_t i = 0; i < bytes.size(); i += 4) {
    const auto code_point = static_cast<uint32_t>(LoadBe<4>(bytes.data() + i));
    if (code_point > 0x10ffff || IsSurrogate(code_point)) return false;
    AppendUtf8(code_point, out);
  }
  return true;
}

}  // namespace dcp::mysql
