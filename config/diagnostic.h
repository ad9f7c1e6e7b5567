// Diagnostic: one thing to say about a configuration file, with its place.
#pragma once

#include <compare>
#include <string>

namespace dcp::config {

// From 1. Line 0: the file as a whole.
struct Position {
  int line = 0;
  int column = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

struct Diagnostic {
  std::string file;
  Position position;
  std::string message;  // one line; never holds a password
};

// `dcp.toml:12:3: unknown key 'tabels' in [[collector]]; did you mean 'tables'?`
std::string ToString(const Diagnostic& diagnostic);

}  // namespace dcp::config
