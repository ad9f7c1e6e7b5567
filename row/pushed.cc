#include "row/pushed.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "model/digest.h"
#include "row/digest.h"

namespace dcp::row {
namespace {

using model::Op;
using model::Version;

// Takes the leading word off `content`.
Op TakeOp(absl::string_view* content) {
  if (absl::ConsumePrefix(content, "INSERT ")) return Op::kInsert;
  if (absl::ConsumePrefix(content, "UPDATE ")) return Op::kUpdate;
  if (absl::ConsumePrefix(content, "DELETE ")) return Op::kDelete;
  return Op::kOther;
}

bool IsMd5Of(absl::string_view content, absl::string_view checksum) {
  return checksum.size() == 32 && absl::EqualsIgnoreCase(checksum, model::ToHex(Md5(content)));
}

// XXH3-128 of the checksum behind a word of its own: contents are digested by
// MD5, so the two never meet but by the chance of 128 bits.
Version Opaque(absl::string_view checksum) {
  return Version::Content(model::Xxh3(absl::StrCat("dcp checksum\n", checksum)));
}

Version After(Op op, absl::string_view content, absl::string_view row, absl::string_view checksum) {
  if (op == Op::kDelete) return Version::Absent();
  const bool opaque = !checksum.empty() && (content.empty() || !IsMd5Of(content, checksum));
  return opaque ? Opaque(checksum) : Version::Content(Md5(row));
}

}  // namespace

PushedVersions InterpretPushed(absl::string_view content, absl::string_view checksum) {
  absl::string_view row = content;
  PushedVersions pushed;
  pushed.op = TakeOp(&row);
  pushed.before = pushed.op == Op::kInsert ? Version::Absent() : Version::Unknown();
  pushed.after = After(pushed.op, content, row, checksum);
  return pushed;
}

}  // namespace dcp::row
