#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cmd/dcp/inspect.h"

namespace dcp::cmd {
namespace {

using Cells = std::vector<std::string>;

// More are counted only.
constexpr size_t kMaxTables = 20;

void PrintTable(const std::vector<Cells>& rows, std::ostream& out) {
  std::vector<size_t> widths;
  for (const Cells& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Cells& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, "  ", row[i], std::string(widths[i] - row[i].size(), ' '));
    }
    line.resize(line.find_last_not_of(' ') + 1);
    out << line << "\n";
  }
  out << "\n";
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

void PrintServers(const std::vector<InspectedServer>& servers, std::ostream& out) {
  if (servers.empty()) return;
  std::vector<Cells> rows = {{"server", "role", "address", "version", "server_uuid", "settings"}};
  for (const InspectedServer& server : servers) {
    rows.push_back({server.name, server.roles.empty() ? "unused" : absl::StrJoin(server.roles, ","),
                    server.address, server.reached ? OrDash(server.version) : "not reached",
                    OrDash(server.uuid), OrDash(server.settings)});
  }
  PrintTable(rows, out);
}

void PrintPairs(const std::vector<InspectedPair>& pairs, std::ostream& out) {
  if (pairs.empty()) return;
  std::vector<Cells> rows = {{"check", "source", "target", "align", "because"}};
  for (const InspectedPair& pair : pairs) {
    rows.push_back(
        {pair.check, pair.source.value(), pair.target.value(), AlignText(pair.align), pair.reason});
  }
  PrintTable(rows, out);
}

void PrintTags(const std::vector<InspectedTag>& tags, std::ostream& out) {
  std::vector<Cells> rows = {{"tag", "table", "compared as", "key", "not compared"}};
  for (const InspectedTag& tag : tags) {
    for (size_t i = 0; i < std::min(kMaxTables, tag.tables.size()); ++i) {
      const InspectedTable& table = tag.tables[i];
      rows.push_back({tag.tag.value(), table.name, table.logical,
                      table.key.empty() ? "none" : absl::StrJoin(table.key, ", "),
                      OrDash(table.left_out)});
    }
    if (tag.tables.size() > kMaxTables) {
      rows.push_back(
          {tag.tag.value(), absl::StrCat("and ", tag.tables.size() - kMaxTables, " more")});
    }
  }
  if (rows.size() > 1) PrintTable(rows, out);
}

}  // namespace

const char* AlignText(config::Align align) {
  switch (align) {
    case config::Align::kGtid:
      return "gtid";
    case config::Align::kBarrier:
      return "barrier";
    case config::Align::kAuto:
      break;
  }
  return "unknown";
}

void PrintInspection(const Inspection& inspection, std::ostream& out) {
  PrintServers(inspection.servers, out);
  PrintPairs(inspection.pairs, out);
  PrintTags(inspection.tags, out);
}

void PrintFaults(const Inspection& inspection, std::ostream& out) {
  for (const std::string& warning : inspection.warnings) {
    out << "dcp: warning: " << warning << "\n";
  }
  for (const InspectionProblem& problem : inspection.problems) {
    out << "dcp: error: " << problem.where << ": " << problem.message << "; fix: " << problem.cure
        << "\n";
  }
}

}  // namespace dcp::cmd
