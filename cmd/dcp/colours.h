// Colours of words that people read in a terminal, or none.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace dcp::cmd {

class Colours {
 public:
  explicit Colours(bool on) : on_(on) {}
  // On a terminal, unless the environment has NO_COLOR or TERM=dumb.
  static Colours OfStandardOutput();

  std::string Good(absl::string_view text) const { return Paint("32", text); }
  std::string Bad(absl::string_view text) const { return Paint("31", text); }
  std::string Unsure(absl::string_view text) const { return Paint("33", text); }

 private:
  std::string Paint(absl::string_view code, absl::string_view text) const {
    return on_ ? absl::StrCat("\033[", code, "m", text, "\033[0m") : std::string(text);
  }

  bool on_;
};

}  // namespace dcp::cmd
