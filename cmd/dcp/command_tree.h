// The commands and options that the parser knows, as plain values: what shell completions and the
// manual page are made of, so that they cannot say anything else.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace dcp::cmd {

struct OptionNode {
  std::string name;                  // "--config"; of a positional argument "finding"
  std::string word;                  // what its value is: FILE, HOST:PORT, …; empty: a flag
  std::vector<std::string> choices;  // the values that are allowed; empty: any
  std::string about;
  std::string preset;  // the default; empty: none is shown
  bool positional = false;
  bool required = false;
  bool repeatable = false;
};

struct CommandNode {
  std::string name;  // "run"; of the program itself "dcp"
  std::string about;
  std::string footer;  // more of it, and examples
  std::vector<OptionNode> options;
  std::vector<CommandNode> commands;
};

// Names in `app` and all its commands what options' values are, for --help and for what follows.
void NameValues(CLI::App* app);
CommandNode DescribeApp(const CLI::App& app);

}  // namespace dcp::cmd
