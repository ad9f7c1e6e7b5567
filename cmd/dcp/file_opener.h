// Opens binlog files for a collector, in place of a server.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/mysql/start_point.h"
#include "model/connection_options.h"
#include "mysql/event_decoder.h"
#include "mysql/file_survey.h"

namespace dcp::cmd {

struct FileStreamOptions {
  std::vector<std::string> files;  // in order, without wildcards
  mysql::FileSurvey survey;
  // Of a server that is asked for what the files do not tell of their tables.
  std::optional<model::ConnectionOptions> schemas;
  mysql::TableFilter wants;
};

// A point without a position ("the server's present end") is the beginning of the first file.
collector::BinlogOpener MakeFileOpener(FileStreamOptions options);

}  // namespace dcp::cmd
