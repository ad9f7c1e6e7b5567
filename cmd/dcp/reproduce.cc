#include "cmd/dcp/reproduce.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "alarm/text.h"
#include "cmd/dcp/feed.h"
#include "model/tls_words.h"

namespace dcp::cmd {
namespace {

using nlohmann::json;

bool IsPlain(const std::string& text) {
  constexpr absl::string_view kHarmless = "_-./:@%+,";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || kHarmless.find(static_cast<char>(c)) != kHarmless.npos;
  });
}

// A value that begins like an option is none.
std::string Option(absl::string_view name, const std::string& value) {
  return absl::StrCat(" --", name, value.substr(0, 1) == "-" ? "=" : " ", ShellWord(value));
}

std::string OptionIfGiven(absl::string_view name, const std::string& value) {
  return value.empty() ? "" : Option(name, value);
}

std::string ServerWords(const model::ConnectionOptions& server) {
  std::string words;
  if (server.socket.empty()) {
    absl::StrAppend(&words, Option("host", server.host), " --port ", server.port);
  } else {
    absl::StrAppend(&words, Option("socket", server.socket));
  }
  absl::StrAppend(
      &words, Option("user", server.user), OptionIfGiven("tls", ToString(server.tls.mode)),
      OptionIfGiven("tls-ca", server.tls.ca), OptionIfGiven("tls-cert", server.tls.cert),
      OptionIfGiven("tls-key", server.tls.key));
  return words;
}

// The table's own name on the server, where the tag gives it no other.
std::string TableWords(const config::MysqlTagOptions& tag, const json& table) {
  const bool renamed = std::any_of(tag.tables.begin(), tag.tables.end(),
                                   [](const auto& rule) { return !rule.as.empty(); });
  if (renamed || !table.is_string()) return "";
  return Option("table", table.get<std::string>());
}

// "": there is nothing to read.
std::string LineOf(const Feed& feed, const json& table, const json& change) {
  if (feed.pushed() || feed.of_files() || !change.is_object()) return "";
  const json file = change.value("file", json());
  if (!file.is_string()) return "";
  std::string line = absl::StrCat("dcp binlog", ServerWords(feed.mysql->connection),
                                  Option("from-file", file.get<std::string>()), " --until-now",
                                  TableWords(*feed.mysql_tag, table));
  const json txn = change.value("txn", json());
  if (txn.is_string()) {
    absl::StrAppend(&line, " | grep -F ", ShellWord(absl::StrCat("\"gtid\":", txn.dump())));
  }
  return line;
}

// Not that of a statement on the table, of another form, nor masked.
bool IsKeyOfARow(const ShownFinding& finding) {
  absl::string_view values = finding.key_text;
  return !finding.table.empty() && absl::ConsumePrefix(&values, finding.table) &&
         alarm::IsJsonArray(values) && !absl::StrContains(values, R"("***")") &&
         !absl::StrContains(values, R"("hash:)");
}

}  // namespace

std::string ShellWord(const std::string& text) {
  if (IsPlain(text)) return text;
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", R"('\'')"}}), "'");
}

std::vector<std::string> LinesThatShow(const config::Config& config, const ShownFinding& finding) {
  std::vector<std::string> lines;
  const auto check = std::find_if(config.checks.begin(), config.checks.end(),
                                  [&](const auto& one) { return one.name == finding.check; });
  if (check == config.checks.end()) return lines;
  const model::Tag target(finding.target);
  const Feed from = FeedOf(config, check->source), to = FeedOf(config, target);
  const json difference = json::parse(finding.json, nullptr, /*allow_exceptions=*/false);
  if (difference.is_object()) {
    const json table = difference.value("table", json());
    for (const auto& [side, feed] : {std::pair("source", from), std::pair("target", to)}) {
      std::string line = LineOf(feed, table, difference.value(side, json()));
      if (!line.empty()) lines.push_back(std::move(line));
    }
  }
  const bool readable = !from.pushed() && !to.pushed() && !from.of_files() && !to.of_files();
  if (!readable || !IsKeyOfARow(finding)) return lines;
  std::string line =
      absl::StrCat("dcp verify", Option("config", finding.config), Option("check", finding.check));
  if (check->targets.size() > 1) absl::StrAppend(&line, Option("target", finding.target));
  lines.push_back(absl::StrCat(line, Option("key", finding.key_text)));
  return lines;
}

}  // namespace dcp::cmd
