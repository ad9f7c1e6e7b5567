#include "cmd/dcp/file_opener.h"

#include <utility>

#include "base/status.h"
#include "mysql/file_binlog_reader.h"
#include "mysql/schema_catalog.h"

namespace dcp::cmd {
namespace {

using collector::BinlogStream;
using collector::StartPoint;

constexpr uint64_t kFirstEvent = 4;

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

absl::StatusOr<BinlogStream> Open(const FileStreamOptions& stream, const StartPoint& point) {
  mysql::FileBinlogReader::Options options;
  options.files = stream.files;
  options.wants = stream.wants;
  options.pass_damage = true;
  options.refuse_relay_logs = true;
  if (stream.schemas) options.schemas = std::make_shared<mysql::SchemaCatalog>(*stream.schemas);
  // Behind a break too, whatever the point is said by: the files stay as they are.
  if (!point.position.file.empty()) {
    DCP_ASSIGN_OR_RETURN(const size_t first, mysql::FindFile(stream.files, point.position.file));
    options.files.erase(options.files.begin(),
                        options.files.begin() + static_cast<std::ptrdiff_t>(first));
    options.start_offset = point.position.offset;
  }
  BinlogStream opened;
  opened.position = {BaseName(options.files[0]), std::max(options.start_offset, kFirstEvent)};
  opened.origin.server_uuid = stream.survey.server_uuid;
  opened.origin.server_id = stream.survey.server_id;
  opened.origin.has_gtids = stream.survey.has_gtids;
  opened.origin.executed = stream.survey.executed;
  DCP_ASSIGN_OR_RETURN(opened.reader, mysql::FileBinlogReader::Open(std::move(options)));
  return opened;
}

}  // namespace

collector::BinlogOpener MakeFileOpener(FileStreamOptions options) {
  return [shared = std::make_shared<const FileStreamOptions>(std::move(options))](
             const StartPoint& point) { return Open(*shared, point); };
}

}  // namespace dcp::cmd
