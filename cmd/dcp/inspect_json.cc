#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "alarm/text.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/inspect.h"

namespace dcp::cmd {
namespace {

using alarm::JsonString;

template <typename Items, typename ToText>
std::string Array(const Items& items, ToText to_text) {
  return absl::StrCat(
      "[",
      absl::StrJoin(items, ",", [&](std::string* out, const auto& item) { *out += to_text(item); }),
      "]");
}

std::string Strings(const std::vector<std::string>& texts) {
  return Array(texts, [](const std::string& text) { return JsonString(text); });
}

std::string ServerJson(const InspectedServer& server) {
  return absl::StrCat("{\"name\":", JsonString(server.name), ",\"roles\":", Strings(server.roles),
                      ",\"address\":", JsonString(server.address),
                      ",\"reached\":", server.reached ? "true" : "false",
                      ",\"version\":", JsonString(server.version),
                      ",\"uuid\":", JsonString(server.uuid), ",\"server_id\":", server.server_id,
                      ",\"settings\":", JsonString(server.settings), "}");
}

std::string PairJson(const InspectedPair& pair) {
  return absl::StrCat("{\"check\":", JsonString(pair.check),
                      ",\"source\":", JsonString(pair.source.value()),
                      ",\"target\":", JsonString(pair.target.value()), ",\"align\":\"",
                      AlignText(pair.align), "\",\"because\":", JsonString(pair.reason), "}");
}

std::string TagJson(const InspectedTag& tag) {
  const auto table_json = [](const InspectedTable& table) {
    return absl::StrCat("{\"table\":", JsonString(table.name),
                        ",\"as\":", JsonString(table.logical), ",\"key\":", Strings(table.key),
                        ",\"not_compared\":", JsonString(table.left_out), "}");
  };
  return absl::StrCat("{\"tag\":", JsonString(tag.tag.value()),
                      ",\"collector\":", JsonString(tag.collector),
                      ",\"tables\":", Array(tag.tables, table_json), "}");
}

std::string ProblemJson(const InspectionProblem& problem) {
  return absl::StrCat(
      "{\"where\":", JsonString(problem.where), ",\"setting\":", JsonString(problem.setting),
      ",\"message\":", JsonString(problem.message), ",\"fix\":", JsonString(problem.cure), "}");
}

}  // namespace

std::string InspectionJson(const Inspection& inspection) {
  return absl::StrCat("{\"ok\":", inspection.exit_status() == kExitOk ? "true" : "false",
                      ",\"servers\":", Array(inspection.servers, ServerJson),
                      ",\"checks\":", Array(inspection.pairs, PairJson),
                      ",\"tags\":", Array(inspection.tags, TagJson),
                      ",\"errors\":", Array(inspection.problems, ProblemJson),
                      ",\"warnings\":", Strings(inspection.warnings), "}");
}

}  // namespace dcp::cmd
