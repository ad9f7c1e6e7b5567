#include "cmd/dcp/inspect_files.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cmd/dcp/file_list.h"
#include "mysql/connection.h"

namespace dcp::cmd {
namespace {

using config::MysqlCollectorOptions;
using config::MysqlTagOptions;

constexpr absl::Duration kReadTimeout = absl::Seconds(60);

// One side of a check.
struct Side {
  const MysqlCollectorOptions* collector = nullptr;
  const MysqlTagOptions* tag = nullptr;
  const InspectedFiles* files = nullptr;  // null: they could not be read
};

std::string Where(const MysqlCollectorOptions& collector) {
  return absl::StrCat("collector '", collector.name, "'");
}

absl::StatusOr<InspectedFiles> Read(const MysqlCollectorOptions& collector) {
  InspectedFiles files;
  DCP_ASSIGN_OR_RETURN(files.names, ExpandFiles(collector.files));
  DCP_ASSIGN_OR_RETURN(files.survey, mysql::SurveyFiles(files.names, collector.start.position));
  return files;
}

bool SameServer(const mysql::FileSurvey& a, const mysql::FileSurvey& b) {
  if (a.mariadb != b.mariadb) return false;
  const model::Uuid unknown{};
  if (a.server_uuid != unknown && b.server_uuid != unknown) return a.server_uuid == b.server_uuid;
  return a.server_id == b.server_id;
}

// A table of the one that is also compared under its name on the other.
const config::TableRule* ComparedWithItself(const MysqlTagOptions& a, const MysqlTagOptions& b) {
  for (const config::TableRule& rule : a.tables) {
    for (const config::TableRule& other : b.tables) {
      if (rule.match == other.match && rule.as == other.as) return &rule;
    }
  }
  return nullptr;
}

class FileInspector {
 public:
  FileInspector(const config::Config& config, Inspection* inspection)
      : config_(config), inspection_(*inspection) {}

  void Run() {
    for (const MysqlCollectorOptions& collector : config_.mysql_collectors) {
      if (!collector.files.empty()) InspectCollector(collector);
    }
    for (const config::CheckOptions& check : config_.checks) {
      const Side source = Find(check.source);
      if (source.tag == nullptr) continue;
      for (const model::Tag& target : check.targets) InspectPair(check, source, Find(target));
    }
  }

 private:
  void Problem(const MysqlCollectorOptions& collector, std::string setting, std::string message,
               std::string cure) {
    inspection_.problems.push_back(
        {Where(collector), std::move(setting), std::move(message), std::move(cure)});
  }

  void InspectCollector(const MysqlCollectorOptions& collector) {
    InspectedServer report;
    report.name = collector.name;
    report.roles = {"files"};
    auto files = Read(collector);
    if (files.ok()) {
      report.reached = true;
      report.address = DescribeFiles(files->names);
      report.version = files->survey.mariadb ? "MariaDB" : "MySQL";
      report.server_id = files->survey.server_id;
      if (files->survey.server_uuid != model::Uuid{}) {
        report.uuid = model::ToString(files->survey.server_uuid);
      }
      report.settings = files->survey.has_gtids ? "GTIDs" : "no GTIDs";
      CheckReadOnce(collector, files->names);
      inspection_.files.emplace(collector.name, *std::move(files));
    } else {
      report.address = collector.files[0];
      Problem(collector, "files", std::string(files.status().message()),
              "correct 'files' or 'start'");
    }
    if (collector.has_server) CheckSchemaServer(collector);
    inspection_.servers.push_back(std::move(report));
  }

  // The same file on both sides would be compared with itself.
  void CheckReadOnce(const MysqlCollectorOptions& collector,
                     const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      std::error_code error;
      const std::string path = std::filesystem::weakly_canonical(name, error).string();
      if (error || read_.insert(path).second) continue;
      return Problem(collector, "files", absl::StrCat(name, " is named twice"),
                     "name each file once; one collector may feed several tags");
    }
  }

  void CheckSchemaServer(const MysqlCollectorOptions& collector) {
    const auto connection = mysql::Connection::Connect(collector.connection, kReadTimeout);
    if (connection.ok()) return;
    Problem(collector, "host", std::string(connection.status().message()),
            "correct 'host', 'user' and password of the server that knows the files' tables");
  }

  Side Find(const model::Tag& tag) const {
    for (const MysqlCollectorOptions& collector : config_.mysql_collectors) {
      if (collector.files.empty()) continue;
      for (const MysqlTagOptions& options : collector.tags) {
        if (options.tag != tag) continue;
        const auto files = inspection_.files.find(collector.name);
        return {&collector, &options, files == inspection_.files.end() ? nullptr : &files->second};
      }
    }
    return {};
  }

  void InspectPair(const config::CheckOptions& check, const Side& source, const Side& target) {
    if (target.tag == nullptr) return;
    InspectedPair pair{check.name, source.tag->tag, target.tag->tag, check.align,
                       "the configuration says so"};
    if (check.align == config::Align::kAuto) {
      pair.reason = "by GTIDs, if the target's first common barrier has the source's";
    }
    if (source.files != nullptr && target.files != nullptr) {
      CheckServers(check, source, target);
      CheckAlign(check, source.files->survey, target);
    }
    inspection_.pairs.push_back(std::move(pair));
  }

  void CheckServers(const config::CheckOptions& check, const Side& source, const Side& target) {
    if (!SameServer(source.files->survey, target.files->survey)) return;
    const config::TableRule* same = ComparedWithItself(*source.tag, *target.tag);
    if (same == nullptr) return;
    Problem(*target.collector, "files",
            absl::StrCat("source and target of check '", check.name,
                         "' are files of one server (server_id ", source.files->survey.server_id,
                         "), and ", same->match, " is compared with itself"),
            "give the files of the target's server");
  }

  void CheckAlign(const config::CheckOptions& check, const mysql::FileSurvey& source,
                  const Side& target) {
    const mysql::FileSurvey& survey = target.files->survey;
    const bool gtids = source.has_gtids && survey.has_gtids && source.mariadb == survey.mariadb;
    if (check.align != config::Align::kGtid || gtids) return;
    Problem(*target.collector, "align",
            absl::StrCat("align = \"gtid\" of check '", check.name,
                         "' does not hold: the files of both sides have to have GTIDs of one kind"),
            "set align = \"auto\"");
  }

  const config::Config& config_;
  Inspection& inspection_;
  std::set<std::string> read_;
};

}  // namespace

void InspectFiles(const config::Config& config, Inspection* inspection) {
  FileInspector(config, inspection).Run();
}

}  // namespace dcp::cmd
