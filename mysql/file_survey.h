// FileSurvey: what binlog files tell of the server that wrote them, read before their rows are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/gtid.h"
#include "model/gtid_set.h"
#include "model/position.h"

namespace dcp::mysql {

struct FileSurvey {
  uint32_t server_id = 0;
  bool mariadb = false;
  bool has_gtids = false;  // transactions carry them, or some were executed before
  // Of the server itself, by what was first written on it; zero: they do not tell.
  model::Uuid server_uuid{};
  // Executed before the place where reading begins.
  model::GtidSet executed;
};

// Reads the files once, whole, but no rows. `start`: where reading is to begin; an empty file
// name: at the beginning of the first. What is damaged is left to the reading itself.
//   errors of FileBinlogReader::Open(), for the first file; relay logs are refused
//   kInvalidArgument  `start` names none of the files
absl::StatusOr<FileSurvey> SurveyFiles(const std::vector<std::string>& files,
                                       const model::BinlogPosition& start);

// The index of the file that `name` (without folder) names.
//   kInvalidArgument  there is none
absl::StatusOr<size_t> FindFile(const std::vector<std::string>& files, const std::string& name);

}  // namespace dcp::mysql
