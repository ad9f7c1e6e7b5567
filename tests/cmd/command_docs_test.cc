// The commands and options of the parser against what is made of them, the manual and the tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cmd/dcp/command_line.h"
#include "cmd/dcp/completion.h"
#include "cmd/dcp/generate.h"
#include "cmd/dcp/man_page.h"

namespace dcp::cmd {
namespace {

using ::testing::HasSubstr;

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in.is_open()) << path;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> TextsBelow(const std::string& folder,
                                    const std::set<std::string>& endings) {
  std::vector<std::string> texts;
  const auto root = std::filesystem::path(DCP_SOURCE_DIR) / folder;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::filesystem::path& path = entry.path();
    if (!entry.is_regular_file() || !endings.contains(path.extension())) continue;
    if (path.filename() == "command_docs_test.cc") continue;
    texts.push_back(ReadText(path));
  }
  EXPECT_GT(texts.size(), 3u) << folder;
  return texts;
}

// Each command by the words that lead to it: "dcp diffs list".
using Visit = std::function<void(const CommandNode&, const std::string& path)>;
void ForEach(const CommandNode& command, const std::string& path, const Visit& visit) {
  visit(command, path);
  for (const CommandNode& next : command.commands) {
    ForEach(next, absl::StrCat(path, " ", next.name), visit);
  }
}
void ForEachCommand(const Visit& visit) {
  const CommandNode tree = DescribeCommandLine();
  for (const CommandNode& command : tree.commands) {
    ForEach(command, absl::StrCat("dcp ", command.name), visit);
  }
}

OptionNode OptionOf(const std::string& command_name, const std::string& name) {
  OptionNode found;
  ForEachCommand([&](const CommandNode& command, const std::string&) {
    for (const OptionNode& option : command.options) {
      if (command.name == command_name && option.name == name) found = option;
    }
  });
  EXPECT_EQ(found.name, name);
  return found;
}

bool IsOfName(char c) { return c == '-' || (c >= 'a' && c <= 'z'); }

// Whether `text` has the option as a word of its own.
bool Names(const std::string& text, const std::string& option) {
  for (size_t at = text.find(option); at != std::string::npos; at = text.find(option, at + 1)) {
    const size_t end = at + option.size();
    const bool begins = at == 0 || !IsOfName(text[at - 1]);
    if (begins && (end == text.size() || !IsOfName(text[end]))) return true;
  }
  return false;
}

TEST(CommandTreeTest, HasWhatTheParserWasGiven) {
  const CommandNode tree = DescribeCommandLine();
  EXPECT_EQ(tree.name, "dcp");
  std::set<std::string> paths;
  ForEachCommand([&](const CommandNode&, const std::string& path) { paths.insert(path); });
  EXPECT_TRUE(paths.contains("dcp run"));
  EXPECT_TRUE(paths.contains("dcp diffs export"));
  const OptionNode format = OptionOf("binlog", "--format");
  EXPECT_EQ(format.choices, (std::vector<std::string>{"jsonl", "summary", "digest"}));
  EXPECT_EQ(format.preset, "jsonl");
  EXPECT_EQ(OptionOf("binlog", "--until-now").word, "");
  EXPECT_EQ(OptionOf("binlog", "--tls-ca").word, "FILE");
  EXPECT_TRUE(OptionOf("run", "--config").required);
  const OptionNode files = OptionOf("binlog", "files");
  EXPECT_TRUE(files.positional && files.repeatable);
}

// CLI11's own words say nothing to a reader, and a shell offers no files for them.
TEST(CommandTreeTest, EveryValueHasAWord) {
  ForEachCommand([](const CommandNode& command, const std::string& path) {
    for (const OptionNode& option : command.options) {
      for (const char* type : {"TEXT", "INT", "UINT", "FLOAT"}) {
        EXPECT_TRUE(option.word != type || option.name == "--note")
            << path << " " << option.name << " needs a word in cmd/dcp/command_tree.cc";
      }
    }
  });
}

TEST(GeneratedTest, CompletionAndManualPageHaveAllCommandsAndOptions) {
  const CommandNode tree = DescribeCommandLine();
  const std::string bash = BashCompletion(tree), zsh = ZshCompletion(tree);
  const std::string page = absl::StrReplaceAll(ManPage(tree, "1.2.3"), {{"\\-", "-"}});
  EXPECT_THAT(page, HasSubstr("\"dcp 1.2.3\""));
  ForEachCommand([&](const CommandNode& command, const std::string& path) {
    EXPECT_THAT(page, HasSubstr(absl::StrCat(".SS ", path, "\n")));
    EXPECT_THAT(zsh, HasSubstr(absl::StrReplaceAll(path, {{" ", "_"}, {"-", "_"}}) + "() {"));
    EXPECT_THAT(bash, HasSubstr(absl::StrCat("    '", path.substr(4), "')")));
    for (const OptionNode& option : command.options) {
      if (option.positional) continue;
      EXPECT_TRUE(Names(bash, option.name) && Names(zsh, option.name) && Names(page, option.name))
          << path << " " << option.name;
    }
  });
}

TEST(GeneratedTest, IsPrintedByTheCommand) {
  for (const char* what : {"bash", "zsh", "man"}) {
    std::ostringstream out;
    EXPECT_EQ(Generate({what}, out), 0);
    EXPECT_GT(out.str().size(), 1000u) << what;
  }
  std::ostringstream broken;
  broken.setstate(std::ios::badbit);
  EXPECT_EQ(Generate({"man"}, broken), 1);
}

TEST(ManualTest, EachCommandAndOptionIsOnAPageOfItsOwn) {
  const std::vector<std::string> pages = TextsBelow("docs", {".md"});
  ForEachCommand([&](const CommandNode& command, const std::string& path) {
    std::set<std::string> missing = {path};
    for (const OptionNode& option : command.options) {
      if (!option.positional && option.name != "--help") missing.insert(option.name);
    }
    // `dcp diffs --server` stands for all of dcp diffs.
    const std::string command_words = path.rfind("dcp diffs ", 0) == 0 ? "dcp diffs" : path;
    for (const std::string& page : pages) {
      if (!absl::StrContains(page, command_words)) continue;
      std::erase_if(missing, [&](const std::string& name) {
        return name == path ? absl::StrContains(page, path) : Names(page, name);
      });
    }
    EXPECT_TRUE(missing.empty()) << path << ": no page has " << absl::StrJoin(missing, ", ");
  });
}

TEST(ManualTest, EachCommandAndOptionIsTested) {
  std::string all;
  for (const std::string& text : TextsBelow("tests", {".cc", ".h", ".mjs", ".py", ""})) all += text;
  ForEachCommand([&](const CommandNode& command, const std::string& path) {
    EXPECT_TRUE(absl::StrContains(all, absl::StrCat("\"", command.name, "\"")) ||
                absl::StrContains(all, path))
        << path;
    for (const OptionNode& option : command.options) {
      if (option.positional || option.name == "--help") continue;
      EXPECT_TRUE(Names(all, option.name)) << path << " " << option.name;
    }
  });
}

// Statuses of docs are those of the program's own list.
TEST(ManualTest, ExitStatusesAreInTheManualPageAndInTheReadme) {
  const std::string readme = ReadText(std::filesystem::path(DCP_SOURCE_DIR) / "README.md");
  const std::string page = ManPage(DescribeCommandLine(), "1");
  for (const int status : {0, 1, 2, 4, 64, 78}) {
    EXPECT_THAT(page, HasSubstr(absl::StrCat(".TP\n", status, "\n")));
    EXPECT_TRUE(std::regex_search(
        readme, std::regex(absl::StrCat("\\| ([0-9]+, )?", status, "(, [0-9]+)? \\|"))))
        << status;
  }
}

}  // namespace
}  // namespace dcp::cmd
