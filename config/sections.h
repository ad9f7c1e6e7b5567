// The sections of the file, each read into its option structs: what one section
// says by itself. What sections say together is validate.h's.
#pragma once

#include <functional>
#include <vector>

#include "config/config.h"
#include "config/load.h"
#include "config/reader.h"

namespace dcp::config {

// A Config in the making, and where its parts stand in the file: `*_nodes[i]` is
// the table of item i of the vector of the same name.
struct Draft {
  Config config;
  std::vector<const Node*> barrier_nodes;
  std::vector<const Node*> mysql_collector_nodes;
  std::vector<const Node*> grpc_collector_nodes;
  std::vector<const Node*> check_nodes;
  std::vector<const Node*> alarm_nodes;
  std::vector<const Node*> job_nodes;
  // Something in a [[collector]] could not be read: that a tag has none proves
  // nothing.
  bool collectors_broken = false;
};

void ReadBarriers(const Value& value, Draft& draft);
void ReadCollectors(const Value& value, Draft& draft);
void ReadChecks(const Value& value, Draft& draft);
void ReadAlarms(const Value& value, Draft& draft);
void ReadMasks(const Value& value, Draft& draft);
void ReadJobs(const Value& value, Draft& draft);
void ReadHa(const Value& value, Draft& draft);
void ReadHttp(const Value& value, Draft& draft);
void ReadControl(const Value& value, Draft& draft);
void ReadState(const Value& value, Draft& draft);
void ReadLog(const Value& value, Draft& draft);

// "tables" of a tag, and of a job, which may have a "where".
void ReadTables(const Value& value, std::vector<TableRule>* out);
void ReadJobTables(const Value& value, std::vector<TableRule>* out);

void AppendBarrierKeys(std::vector<KnownKey>* out);
void AppendCollectorKeys(std::vector<KnownKey>* out);
void AppendCheckKeys(std::vector<KnownKey>* out);
void AppendAlarmKeys(std::vector<KnownKey>* out);
void AppendMaskKeys(std::vector<KnownKey>* out);
void AppendJobKeys(std::vector<KnownKey>* out);
void AppendTableKeys(std::vector<KnownKey>* out);
void AppendServerKeys(std::vector<KnownKey>* out);  // ha, http, control, state, log

// Calls `read` with each table of an array of tables ([[section]]).
void ReadSections(const Value& value, const char* section,
                  const std::function<void(const Node&)>& read);

}  // namespace dcp::config
