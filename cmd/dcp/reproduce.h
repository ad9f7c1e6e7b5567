// Command lines that show a finding again: what a person copies from `dcp diffs show` into a shell.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace dcp::cmd {

// `text` as one word of a POSIX shell, as it is.
std::string ShellWord(const std::string& text);

// For each side that changed the row in a transaction that its server's binlog has: the line that
// reads this transaction there. `difference_json`: as in an alarm's `diffs`. None where nothing can
// be read again (pushed tags, collectors of files).
std::vector<std::string> LinesThatShow(const config::Config& config, const std::string& check,
                                       const std::string& target,
                                       const std::string& difference_json);

}  // namespace dcp::cmd
