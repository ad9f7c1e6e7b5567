// Command lines that show a finding again: what a person copies from `dcp diffs show` into a shell.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace dcp::cmd {

// `text` as one word of a POSIX shell, as it is.
std::string ShellWord(const std::string& text);

// What is kept of a finding, and the configuration's file.
struct ShownFinding {
  std::string config;
  std::string check, target;
  std::string table, key_text;  // as they may be shown
  std::string json;             // as in an alarm's `diffs`; empty: not kept
};

// For each side that changed the row in a transaction that its server's binlog has: the line that
// reads this transaction there. Behind them the line that compares the row again. None where
// nothing can be read again (pushed tags, collectors of files), or where the key is masked.
// No line has a password.
std::vector<std::string> LinesThatShow(const config::Config& config, const ShownFinding& finding);

}  // namespace dcp::cmd
