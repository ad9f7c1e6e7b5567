// Pushed contents: what a client's message says about its key.
//
//   content          checksum              op      before   after
//   INSERT <rest>    none, or MD5          INSERT  absent   digest of <rest>
//   UPDATE <rest>    none, or MD5          UPDATE  unknown  digest of <rest>
//   DELETE …         anything              DELETE  unknown  absent
//   other            none, or MD5          OTHER   unknown  digest of all of it
//   INSERT …         another               INSERT  absent   the checksum itself
//   UPDATE …, other  another               as above, unknown, the checksum itself
//   empty            any but empty         OTHER   unknown  the checksum itself
//
// "MD5" is the MD5 of the whole content in hexadecimal, any case. The digest is
// MD5: a check with a pushed tag compares MD5 of canonical texts. A checksum taken
// as a version is opaque, compared byte by byte, and equal to no content's digest.
//
// A DELETE's content tells what was deleted as the client believes; the rules know
// a pushed message's after version only. So its before version is unknown, never
// held against the target, while its content is still shown to people.
//
// Thread-safe, no state.
#pragma once

#include "absl/strings/string_view.h"
#include "model/change.h"
#include "model/version.h"

namespace dcp::row {

struct PushedVersions {
  model::Op op = model::Op::kOther;
  model::Version before;
  model::Version after;
};

// Never fails: every content and checksum means something.
PushedVersions InterpretPushed(absl::string_view content, absl::string_view checksum);

}  // namespace dcp::row
