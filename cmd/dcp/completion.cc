#include "cmd/dcp/completion.h"

#include <map>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace dcp::cmd {
namespace {

// A command and the words that lead to it: "diffs list"; "" is the program itself.
using Visit = void (*)(const CommandNode& command, const std::string& path, std::string* out);

void ForEach(const CommandNode& command, const std::string& path, Visit visit, std::string* out) {
  visit(command, path, out);
  for (const CommandNode& next : command.commands) {
    ForEach(next, path.empty() ? next.name : absl::StrCat(path, " ", next.name), visit, out);
  }
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string CommandNames(const CommandNode& command) {
  return absl::StrJoin(command.commands, " ", [](std::string* out, const CommandNode& next) {
    absl::StrAppend(out, next.name);
  });
}

std::string OptionNames(const CommandNode& command) {
  std::vector<std::string> names;
  for (const OptionNode& option : command.options) {
    if (!option.positional) names.push_back(option.name);
  }
  return absl::StrJoin(names, " ");
}

// What bash offers for a value.
std::string BashValues(const OptionNode& option) {
  if (!option.choices.empty()) {
    return absl::StrCat("_dcp_words ", Quoted(absl::StrJoin(option.choices, " ")));
  }
  if (option.word == "FILE") return "_dcp_files -f";
  if (option.word == "DIRECTORY") return "_dcp_files -d";
  return "COMPREPLY=()";
}

// The words that lead from the program to a command, one pattern each.
void AppendBashStep(const CommandNode& command, const std::string& path, std::string* out) {
  for (const CommandNode& next : command.commands) {
    absl::StrAppend(out, "      ", Quoted(absl::StrCat(path, " ", next.name)),
                    ") command=\"${command:+$command }$word\" ;;\n");
  }
}

void AppendBashOptions(const CommandNode& command, const std::string& path, std::string* out) {
  absl::StrAppend(out, "    ", Quoted(path), ")\n      options=", Quoted(OptionNames(command)),
                  "\n");
  if (!command.commands.empty()) {
    absl::StrAppend(out, "      others=", Quoted(CommandNames(command)), "\n");
  }
  for (const OptionNode& option : command.options) {
    if (!option.positional) continue;
    if (!option.choices.empty()) {
      absl::StrAppend(out, "      others=", Quoted(absl::StrJoin(option.choices, " ")), "\n");
    } else if (option.word == "FILE") {
      absl::StrAppend(out, "      files=yes\n");
    }
  }
  absl::StrAppend(out, "      ;;\n");
}

void AppendBashValues(const CommandNode& command, const std::string& path, std::string* out) {
  for (const OptionNode& option : command.options) {
    if (option.positional || option.word.empty()) continue;
    absl::StrAppend(out, "    ", Quoted(absl::StrCat(path, " ", option.name)), ") ",
                    BashValues(option), "; return ;;\n");
  }
}

// A name in a zsh function.
std::string ZshFunction(absl::string_view path) {
  return absl::StrCat("_dcp", path.empty() ? "" : "_",
                      absl::StrReplaceAll(path, {{" ", "_"}, {"-", "_"}}));
}

std::string ZshText(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string ZshValues(const OptionNode& option) {
  if (!option.choices.empty()) return absl::StrCat("(", absl::StrJoin(option.choices, " "), ")");
  if (option.word == "FILE") return "_files";
  if (option.word == "DIRECTORY") return "_files -/";
  return " ";
}

std::string ZshSpec(const OptionNode& option) {
  const std::string value = absl::StrCat(":", ZshText(option.word), ":", ZshValues(option));
  if (option.positional) return absl::StrCat(option.repeatable ? "*" : "1", value);
  return absl::StrCat(option.repeatable ? "*" : "", option.name, "[", ZshText(option.about), "]",
                      option.word.empty() ? "" : value);
}

void AppendZshCommands(const CommandNode& command, const std::string& path, std::string* out) {
  absl::StrAppend(out, "  local -a commands=(\n");
  for (const CommandNode& next : command.commands) {
    absl::StrAppend(out, "    ", Quoted(absl::StrCat(next.name, ":", ZshText(next.about))), "\n");
  }
  absl::StrAppend(out, "  )\n  case $state in\n    command) _describe command commands ;;\n",
                  "    rest)\n      case $words[1] in\n");
  for (const CommandNode& next : command.commands) {
    const std::string function =
        ZshFunction(path.empty() ? next.name : absl::StrCat(path, " ", next.name));
    absl::StrAppend(out, "        ", next.name, ") ", function, " ;;\n");
  }
  absl::StrAppend(out, "      esac ;;\n  esac\n");
}

void AppendZshFunction(const CommandNode& command, const std::string& path, std::string* out) {
  absl::StrAppend(out, ZshFunction(path), "() {\n");
  if (!command.commands.empty()) absl::StrAppend(out, "  local state line\n");
  absl::StrAppend(out, "  _arguments", command.commands.empty() ? "" : " -C");
  for (const OptionNode& option : command.options) {
    absl::StrAppend(out, " \\\n    ", Quoted(ZshSpec(option)));
  }
  if (!command.commands.empty()) {
    absl::StrAppend(out, " \\\n    '1: :->command' \\\n    '*:: :->rest'");
  }
  absl::StrAppend(out, "\n");
  if (!command.commands.empty()) AppendZshCommands(command, path, out);
  absl::StrAppend(out, "}\n\n");
}

constexpr char kBashHead[] = R"(# Completion of dcp for bash, as `dcp generate bash` prints it.

_dcp_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}"); }

_dcp_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

_dcp() {
  local word command='' options='' others='' files=no
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
)";

constexpr char kBashMiddle[] = R"(    esac
  done
  case "$command ${COMP_WORDS[COMP_CWORD-1]}" in
)";

constexpr char kBashOptions[] = R"(  esac
  case $command in
)";

constexpr char kBashTail[] = R"(  esac
  word=${COMP_WORDS[COMP_CWORD]}
  if [[ $word == -* || -z $others && $files = no ]]; then
    _dcp_words "$options"
  elif [ "$files" = yes ]; then
    _dcp_files -f
  else
    _dcp_words "$others"
  fi
}

complete -F _dcp dcp
)";

constexpr char kZshHead[] = R"(#compdef dcp
# Completion of dcp for zsh, as `dcp generate zsh` prints it.

)";

}  // namespace

std::string BashCompletion(const CommandNode& program) {
  std::string text = kBashHead;
  ForEach(program, "", AppendBashStep, &text);
  text += kBashMiddle;
  ForEach(program, "", AppendBashValues, &text);
  text += kBashOptions;
  ForEach(program, "", AppendBashOptions, &text);
  return text + kBashTail;
}

std::string ZshCompletion(const CommandNode& program) {
  std::string text = kZshHead;
  ForEach(program, "", AppendZshFunction, &text);
  return text + "_dcp \"$@\"\n";
}

}  // namespace dcp::cmd
