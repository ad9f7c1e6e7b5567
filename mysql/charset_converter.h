// CharsetConverter: from a charset of MySQL that is neither UTF-8 nor latin1 to
// UTF-8, as the server's own CONVERT does.
//
// Made from ICU's converters and the differences of charset_data.h: a table of
// the whole charset, so that converting is a look-up per character and neither
// locks nor allocates. Immutable; made once per process, when first asked for,
// and never destroyed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mysql/bytes.h"

namespace dcp::mysql {

class CharsetConverter {
 public:
  // Null for a charset that is not known, or that needs no conversion.
  static const CharsetConverter* Of(absl::string_view charset);

  // Replaces `*out`. False: something in `bytes` is no character of the charset,
  // or has none in Unicode (where the server's CONVERT says '?'); `*out` is then
  // of no use.
  bool Convert(Bytes bytes, std::string* out) const { return convert_(*this, bytes, out); }

 private:
  friend class CharsetTableBuilder;

  // One for each form of charsets: how long a character is.
  using Function = bool (*)(const CharsetConverter& converter, Bytes bytes, std::string* out);
  static bool ConvertSingle(const CharsetConverter& converter, Bytes bytes, std::string* out);
  static bool ConvertDouble(const CharsetConverter& converter, Bytes bytes, std::string* out);
  static bool ConvertEuc(const CharsetConverter& converter, Bytes bytes, std::string* out);
  static bool ConvertGb18030(const CharsetConverter& converter, Bytes bytes, std::string* out);
  static bool ConvertUcs2(const CharsetConverter& converter, Bytes bytes, std::string* out);
  static bool ConvertUtf16(const CharsetConverter& converter, Bytes bytes, std::string* out);
  static bool ConvertUtf16Le(const CharsetConverter& converter, Bytes bytes, std::string* out);
  static bool ConvertUtf32(const CharsetConverter& converter, Bytes bytes, std::string* out);

  // Code points; 0: none. (U+0000 is the byte 0x00 of each charset.)
  struct Tables {
    std::vector<uint16_t> one;    // by byte
    std::vector<uint16_t> two;    // by both bytes, the first one without its top bit
    std::vector<uint16_t> three;  // behind 0x8f, as `two`
    std::vector<uint16_t> four;   // GB18030's by their number, in the BMP
  };

  explicit CharsetConverter(Function convert) : convert_(convert) {}

  Function convert_;
  Tables tables_;
};

}  // namespace dcp::mysql
