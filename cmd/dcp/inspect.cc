#include "cmd/dcp/inspect.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "barrier/barrier_table.h"
#include "base/status.h"
#include "cmd/dcp/alignment.h"
#include "cmd/dcp/columns.h"
#include "cmd/dcp/connection_fault.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/inspect_files.h"
#include "cmd/dcp/local_checks.h"
#include "cmd/dcp/setting_text.h"
#include "cmd/dcp/table_list.h"
#include "cmd/dcp/table_warnings.h"
#include "mysql/connection.h"
#include "mysql/server_settings.h"
#include "verifier/table_rule.h"

namespace dcp::cmd {
namespace {

using config::MysqlTagOptions;
using mysql::ServerSettings;
using mysql::SettingProblem;
using verifier::TableName;
using verifier::TableRule;
using Names = std::vector<std::string>;

constexpr absl::Duration kReadTimeout = absl::Seconds(60);
// One connection under inspection.
struct Subject {
  InspectedServer report;
  const config::MysqlCollectorOptions* collector = nullptr;  // null: a barrier's
  const config::BarrierOptions* barrier = nullptr;
  std::unique_ptr<mysql::Connection> connection;  // null: not reached
  ServerSettings settings;

  bool Has(absl::string_view role) const {
    return std::find(report.roles.begin(), report.roles.end(), role) != report.roles.end();
  }
  // Its place in the configuration.
  std::string Section() const {
    if (collector == nullptr) return absl::StrCat("[barrier] (id ", barrier->id, ")");
    return absl::StrCat("[[collector]] '", report.name, "'");
  }
  std::string Where() const {
    if (collector == nullptr) return absl::StrCat("barrier (", report.address, ")");
    const std::string role =
        report.roles.empty() ? "collector" : absl::StrJoin(report.roles, " and ");
    return absl::StrCat(role, " '", report.name, "' (", report.address, ")");
  }
};

std::vector<TableRule> ToRules(const MysqlTagOptions& tag) {
  std::vector<TableRule> rules;
  for (const config::TableRule& rule : tag.tables) {
    rules.push_back({rule.match, rule.as, rule.ignore_columns});
  }
  return rules;
}

std::vector<collector::ViewedColumn> WithIgnored(std::vector<collector::ViewedColumn> columns,
                                                 const Names& ignored) {
  for (collector::ViewedColumn& column : columns) {
    column.ignored = std::any_of(ignored.begin(), ignored.end(), [&](const std::string& name) {
      return absl::EqualsIgnoreCase(name, column.name);
    });
  }
  return columns;
}

class Inspector {
 public:
  Inspector(const config::Config& config, Scope scope) : config_(config), scope_(scope) {}

  Inspection Run() {
    if (scope_ == Scope::kAll) InspectMachine();
    AddSubjects();
    for (auto& subject : subjects_) Connect(*subject);
    for (auto& subject : subjects_) {
      if (subject->connection == nullptr) continue;
      if (subject->collector != nullptr) InspectCollector(*subject);
      if (subject->collector == nullptr) InspectBarrier(*subject);
    }
    CheckServerIds();
    InspectFiles(config_, &inspection_);
    for (const config::CheckOptions& check : config_.checks) {
      if (IsOfFiles(check.source)) continue;
      for (const model::Tag& target : check.targets) InspectPair(check, target);
    }
    NameLeftOut(config_, &inspection_.tags);
    for (auto& subject : subjects_) inspection_.servers.push_back(std::move(subject->report));
    return std::move(inspection_);
  }

 private:
  void InspectMachine() {
    const absl::Status state = CheckWritableDirectory(config_.state.dir);
    if (!state.ok()) {
      inspection_.problems.push_back({"[state]", "dir",
                                      absl::StrCat("dir = \"", config_.state.dir,
                                                   "\" cannot be written to: ", state.message()),
                                      "correct dir, or let dcp's user make files there"});
    }
    for (const config::GrpcCollectorOptions& collector : config_.grpc_collectors) {
      InspectListen(absl::StrCat("[[collector]] '", collector.name, "'"), collector.listen);
    }
    if (config_.http) InspectListen("[http]", config_.http->listen);
    if (config_.control) InspectListen("[control]", config_.control->listen);
  }

  // An address that is in use may be so by the dcp that runs with this configuration.
  void InspectListen(const std::string& section, const config::Endpoint& endpoint) {
    const absl::Status status = CheckListenAddress(endpoint);
    if (status.ok()) return;
    if (absl::IsUnavailable(status)) {
      return Warn(absl::StrCat(section, ": listen = ", status.message(),
                               ": by this dcp, if it runs already, or by another program, before "
                               "which it cannot start; choose another port"));
    }
    inspection_.problems.push_back({section, "listen",
                                    absl::StrCat("cannot listen on ", status.message()),
                                    "correct listen: an address of this machine, a free port"});
  }

  void AddSubjects() {
    for (const config::MysqlCollectorOptions& collector : config_.mysql_collectors) {
      if (!collector.files.empty()) continue;  // InspectFiles() has them
      auto subject = std::make_unique<Subject>();
      subject->collector = &collector;
      subject->report.name = collector.name;
      subject->report.address = Describe(collector.connection);
      subject->report.roles = RolesOf(collector);
      subjects_.push_back(std::move(subject));
    }
    for (const config::BarrierOptions& barrier : config_.barriers) {
      auto subject = std::make_unique<Subject>();
      subject->barrier = &barrier;
      subject->report.name = "barrier";
      subject->report.address = Describe(barrier.connection);
      subject->report.roles = {"barrier"};
      subjects_.push_back(std::move(subject));
    }
  }

  bool IsOfFiles(const model::Tag& tag) const {
    return std::any_of(config_.mysql_collectors.begin(), config_.mysql_collectors.end(),
                       [&](const config::MysqlCollectorOptions& collector) {
                         return !collector.files.empty() &&
                                std::any_of(
                                    collector.tags.begin(), collector.tags.end(),
                                    [&](const MysqlTagOptions& fed) { return fed.tag == tag; });
                       });
  }

  Names RolesOf(const config::MysqlCollectorOptions& collector) const {
    bool source = false;
    bool target = false;
    for (const MysqlTagOptions& tag : collector.tags) {
      for (const config::CheckOptions& check : config_.checks) {
        source |= check.source == tag.tag;
        target |=
            std::find(check.targets.begin(), check.targets.end(), tag.tag) != check.targets.end();
      }
    }
    Names roles;
    if (source) roles.push_back("source");
    if (target) roles.push_back("target");
    return roles;
  }

  void Connect(Subject& subject) {
    const model::ConnectionOptions& options =
        subject.collector != nullptr ? subject.collector->connection : subject.barrier->connection;
    absl::Status status = Open(options, subject);
    if (status.ok()) return;
    subject.connection = nullptr;
    ConnectionFault fault = ExplainConnection(subject.Section(), options, status);
    InspectionProblem problem{subject.Where(), std::move(fault.setting), std::move(fault.message),
                              std::move(fault.cure)};
    // One dead server is one problem, however many connections go there.
    const bool known = std::any_of(
        inspection_.problems.begin(), inspection_.problems.end(), [&](const InspectionProblem& p) {
          return p.setting == problem.setting && p.message == problem.message &&
                 absl::StrContains(p.where, absl::StrCat("(", subject.report.address, ")"));
        });
    if (!known) inspection_.problems.push_back(std::move(problem));
  }

  static absl::Status Open(const model::ConnectionOptions& options, Subject& subject) {
    DCP_ASSIGN_OR_RETURN(subject.connection, mysql::Connection::Connect(options, kReadTimeout));
    // Generated invisible keys are keys too; servers before 8.0.30 have none.
    subject.connection->Execute("SET SESSION show_gipk_in_create_table_and_information_schema = ON")
        .IgnoreError();
    DCP_ASSIGN_OR_RETURN(subject.settings, mysql::ReadServerSettings(*subject.connection));
    subject.report.reached = true;
    subject.report.version = subject.settings.version;
    subject.report.uuid = subject.settings.server_uuid;
    subject.report.server_id = subject.settings.server_id;
    subject.report.settings = Summary(subject.settings);
    return absl::OkStatus();
  }

  void Add(const Subject& subject, absl::string_view setting, absl::string_view message,
           absl::string_view cure) {
    // What is wrong with a server is said once, however many collectors read it.
    const std::string identity =
        absl::StrCat(subject.settings.server_uuid.empty() ? subject.report.address
                                                          : subject.settings.server_uuid,
                     "\n", setting, "\n", message);
    if (!said_.insert(identity).second) return;
    inspection_.problems.push_back(
        {subject.Where(), std::string(setting), std::string(message), std::string(cure)});
  }

  void Add(const Subject& subject, std::vector<SettingProblem> problems) {
    DropConsequences(&problems);
    for (const SettingProblem& problem : problems) {
      absl::string_view message = problem.message;
      absl::ConsumePrefix(&message, absl::StrCat(subject.settings.server, ": "));
      Add(subject, problem.setting, message, problem.cure_sql);
    }
  }

  void Warn(std::string text) { inspection_.warnings.push_back(std::move(text)); }

  void InspectCollector(Subject& subject) {
    std::set<std::string> databases = {barrier::kDatabase};
    const absl::Status status = InspectTables(subject, &databases);
    if (!status.ok()) Add(subject, "tables", status.message(), "see the message");
    const Names names(databases.begin(), databases.end());
    if (subject.Has("source")) Add(subject, CheckAsSource(subject.settings, names));
    if (subject.Has("target")) Add(subject, CheckAsTarget(subject.settings, names));
  }

  absl::Status InspectTables(Subject& subject, std::set<std::string>* databases) {
    DCP_ASSIGN_OR_RETURN(const std::vector<TableName> tables, ListTables(*subject.connection));
    DCP_ASSIGN_OR_RETURN(const TableKeys primary, ReadPrimaryKeys(*subject.connection));
    DCP_ASSIGN_OR_RETURN(TableColumns columns, ReadColumns(*subject.connection));
    DCP_ASSIGN_OR_RETURN(const TableEngines engines, ReadEngines(*subject.connection));
    for (const MysqlTagOptions& options : subject.collector->tags) {
      if (!options.used) continue;
      const std::vector<TableRule> rules = ToRules(options);
      InspectedTag tag{options.tag, subject.report.name, {}};
      std::set<const TableRule*> matched;
      for (const TableName& table : tables) {
        const TableRule* rule = FindRule(rules, table);
        if (rule == nullptr) continue;
        matched.insert(rule);
        databases->insert(table.database);
        const ListedColumns& listed = columns[table.ToString()];
        InspectedTable inspected;
        inspected.name = table.ToString();
        inspected.logical = LogicalName(*rule, table);
        DCP_ASSIGN_OR_RETURN(inspected.key, KeyOf(*subject.connection, table, primary));
        // Another tag may take the table too.
        inspected.columns = WithIgnored(listed.columns, rule->ignore_columns);
        inspected.types = listed.types;
        DCP_RETURN_IF_ERROR(InspectStorage(subject, table, engines, &inspected));
        tag.tables.push_back(std::move(inspected));
      }
      for (const TableRule& rule : rules) {
        const std::string database = verifier::SplitTableName(rule.match).database;
        const bool exact = database.find_first_of("*?") == std::string::npos;
        if (exact) databases->insert(database);
        if (!matched.contains(&rule)) WarnUnmatched(subject, options, rule, exact ? database : "");
      }
      for (const std::string& warning :
           TableWarnings(tag.tables, subject.settings, subject.Has("target"))) {
        Warn(absl::StrCat(subject.Where(), ": ", warning));
      }
      if (subject.Has("target")) CheckBlackholes(subject, tag);
      inspection_.tags.push_back(std::move(tag));
    }
    return absl::OkStatus();
  }

  // Where the account may not see the database, that is said already.
  void WarnUnmatched(const Subject& subject, const MysqlTagOptions& tag, const TableRule& rule,
                     const std::string& database) {
    if (!mysql::HasPrivilege(subject.settings.grants, "SELECT", database)) return;
    Warn(absl::StrCat(subject.Where(), ": no table matches \"", rule.match, "\" of tag '",
                      tag.tag.value(), "' now"));
  }

  absl::Status InspectStorage(const Subject& subject, const TableName& table,
                              const TableEngines& engines, InspectedTable* inspected) {
    const auto engine = engines.of_tables.find(table.ToString());
    if (engine == engines.of_tables.end()) return absl::OkStatus();  // gone meanwhile
    inspected->engine = engine->second;
    inspected->transactional = engines.transactional.contains(engine->second);
    if (!subject.settings.native_foreign_keys || inspected->engine != "InnoDB") {
      return absl::OkStatus();
    }
    DCP_ASSIGN_OR_RETURN(inspected->cascades, ReadCascades(*subject.connection, table));
    return absl::OkStatus();
  }

  // It logs rows that it does not hold.
  void CheckBlackholes(const Subject& subject, const InspectedTag& tag) {
    Names names;
    for (const InspectedTable& table : tag.tables) {
      if (absl::EqualsIgnoreCase(table.engine, "BLACKHOLE")) names.push_back(table.name);
    }
    if (names.empty()) return;
    Add(subject, "engine",
        absl::StrCat(ListNames(names), names.size() == 1 ? " is" : " are",
                     " of ENGINE = BLACKHOLE: what the binlog shows of it is not held"),
        absl::StrCat("ALTER TABLE ", names[0], " ENGINE = InnoDB, or leave it out of the check"));
  }

  void CheckServerIds() {
    for (size_t i = 0; i < subjects_.size(); ++i) {
      const Subject& subject = *subjects_[i];
      if (subject.collector == nullptr || subject.connection == nullptr) continue;
      const uint32_t id = subject.collector->server_id;
      if (id == subject.settings.server_id) {
        Add(subject, "server_id",
            absl::StrCat("server_id = ", id, " of the collector is the server's own"),
            "give the collector a server_id that no server and no replica uses");
      }
      for (size_t j = 0; j < i; ++j) CheckServerIdPair(subject, *subjects_[j]);
      CheckReplicaIds(subject);
    }
  }

  // Two readers of one binlog with one server_id end each other's streams.
  void CheckReplicaIds(const Subject& subject) {
    const uint32_t id = subject.collector->server_id;
    std::string user;
    for (const auto& other : subjects_) {
      if (other->connection == nullptr || other->settings.server_id != id) continue;
      if (ReplicatesFrom(other->settings, subject.settings)) {
        user = absl::StrCat("its replica ", other->report.address);
      }
    }
    for (const mysql::RegisteredReplica& replica : subject.settings.replicas) {
      if (replica.server_id != id) continue;
      if (absl::StartsWith(replica.host, mysql::kReportedHostPrefix)) {
        Warn(absl::StrCat(subject.Where(), ": server_id = ", id,
                          " is in use by a dcp: by this one, if it runs already, or by another, "
                          "which needs a server_id of its own"));
      } else if (user.empty()) {
        user = absl::StrCat("its replica ", replica.host, ":", replica.port);
      }
    }
    if (user.empty()) return;
    Add(subject, "server_id",
        absl::StrCat("server_id = ", id, " of the collector is that of ", user),
        "give the collector a server_id that no server and no replica uses");
  }

  void CheckServerIdPair(const Subject& subject, const Subject& other) {
    if (other.collector == nullptr || other.connection == nullptr || !SameServer(subject, other) ||
        subject.collector->server_id != other.collector->server_id) {
      return;
    }
    Add(subject, "server_id",
        absl::StrCat("server_id = ", subject.collector->server_id, " is also that of collector '",
                     other.report.name, "' on the same server"),
        "give each collector a server_id of its own");
  }

  static bool SameServer(const Subject& a, const Subject& b) {
    return mysql::SameServer(a.settings, b.settings);
  }

  void InspectBarrier(Subject& subject) {
    CheckBarrierWritable(subject);
    CheckBarrierPrivileges(subject);
    const bool of_source = std::any_of(subjects_.begin(), subjects_.end(), [&](const auto& other) {
      return other->Has("source") && (other->connection == nullptr || SameServer(*other, subject));
    });
    if (!of_source && !config_.checks.empty()) {
      Warn(absl::StrCat(subject.Where(),
                        ": not the server of any check's source; barriers must reach the source by "
                        "replication"));
    }
  }

  void CheckBarrierWritable(Subject& subject) {
    const auto read_only = subject.connection->QueryValue("SELECT @@GLOBAL.read_only");
    if (!read_only.ok() || *read_only == "0") return;
    Add(subject, "read_only", "read_only is ON: drc.barrier cannot be written",
        "SET GLOBAL read_only = OFF, or correct the host of [barrier]: it has to be the source");
  }

  // What [ha] has beside the barrier.
  static bool LeaseTablesExist(Subject& subject) {
    return subject.connection->Query("SELECT 1 FROM `drc`.`dcp_leader` LIMIT 0").ok() &&
           subject.connection->Query("SELECT 1 FROM `drc`.`dcp_handover` LIMIT 0").ok();
  }

  void CheckBarrierPrivileges(Subject& subject) {
    Names needed = {"SELECT", "UPDATE"};
    const absl::Status row =
        subject.connection
            ->QueryValue(absl::StrCat("SELECT `offset` FROM `drc`.`barrier` WHERE `id` = ",
                                      subject.barrier->id))
            .status();
    if (row.code() == absl::StatusCode::kInvalidArgument) {
      Add(subject, "drc.barrier",
          absl::StrCat("drc.barrier is not as dcp makes it: ", row.message()),
          "DROP TABLE drc.barrier (dcp makes it anew), or add its columns id and offset");
      return;
    }
    if (!row.ok()) needed = {"CREATE", "INSERT", "SELECT", "UPDATE"};
    if (config_.ha) {
      needed = {"DELETE", "INSERT", "SELECT", "UPDATE"};
      if (!row.ok() || !LeaseTablesExist(subject)) needed.insert(needed.begin(), "CREATE");
    }
    Names missing;
    for (const std::string& privilege : needed) {
      if (!mysql::HasPrivilege(subject.settings.grants, privilege, barrier::kDatabase)) {
        missing.push_back(privilege);
      }
    }
    if (missing.empty() || subject.settings.grants.empty()) return;
    const std::string list = absl::StrJoin(missing, ", ");
    Add(subject, list,
        absl::StrCat(list, missing.size() == 1 ? " is" : " are",
                     " missing on `drc`.*: the barrier cannot be written"),
        absl::StrCat("GRANT ", list, " ON `drc`.* TO ", AccountOf(subject.settings)));
  }

  Subject* FindSubject(const model::Tag& tag) {
    for (auto& subject : subjects_) {
      if (subject->collector == nullptr) continue;
      for (const MysqlTagOptions& options : subject->collector->tags) {
        if (options.tag == tag) return subject.get();
      }
    }
    return nullptr;
  }

  static AlignmentSide ToSide(const model::Tag& tag, const Subject* subject) {
    const bool known = subject != nullptr && subject->connection != nullptr;
    return {tag.value(), known ? &subject->settings : nullptr, subject == nullptr};
  }

  void InspectPair(const config::CheckOptions& check, const model::Tag& target_tag) {
    const Subject* source = FindSubject(check.source);
    const Subject* target = FindSubject(target_tag);
    const AlignmentSide source_side = ToSide(check.source, source);
    const AlignmentSide target_side = ToSide(target_tag, target);
    Alignment alignment = ChooseAlignment(check.align, source_side, target_side);
    if (target_side.settings != nullptr) CheckAlign(check, *target, alignment);
    if (source_side.settings != nullptr && target_side.settings != nullptr) {
      CheckCircle(check, *source, *target);
      if (SameServer(*source, *target)) CheckSameTables(check, *target, target_tag);
      WarnUncounterparted(check.source, *source, target_tag, *target);
      WarnOfReplica(check, *source, *target, target_tag, alignment);
    }
    inspection_.pairs.push_back(
        {check.name, check.source, target_tag, alignment.align, std::move(alignment.reason)});
  }

  void WarnOfReplica(const config::CheckOptions& check, const Subject& source,
                     const Subject& target, const model::Tag& target_tag,
                     const Alignment& alignment) {
    const InspectedTag* of_source = FindTag(check.source);
    const InspectedTag* of_target = FindTag(target_tag);
    if (of_source == nullptr || of_target == nullptr) return;
    Names warnings;
    if (ReplicatesFrom(target.settings, source.settings)) {
      warnings = TypeWarnings(of_source->tables, of_target->tables, target.settings);
    }
    if (alignment.align == config::Align::kBarrier) {
      const Names more = OvertakingWarnings(check, of_target->tables, target.settings);
      warnings.insert(warnings.end(), more.begin(), more.end());
    }
    for (const std::string& warning : warnings) {
      Warn(absl::StrCat(target.Where(), ": ", warning));
    }
  }

  void CheckAlign(const config::CheckOptions& check, const Subject& target,
                  const Alignment& alignment) {
    if (alignment.align != config::Align::kBarrier) return;
    if (check.align == config::Align::kGtid) {
      Add(target, "align",
          absl::StrCat("align = \"gtid\" of check '", check.name,
                       "' does not hold: ", alignment.reason),
          target.settings.mariadb
              ? "set align = \"auto\", or let the target replicate from the source"
              : "set align = \"auto\", or set up native replication with gtid_mode = ON");
    }
    Add(target, CheckBarrierAlignment(target.settings));
  }

  void CheckCircle(const config::CheckOptions& check, const Subject& source,
                   const Subject& target) {
    if (check.origin == config::Origin::kSource || SameServer(source, target) ||
        !ReplicatesFrom(source.settings, target.settings)) {
      return;
    }
    Add(source, "origin",
        absl::StrCat("it replicates from the target '", target.report.name, "' of check '",
                     check.name, "': the target's own changes come back as the source's"),
        "set origin = \"source\" in this check and in one for the other direction");
  }

  const InspectedTag* FindTag(const model::Tag& tag) const {
    for (const InspectedTag& inspected : inspection_.tags) {
      if (inspected.tag == tag) return &inspected;
    }
    return nullptr;
  }

  // A table that is compared with itself proves nothing.
  void CheckSameTables(const config::CheckOptions& check, const Subject& target,
                       const model::Tag& target_tag) {
    const InspectedTag* of_source = FindTag(check.source);
    const InspectedTag* of_target = FindTag(target_tag);
    if (of_source == nullptr || of_target == nullptr) return;
    Names same;
    for (const InspectedTable& table : of_target->tables) {
      if (std::any_of(of_source->tables.begin(), of_source->tables.end(),
                      [&](const InspectedTable& other) { return other.name == table.name; })) {
        same.push_back(table.name);
      }
    }
    if (same.empty()) return;
    Add(target, "host",
        absl::StrCat("source and target of check '", check.name, "' are one server, and ",
                     ListNames(same), same.size() == 1 ? " is" : " are", " compared with ",
                     same.size() == 1 ? "itself" : "themselves"),
        "correct host and port of one of the collectors");
  }

  void WarnUncounterparted(const model::Tag& source_tag, const Subject& source,
                           const model::Tag& target_tag, const Subject& target) {
    const InspectedTag* of_source = FindTag(source_tag);
    const InspectedTag* of_target = FindTag(target_tag);
    if (of_source == nullptr || of_target == nullptr || of_target->tables.empty() ||
        of_source->tables.empty()) {
      return;  // said already
    }
    WarnMissing(*of_source, *of_target, target);
    WarnMissing(*of_target, *of_source, source);
  }

  void WarnMissing(const InspectedTag& from, const InspectedTag& in, const Subject& subject) {
    std::set<std::string> missing;
    for (const InspectedTable& table : from.tables) missing.insert(table.logical);
    for (const InspectedTable& table : in.tables) missing.erase(table.logical);
    if (missing.empty()) return;
    Warn(absl::StrCat(subject.Where(), ": tag '", in.tag.value(), "' lacks ",
                      ListNames(Names(missing.begin(), missing.end())), ", which tag '",
                      from.tag.value(), "' has"));
  }

  const config::Config& config_;
  const Scope scope_;
  std::vector<std::unique_ptr<Subject>> subjects_;
  std::set<std::string> said_;
  Inspection inspection_;
};

}  // namespace

int Inspection::exit_status() const { return problems.empty() ? kExitOk : kExitConfig; }

Inspection Inspect(const config::Config& config, Scope scope) {
  return Inspector(config, scope).Run();
}

}  // namespace dcp::cmd
