// Inspect connects to the servers that a configuration names and says what would
// run, what is wrong and how to mend it: what `dcp check-config` shows and the start of
// `dcp run` refuses by.
//
// A problem is what keeps a check from being right; a warning is what a person should
// know. Neither ever holds a password.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "collector/mysql/table_view.h"
#include "config/config.h"
#include "model/tag.h"
#include "mysql/file_survey.h"

namespace dcp::cmd {

struct InspectionProblem {
  std::string where;    // "target 'replica' (dcp@127.0.0.1:3307)"
  std::string setting;  // "log_replica_updates", "SELECT", "password", "server_id", …
  std::string message;  // names the setting, and what follows from it
  std::string cure;     // a statement, or what to do
};

// One connection: a collector's, or the barrier's.
struct InspectedServer {
  std::string name;                // the collector's; "barrier"
  std::vector<std::string> roles;  // "source", "target", "barrier"; none: no check uses it
  std::string address;             // "user@host:port"
  bool reached = false;            // else what follows is empty
  std::string version;
  std::string uuid;
  uint32_t server_id = 0;
  std::string settings;  // those that matter, in a few words
};

// A column as its server defines it.
struct ColumnType {
  std::string name;
  std::string type;     // "int unsigned", lower case but for labels
  std::string charset;  // empty: none
};

struct InspectedTable {
  std::string name;              // "db.table" on the server
  std::string logical;           // under which it is compared
  std::vector<std::string> key;  // column names; empty: the table has no key
  std::vector<collector::ViewedColumn> columns;
  std::vector<ColumnType> types = {};  // of `columns`
  std::string engine = "InnoDB";
  bool transactional = true;
  bool cascades = false;  // a foreign key of it changes its rows
  // Of a target: its and its source's columns that are not compared, and why.
  std::string left_out = {};
};

// A tag fed from MySQL, and the tables that its patterns match now.
struct InspectedTag {
  model::Tag tag;
  std::string collector;
  std::vector<InspectedTable> tables;  // by name
};

// One check and one of its targets.
struct InspectedPair {
  std::string check;
  model::Tag source;
  model::Tag target;
  config::Align align = config::Align::kAuto;  // kAuto: could not be told
  std::string reason;
};

// The files of a collector that reads files.
struct InspectedFiles {
  std::vector<std::string> names;
  mysql::FileSurvey survey;
};

struct Inspection {
  std::vector<InspectedServer> servers;
  std::map<std::string, InspectedFiles> files;  // by collector
  std::vector<InspectedTag> tags;
  std::vector<InspectedPair> pairs;
  std::vector<InspectionProblem> problems;
  std::vector<std::string> warnings;

  // kExitConfig where anything is wrong, else kExitOk.
  int exit_status() const;
};

// Reads only. Takes as long as the servers do: a dead one its connect_timeout.
// kAll: also what belongs to this machine (state, addresses), which `run` finds out itself.
enum class Scope : uint8_t { kServers, kAll };
Inspection Inspect(const config::Config& config, Scope scope = Scope::kAll);

// For people: tables of what would run.
void PrintInspection(const Inspection& inspection, std::ostream& out);
// The same and what PrintFaults says, as one object on one line.
std::string InspectionJson(const Inspection& inspection);
// "gtid", "barrier", "unknown".
const char* AlignText(config::Align align);
// One line for each warning and problem.
void PrintFaults(const Inspection& inspection, std::ostream& out);

}  // namespace dcp::cmd
