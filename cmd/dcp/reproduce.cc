#include "cmd/dcp/reproduce.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cmd/dcp/feed.h"

namespace dcp::cmd {
namespace {

using nlohmann::json;

bool IsPlain(const std::string& text) {
  constexpr absl::string_view kHarmless = "_-./:@%+,";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || kHarmless.find(static_cast<char>(c)) != kHarmless.npos;
  });
}

// "": the same without a word.
absl::string_view ModeWord(model::TlsMode mode) {
  switch (mode) {
    case model::TlsMode::kDefault:
      return "";
    case model::TlsMode::kDisabled:
      return "disabled";
    case model::TlsMode::kPreferred:
      return "preferred";
    case model::TlsMode::kRequired:
      return "required";
    case model::TlsMode::kVerifyCa:
      return "verify-ca";
    case model::TlsMode::kVerifyIdentity:
      return "verify-identity";
  }
  return "";
}

std::string ServerWords(const model::ConnectionOptions& server) {
  std::string words;
  if (server.socket.empty()) {
    absl::StrAppend(&words, " --host ", ShellWord(server.host), " --port ", server.port);
  } else {
    absl::StrAppend(&words, " --socket ", ShellWord(server.socket));
  }
  absl::StrAppend(&words, " --user ", ShellWord(server.user));
  const absl::string_view mode = ModeWord(server.tls.mode);
  if (!mode.empty()) absl::StrAppend(&words, " --tls ", mode);
  return words;
}

// The table's own name on the server, where the tag gives it no other.
std::string TableWords(const config::MysqlTagOptions& tag, const json& table) {
  const bool renamed = std::any_of(tag.tables.begin(), tag.tables.end(),
                                   [](const auto& rule) { return !rule.as.empty(); });
  if (renamed || !table.is_string()) return "";
  return absl::StrCat(" --table ", ShellWord(table.get<std::string>()));
}

// "": there is nothing to read.
std::string LineOf(const Feed& feed, const json& table, const json& change) {
  if (feed.pushed() || feed.of_files() || !change.is_object()) return "";
  const json file = change.value("file", json());
  if (!file.is_string()) return "";
  std::string line = absl::StrCat("dcp binlog", ServerWords(feed.mysql->connection),
                                  " --from-file ", ShellWord(file.get<std::string>()),
                                  " --until-now", TableWords(*feed.mysql_tag, table));
  const json txn = change.value("txn", json());
  if (txn.is_string()) {
    absl::StrAppend(&line, " | grep -F ", ShellWord(absl::StrCat("\"gtid\":", txn.dump())));
  }
  return line;
}

}  // namespace

std::string ShellWord(const std::string& text) {
  if (IsPlain(text)) return text;
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", R"('\'')"}}), "'");
}

std::vector<std::string> LinesThatShow(const config::Config& config, const std::string& check,
                                       const std::string& target,
                                       const std::string& difference_json) {
  std::vector<std::string> lines;
  const auto options = std::find_if(config.checks.begin(), config.checks.end(),
                                    [&](const auto& one) { return one.name == check; });
  const json difference = json::parse(difference_json, nullptr, /*allow_exceptions=*/false);
  if (options == config.checks.end() || !difference.is_object()) return lines;
  const json table = difference.value("table", json());
  for (const auto& [side, tag] :
       {std::pair("source", options->source), std::pair("target", model::Tag(target))}) {
    std::string line = LineOf(FeedOf(config, tag), table, difference.value(side, json()));
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace dcp::cmd
