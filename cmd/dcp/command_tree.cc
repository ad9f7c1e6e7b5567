#include "cmd/dcp/command_tree.h"

#include <CLI/CLI.hpp>
#include <map>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace dcp::cmd {
namespace {

// By the option's name, which means the same in all commands that have it.
const std::map<std::string, std::string>& Words() {
  static const std::map<std::string, std::string> kWords = {
      {"--after", "CURSOR"},     {"--barrier", "N"},          {"--column", "NAME"},
      {"--check", "NAME"},       {"--checkpoint", "FILE"},    {"--config", "FILE"},
      {"--count", "N"},          {"--cursor-file", "FILE"},   {"--dir", "DIRECTORY"},
      {"--for", "TIME"},         {"--format", "FORMAT"},      {"--from-file", "NAME"},
      {"--from-gtid", "SET"},    {"--from-pos", "POSITION"},  {"--gtid", "SET"},
      {"--host", "HOST"},        {"--job", "NAME"},           {"--key", "KEY"},
      {"--note", "TEXT"},        {"--password-file", "FILE"}, {"--port", "PORT"},
      {"--rate", "N"},           {"--remove", "N"},           {"--report", "FILE"},
      {"--server", "HOST:PORT"}, {"--session", "NAME"},       {"--socket", "FILE"},
      {"--status", "STATE"},     {"--table", "TABLE"},        {"--tag", "TAG"},
      {"--target", "TARGET"},    {"--timeout", "TIME"},       {"--tls", "MODE"},
      {"--tls-ca", "FILE"},      {"--tls-cert", "FILE"},      {"--tls-key", "FILE"},
      {"--token-file", "FILE"},  {"--types", "TYPE"},         {"--undo", "FILE"},
      {"--until", "TIME"},       {"--user", "USER"},          {"--where", "CONDITION"},
      {"files", "FILE"},         {"finding", "FINDING"},      {"what", "WHAT"},
  };
  return kWords;
}

std::string NameOf(const CLI::Option& option) {
  if (!option.get_lnames().empty()) return "--" + option.get_lnames().front();
  return option.get_single_name();
}

bool TakesValue(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// "WORD:{a,b}" is how the parser shows a choice.
void ReadType(const std::string& type, OptionNode* node) {
  const size_t open = type.find(":{");
  node->word = type.substr(0, open);
  if (open == std::string::npos || type.back() != '}') return;
  const absl::string_view choices =
      absl::string_view(type).substr(open + 2, type.size() - open - 3);
  node->choices = absl::StrSplit(choices, ',');
}

OptionNode Describe(const CLI::Option& option) {
  OptionNode node;
  node.name = NameOf(option);
  node.about = option.get_description();
  node.preset = option.get_default_str();
  node.positional = option.get_positional() && option.get_lnames().empty();
  node.required = option.get_required();
  node.repeatable = option.get_items_expected_max() > 1;
  if (TakesValue(option)) ReadType(option.get_type_name(), &node);
  return node;
}

}  // namespace

void NameValues(CLI::App* app) {
  for (CLI::Option* option : app->get_options()) {
    const auto word = Words().find(NameOf(*option));
    if (word != Words().end() && TakesValue(*option)) option->type_name(word->second);
  }
  for (CLI::App* command : app->get_subcommands(nullptr)) NameValues(command);
}

CommandNode DescribeApp(const CLI::App& app) {
  CommandNode node;
  node.name = app.get_name();
  node.about = app.get_description();
  node.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) node.options.push_back(Describe(*option));
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    node.commands.push_back(DescribeApp(*command));
  }
  return node;
}

}  // namespace dcp::cmd
