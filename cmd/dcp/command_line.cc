#include "cmd/dcp/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iostream>
#include <string>
#include <utility>

#include "cmd/dcp/exit_code.h"
#include "config/nearest.h"
#include "model/tls_words.h"

namespace dcp::cmd {
namespace {

constexpr char kAbout[] =
    "dcp proves, while both sides are being written to, that a MySQL target holds the same\n"
    "data as its source, and says within seconds which rows differ when it does not.";

CLI::App* AddRun(CLI::App& app, RunCommand* command) {
  CLI::App* sub = app.add_subcommand("run", "Check continuously, as a daemon");
  sub->add_option("--config", command->config, "Configuration file (TOML)")->required();
  sub->add_flag("--until-end", command->until_end,
                "Read collectors' files to their end, and judge them: 0 all same, 2 not");
  sub->footer(
      "Ends with SIGTERM or SIGINT: what has come is judged and told first.\n"
      "Example: dcp run --config dcp.toml");
  return sub;
}

CLI::App* AddCheckConfig(CLI::App& app, CheckConfigCommand* command) {
  CLI::App* sub = app.add_subcommand(
      "check-config", "Say what is wrong with a configuration, or what would be compared");
  sub->add_option("--config", command->config, "Configuration file (TOML)")->required();
  sub->add_flag("--send-test-alarm", command->send_test_alarm,
                "Send every [[alarm]] a test alarm and its end");
  sub->add_flag("--json", command->json, "One object with all of it, on one line");
  sub->footer(
      "Connects to the servers and names each setting that stands in the way with its cure.\n"
      "Exit status 78 if anything does.");
  return sub;
}

// Empty, or what is wrong with `target`.
std::string CheckTarget(const std::string& target) {
  const size_t colon = target.rfind(':');
  uint16_t port = 0;
  if (colon != std::string::npos && colon > 0) {
    const char* end = target.data() + target.size();
    const auto parsed = std::from_chars(target.data() + colon + 1, end, port);
    if (parsed.ec != std::errc() || parsed.ptr != end) port = 0;
  }
  return port != 0 ? "" : "'" + target + "' is not HOST:PORT";
}

// How to reach a daemon that asks who calls, and shows who it is.
void AddChannel(CLI::App& sub, ChannelOptions* channel) {
  const auto add = [&](const char* name, std::string* value, const char* what) {
    sub.add_option(name, *value, what)->group("Security");
  };
  sub.add_flag("--tls", channel->tls, "Use TLS, and trust the system's authorities")
      ->group("Security");
  add("--tls-ca", &channel->ca, "Use TLS, and trust the authorities in this file");
  add("--tls-cert", &channel->cert, "File with the certificate to show; with --tls-key");
  add("--tls-key", &channel->key, "File with its private key");
  add("--token-file", &channel->token_file,
      "File with the token of a [[token]] (default: the environment variable DCP_TOKEN)");
}

CLI::App* AddPush(CLI::App& app, PushCommand* command) {
  CLI::App* sub =
      app.add_subcommand("push", "Send JSON lines from standard input to a daemon's tag");
  sub->add_option("--target", command->channel.target, "HOST:PORT of a gRPC collector")
      ->required()
      ->check(CLI::Validator(CheckTarget, ""));
  AddChannel(*sub, &command->channel);
  sub->add_option("--tag", command->tag, "Tag of lines that name none");
  sub->add_option("--session", command->session,
                  "Name of the input: give it again with the same input to go on after a kill");
  sub->footer(
      "A line is {\"tag\",\"id\",\"barrier\"} or {\"tag\",\"id\",\"key\",\"content\","
      "\"checksum\"}.\n"
      "Example: echo '{\"id\":\"1\",\"key\":\"42\",\"content\":\"INSERT [42]\"}' | dcp push "
      "--target 127.0.0.1:9090 --tag dst");
  return sub;
}

std::vector<std::string> TlsWords() {
  std::vector<std::string> words;
  for (const model::TlsModeWord& mode : model::kTlsModeWords) words.emplace_back(mode.word);
  return words;
}

CLI::App* AddBinlog(CLI::App& app, BinlogCommand* command) {
  CLI::App* sub =
      app.add_subcommand("binlog", "Read row changes from a server's binlog or from files");
  const auto server = [&](CLI::Option* option) {
    return option->group("Server")->each(
        [command](const std::string&) { command->has_server = true; });
  };
  server(sub->add_option("--host", command->host, "Host (default 127.0.0.1)"));
  server(sub->add_option("--port", command->port, "Port (default 3306)"));
  server(sub->add_option("--socket", command->socket, "Unix socket, instead of host and port"));
  server(sub->add_option("--user", command->user, "User (default root)"));
  server(sub->add_option("--tls", command->tls, "TLS mode")->check(CLI::IsMember(TlsWords())));
  server(sub->add_option("--tls-ca", command->tls_ca, "File with the CA's certificate"));
  server(sub->add_option("--tls-cert", command->tls_cert, "File with this client's certificate"));
  server(sub->add_option("--tls-key", command->tls_key, "File with its key"));
  server(sub->add_option("--password-file", command->password_file,
                         "File with the password (otherwise: MYSQL_PWD)"));
  CLI::Option* gtid = sub->add_option("--from-gtid", command->from_gtid,
                                      "Begin behind the transactions of this GTID set");
  CLI::Option* file =
      sub->add_option("--from-file", command->from_file, "Begin in this binlog file ...");
  sub->add_option("--from-pos", command->from_pos, "... at this position (default 4)")->needs(file);
  gtid->excludes(file);
  sub->add_flag("--until-now", command->until_now, "End where the server's binlog ends now");
  sub->add_option("--table", command->tables, "Only this table: db.table, * for any characters");
  sub->add_option("--format", command->format, "Output")
      ->check(CLI::IsMember({"jsonl", "summary", "digest"}))
      ->capture_default_str();
  sub->add_option("files", command->files, "Binlog or relay log files, in order");
  sub->footer(
      "Without --from-…: from the server's oldest binlog.\n"
      "Examples: dcp binlog --port 3306 --user dcp --until-now --format summary\n"
      "          dcp binlog --table 'shop.*' /var/lib/mysql/binlog.000042");
  return sub;
}

CLI::App* AddVerify(CLI::App& app, VerifyCommand* command) {
  CLI::App* sub =
      app.add_subcommand("verify", "Compare all rows of a job's tables, while both sides live");
  sub->add_option("--config", command->config, "Configuration file (TOML)")->required();
  CLI::Option* job = sub->add_option("--job", command->job, "Name of a [[job]]");
  CLI::Option* check = sub->add_option("--check", command->check,
                                       "Name of a [[check]]: one row of it, with --tls-key");
  sub->add_option("--target", command->target, "The check's target, where it has several")
      ->needs(check);
  CLI::Option* key = sub->add_option("--key", command->key,
                                     "The row with this key, as alarms show it: shop.orders[42]")
                         ->needs(check);
  check->excludes(job)->needs(key);
  sub->callback([command] {
    if (command->job.empty() && command->check.empty()) {
      throw CLI::RequiredError("--job, or --check with --key,");
    }
  });
  sub->add_option("--where", command->where,
                  "Only rows that satisfy this SQL condition, on both sides, in each table")
      ->needs(job);
  CLI::Option* json =
      sub->add_flag("--json", command->json, "One line of JSON per difference and table");
  CLI::Option* explain = sub->add_flag("--explain", command->explain,
                                       "Say what would be read and how, and read no row");
  CLI::Option* schema =
      sub->add_flag("--schema-only", command->schema_only, "Compare the definitions only");
  explain->excludes(json)->excludes(schema);
  sub->add_option("--checkpoint", command->checkpoint,
                  "File to note in how far it has come; a run that finds it goes on from there")
      ->excludes(explain)
      ->excludes(schema)
      ->needs(job);
  sub->footer(
      "Exit status, added up: 0 all equal, 1 an error, 2 rows differ, 4 something could not be\n"
      "decided, 8 a table or a column was not compared. 78: not even begun.\n"
      "Examples: dcp verify --config dcp.toml --job nightly\n"
      "          dcp verify --config dcp.toml --check orders --key 'shop.orders[42]'");
  return sub;
}

// "--server" of the options.
CLI::Option* AddServer(CLI::App& sub, ChannelOptions* options) {
  CLI::Option* server =
      sub.add_option("--server", options->target, "HOST:PORT of a running dcp's [control]")
          ->check(CLI::Validator(CheckTarget, ""))
          ->group("Where");
  if (!options->target.empty()) server->capture_default_str();
  AddChannel(sub, options);
  return server;
}

CLI::App* AddStatus(CLI::App& app, StatusCommand* command) {
  CLI::App* sub = app.add_subcommand("status", "Say what a running dcp is doing");
  AddServer(*sub, &command->server);
  sub->add_flag("--json", command->json, "The object of HTTP's /status");
  sub->footer(
      "Exit status: 0; 78 where no dcp can be asked.\n"
      "Example: dcp status --server 127.0.0.1:9091");
  return sub;
}

CLI::App* AddWatch(CLI::App& app, WatchCommand* command) {
  CLI::App* sub = app.add_subcommand("watch", "Print alarms of a running dcp as they are told");
  AddServer(*sub, &command->server);
  sub->add_flag("--json", command->json, "One line of JSON per alarm (docs/alarms.md)");
  sub->add_option("--types", command->types,
                  "Only these: same, diff, unverified, timeout, resolved (default: all but same)")
      ->delimiter(',')
      ->check(CLI::IsMember({"same", "diff", "unverified", "timeout", "resolved"}));
  sub->add_option("--check", command->checks, "Only of this check");
  CLI::Option* oldest =
      sub->add_flag("--oldest", command->oldest, "Begin with the oldest alarm that is kept");
  sub->add_option("--after", command->cursor, "Begin behind this cursor")->excludes(oldest);
  sub->add_option("--cursor-file", command->cursor_file,
                  "Note in this file how far it has come; with one that is there, go on from it");
  sub->add_option("--count", command->count, "End after so many alarms");
  sub->footer(
      "Goes on by itself, without a gap, when the connection is lost or dcp is started again.\n"
      "Example: dcp watch --json --types diff,resolved --cursor-file ~/.dcp-cursor");
  return sub;
}

CLI::App* AddWait(CLI::App& app, WaitCommand* command) {
  CLI::App* sub = app.add_subcommand(
      "wait", "Wait until target and source are proven to be equal, for a cut-over");
  AddServer(*sub, &command->server);
  sub->add_option("--check", command->checks, "Name of a [[check]]; may be given again")
      ->required();
  CLI::Option* gtid = sub->add_option("--gtid", command->gtid,
                                      "Up to these transactions (otherwise: all committed by now)");
  sub->add_option("--barrier", command->barrier, "Up to this barrier, as for a pushed source")
      ->excludes(gtid);
  sub->add_option("--timeout", command->timeout, "So long at most: 30s, 10m");
  sub->add_flag("--json", command->json, "One line of JSON per target");
  sub->footer(
      "Exit status: 0 equal, 2 different, 4 not proven in time, or it cannot be; 1 an error;\n"
      "78 where no dcp can be asked. It proves what was changed while dcp looked; dcp verify\n"
      "proves the rest.\n"
      "Example: dcp wait --check orders --timeout 2m && ./switch-over");
  return sub;
}

using DiffsVerb = DiffsCommand::Verb;

void AddDiffsPlace(CLI::App& sub, DiffsCommand* command) {
  CLI::Option* dir = sub.add_option("--dir", command->dir, "State directory")
                         ->capture_default_str()
                         ->group("Where");
  CLI::Option* config =
      sub.add_option("--config", command->config, "Configuration file: its [state] dir")
          ->group("Where")
          ->excludes(dir);
  AddServer(sub, &command->server)->excludes(dir)->excludes(config);
}

void AddDiffsFilter(CLI::App& sub, DiffsCommand* command) {
  sub.add_option("--check", command->check, "Only of this check")->group("Which");
  sub.add_option("--target", command->target, "Only of this target's tag")->group("Which");
  sub.add_option("--table", command->table, "Only this table: db.table, * for any characters")
      ->group("Which");
}

void AddDiffsStates(CLI::App& sub, DiffsCommand* command) {
  sub.add_option("--status", command->states, "Only these: open, acknowledged, ignored, resolved")
      ->check(CLI::IsMember({"open", "acknowledged", "ignored", "resolved"}))
      ->group("Which");
  sub.add_flag("--all", command->all, "Resolved ones too")->group("Which");
}

CLI::App* AddDiffsVerb(CLI::App& diffs, DiffsCommand* command, DiffsVerb verb, const char* name,
                       const char* about) {
  CLI::App* sub = diffs.add_subcommand(name, about);
  sub->callback([command, verb] { command->verb = verb; });
  AddDiffsPlace(*sub, command);
  return sub;
}

void AddDiffsMarks(CLI::App& diffs, DiffsCommand* command) {
  CLI::App* ack = AddDiffsVerb(diffs, command, DiffsVerb::kAck, "ack",
                               "Acknowledge findings: they are not told again");
  ack->add_option("finding", command->names, "Number, key or alarm id")->required();
  ack->add_option("--note", command->note, "Why, and who");
  ack->add_flag("--undo", command->undo, "Take it back");

  CLI::App* ignore = AddDiffsVerb(diffs, command, DiffsVerb::kIgnore, "ignore",
                                  "Ignore findings, or all of a table or column: no alarm");
  ignore->add_option("finding", command->names, "Number, key or alarm id");
  AddDiffsFilter(*ignore, command);
  ignore->add_option("--column", command->column, "Rows that differ in this column only");
  CLI::Option* time = ignore->add_option("--for", command->for_time, "So long: 90s, 30m, 12h");
  ignore->add_option("--until", command->until, "Until then: 2030-01-31T06:00:00Z")->excludes(time);
  ignore->add_option("--note", command->note, "Why, and who");
  ignore->add_flag("--list", command->list_rules, "Show the rules there are");
  ignore->add_option("--remove", command->remove_rule, "Remove the rule of this number");
  ignore->footer(
      "An ignored row makes no alarm, but its segments stay different, never `same`.\n"
      "Examples: dcp diffs ignore 12 --for 12h --note 'repair is planned'\n"
      "          dcp diffs ignore --table 'shop.*' --column updated_at");
}

CLI::App* AddDiffs(CLI::App& app, DiffsCommand* command) {
  CLI::App* diffs = app.add_subcommand(
      "diffs", "List, show, acknowledge and ignore what differs, while the daemon runs too");
  diffs->require_subcommand(1);
  CLI::App* list = AddDiffsVerb(*diffs, command, DiffsVerb::kList, "list",
                                "One line per finding that is not resolved");
  AddDiffsFilter(*list, command);
  AddDiffsStates(*list, command);
  list->add_flag("--json", command->json, "One line of JSON per finding");
  CLI::App* show = AddDiffsVerb(*diffs, command, DiffsVerb::kShow, "show",
                                "All that is known of findings, and how to see them again");
  show->add_option("finding", command->names, "Number, key or alarm id")->required();
  show->add_flag("--json", command->json, "One line of JSON per finding");
  AddDiffsMarks(*diffs, command);
  CLI::App* all = AddDiffsVerb(*diffs, command, DiffsVerb::kExport, "export",
                               "All findings with their rows, one line of JSON each");
  AddDiffsFilter(*all, command);
  AddDiffsStates(*all, command);
  diffs->footer(
      "A finding is named by its number, its key (shop.orders[42]) or the id of its alarm.\n"
      "Example: dcp diffs list --config dcp.toml");
  return diffs;
}

CLI::App* AddRepair(CLI::App& app, RepairCommand* command) {
  CLI::App* sub = app.add_subcommand(
      "repair", "Make rows of a job's target equal that a verification found different");
  sub->add_option("--config", command->config, "Configuration file (TOML)")->required();
  sub->add_option("--job", command->job, "Name of a [[job]]")->required();
  sub->add_option("--report", command->report,
                  "What `dcp verify --json` printed, - for standard input (otherwise: verify now)");
  CLI::Option* dry =
      sub->add_flag("--dry-run", command->dry_run, "Print the statements only (the default)");
  CLI::Option* execute =
      sub->add_flag("--execute", command->execute, "Execute the statements on the target");
  CLI::Option* undo = sub->add_option(
      "--undo", command->undo, "New file for the statements that take it back (otherwise named)");
  sub->add_option("--rate", command->rate, "Statements per second, at most")
      ->check(CLI::Range(0.1, 100000.0))
      ->capture_default_str();
  CLI::Option* binlog = sub->add_flag("--no-binlog", command->no_binlog,
                                      "Keep the statements out of the target's binlog");
  sub->add_flag("--json", command->json, "One line of JSON per open row and table");
  execute->excludes(dry);
  undo->needs(execute);
  binlog->needs(execute);
  sub->footer(
      "Every row is read again on both sides first; a statement changes it only while it is the\n"
      "wrong row that was seen. The way back is on disk before each statement.\n"
      "Exit status, added up: 0 all equal now, 1 an error, 2 rows differ, 4 something could not\n"
      "be decided, 8 a table was skipped. 78: not even begun.\n"
      "Example: dcp verify --config dcp.toml --job nightly --json > report\n"
      "         dcp repair --config dcp.toml --job nightly --report report --execute");
  return sub;
}

bool LooksLikePassword(const std::string& arg) {
  const bool option = arg.rfind("--password", 0) == 0 && arg.rfind("--password-file", 0) != 0;
  return option || (arg.size() > 1 && arg[0] == '-' && arg[1] == 'p');
}

// The long option of `command` that it does not know, and what was meant; empty: all are known.
// Its value is not repeated.
std::string UnknownOption(const CLI::App& command, const std::vector<std::string>& args) {
  std::vector<std::string> known;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const std::string& arg : args) {
    if (arg == "--") break;
    if (arg.rfind("--", 0) != 0) continue;
    const std::string name = arg.substr(0, arg.find('='));
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return "unknown option '" + name + "'" + config::DidYouMean(name, known);
  }
  return "";
}

const std::vector<std::string>& AllCommands() {
  static const std::vector<std::string> kAll = {"run",    "check-config", "push",    "binlog",
                                                "verify", "repair",       "diffs",   "status",
                                                "watch",  "wait",         "generate"};
  return kAll;
}

std::string Commands() {
  std::string text;
  for (const std::string& name : AllCommands()) {
    if (!text.empty()) text += name == AllCommands().back() ? " and " : ", ";
    text += name;
  }
  return text;
}

std::string UnknownCommand(const std::vector<std::string>& args,
                           const std::vector<std::string>& known) {
  if (args.empty()) return "no command; there are " + Commands();
  return "unknown command '" + args[0] + "'" + config::DidYouMean(args[0], known) + "; there are " +
         Commands();
}

std::string DiffsUsageError(const CLI::App& app, const CLI::ParseError& error,
                            const std::vector<std::string>& args) {
  const std::vector<std::string> known = {"list", "show", "ack", "ignore", "export"};
  const std::string help = " (dcp diffs --help)";
  if (args.size() < 2) return "diffs needs list, show, ack, ignore or export" + help;
  if (std::find(known.begin(), known.end(), args[1]) == known.end()) {
    return "unknown command 'diffs " + args[1] + "'" + config::DidYouMean(args[1], known) + help;
  }
  const CLI::App& verb = *app.get_subcommand("diffs")->get_subcommand(args[1]);
  const std::string unknown = UnknownOption(verb, args);
  return (unknown.empty() ? error.what() : unknown) + " (dcp diffs " + args[1] + " --help)";
}

// Never repeats what may be a password.
std::string UsageError(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (std::any_of(args.begin(), args.end(), LooksLikePassword)) {
    return "a password cannot be given on the command line: use --password-file or MYSQL_PWD";
  }
  const std::vector<std::string>& known = AllCommands();
  if (args.empty() || std::find(known.begin(), known.end(), args[0]) == known.end()) {
    return UnknownCommand(args, known) + " (dcp --help)";
  }
  if (args[0] == "diffs") return DiffsUsageError(app, error, args);
  const std::string unknown = UnknownOption(*app.get_subcommand(args[0]), args);
  return (unknown.empty() ? error.what() : unknown) + " (dcp " + args[0] + " --help)";
}

CLI::App* AddGenerate(CLI::App& app, GenerateCommand* command) {
  CLI::App* sub =
      app.add_subcommand("generate", "Print the completion of a shell, or the manual page");
  sub->add_option("what", command->what, "The shell, or man")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "man"}));
  sub->footer(
      "The package brings all three. Elsewhere:\n"
      "  dcp generate bash > /etc/bash_completion.d/dcp\n"
      "  dcp generate zsh > /usr/local/share/zsh/site-functions/_dcp\n"
      "  dcp generate man | man -l -");
  return sub;
}

// Parses, or, where `tree` is given, only describes what could be parsed.
ParsedCommandLine ParseOrDescribe(int argc, char** argv, CommandNode* tree) {
  CLI::App app{kAbout, "dcp"};
  app.set_version_flag("--version", "dcp " DCP_VERSION);
  app.require_subcommand(1);
  RunCommand run;
  CheckConfigCommand check_config;
  PushCommand push;
  BinlogCommand binlog;
  VerifyCommand verify;
  DiffsCommand diffs;
  const CLI::App* run_app = AddRun(app, &run);
  const CLI::App* check_app = AddCheckConfig(app, &check_config);
  const CLI::App* push_app = AddPush(app, &push);
  const CLI::App* binlog_app = AddBinlog(app, &binlog);
  const CLI::App* verify_app = AddVerify(app, &verify);
  const CLI::App* diffs_app = AddDiffs(app, &diffs);
  RepairCommand repair;
  const CLI::App* repair_app = AddRepair(app, &repair);
  StatusCommand status;
  WatchCommand watch;
  WaitCommand wait;
  const CLI::App* status_app = AddStatus(app, &status);
  const CLI::App* watch_app = AddWatch(app, &watch);
  const CLI::App* wait_app = AddWait(app, &wait);
  GenerateCommand generate;
  const CLI::App* generate_app = AddGenerate(app, &generate);
  NameValues(&app);
  if (tree != nullptr) {
    *tree = DescribeApp(app);
    return {};
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // also --help and --version
    if (error.get_exit_code() == 0) return {std::nullopt, app.exit(error)};
    std::cerr << "dcp: error: " << UsageError(app, error, argc, argv) << "\n";
    return {std::nullopt, kExitUsage};
  }
  if (run_app->parsed()) return {run, 0};
  if (check_app->parsed()) return {check_config, 0};
  if (push_app->parsed()) return {push, 0};
  if (binlog_app->parsed()) return {binlog, 0};
  if (verify_app->parsed()) return {verify, 0};
  if (diffs_app->parsed()) return {diffs, 0};
  if (repair_app->parsed()) return {repair, 0};
  if (status_app->parsed()) return {status, 0};
  if (watch_app->parsed()) return {watch, 0};
  if (wait_app->parsed()) return {wait, 0};
  if (generate_app->parsed()) return {generate, 0};
  return {std::nullopt, kExitUsage};
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, char** argv) {
  return ParseOrDescribe(argc, argv, nullptr);
}

CommandNode DescribeCommandLine() {
  CommandNode tree;
  ParseOrDescribe(0, nullptr, &tree);
  return tree;
}

}  // namespace dcp::cmd
