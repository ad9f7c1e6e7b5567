#include "cmd/dcp/binlog_opener.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/connection.h"
#include "mysql/server_binlog_reader.h"
#include "mysql/server_settings.h"

namespace dcp::cmd {
namespace {

using collector::BinlogStream;
using collector::StartPoint;
using mysql::BinlogEvent;

constexpr absl::Duration kReadTimeout = absl::Seconds(30);

class Opener {
 public:
  Opener(const model::ConnectionOptions& connection, uint32_t server_id,
         const mysql::TableFilter& wants) {
    options_.connection = connection;
    options_.server_id = server_id;
    options_.wants = wants;
  }

  absl::StatusOr<BinlogStream> operator()(const StartPoint& point) const {
    DCP_ASSIGN_OR_RETURN(auto connection,
                         mysql::Connection::Connect(options_.connection, kReadTimeout));
    DCP_ASSIGN_OR_RETURN(const mysql::ServerSettings settings,
                         mysql::ReadServerSettings(*connection));
    BinlogStream stream;
    stream.origin.has_gtids = settings.gtid_mode == "ON";
    if (!settings.server_uuid.empty()) {
      DCP_ASSIGN_OR_RETURN(stream.origin.server_uuid, model::ParseUuid(settings.server_uuid));
    }
    if (stream.origin.has_gtids) {
      DCP_ASSIGN_OR_RETURN(stream.origin.executed, Executed(point, settings));
    } else if (point.kind == StartPoint::Kind::kGtid) {
      return absl::FailedPreconditionError(
          absl::StrCat(settings.server, ": gtid_mode is ", settings.gtid_mode,
                       ": a stream cannot begin behind a GTID set; start at a file and position, "
                       "or SET GLOBAL gtid_mode = ON"));
    } else {
      stream.position =
          point.kind == StartPoint::Kind::kPosition ? point.position : settings.position;
    }
    mysql::ServerBinlogReader::Options options = options_;
    if (stream.origin.has_gtids) {
      options.start = stream.origin.executed;
    } else {
      options.start = stream.position;
    }
    DCP_ASSIGN_OR_RETURN(stream.reader, mysql::ServerBinlogReader::Open(options));
    return stream;
  }

 private:
  absl::StatusOr<model::GtidSet> Executed(const StartPoint& point,
                                          const mysql::ServerSettings& settings) const {
    if (point.kind == StartPoint::Kind::kGtid) return point.executed;
    if (point.kind == StartPoint::Kind::kPosition) return ExecutedBefore(point.position);
    return model::GtidSet::Parse(settings.gtid_executed);
  }

  // Reads `place`'s file from its beginning up to `place`.
  absl::StatusOr<model::GtidSet> ExecutedBefore(const model::BinlogPosition& place) const {
    mysql::ServerBinlogReader::Options options = options_;
    options.start = model::BinlogPosition{place.file, 4};
    options.wants = [](absl::string_view, absl::string_view) { return false; };
    options.until_now = true;
    DCP_ASSIGN_OR_RETURN(auto reader, mysql::ServerBinlogReader::Open(options));
    model::GtidSet executed;
    while (true) {
      const absl::StatusOr<const BinlogEvent*> event = reader->Next(kReadTimeout);
      if (absl::IsOutOfRange(event.status())) return executed;
      DCP_RETURN_IF_ERROR(event.status());
      if ((*event)->kind == BinlogEvent::Kind::kPreviousGtids) executed.Add((*event)->gtids);
      const model::BinlogPosition& start = (*event)->start;
      if (!start.file.empty() && mysql::AtOrAfter(start, place)) return executed;
      if ((*event)->kind == BinlogEvent::Kind::kGroupStart && !(*event)->gtid.empty()) {
        executed.Add((*event)->gtid);
      }
    }
  }

  mysql::ServerBinlogReader::Options options_;
};

}  // namespace

collector::BinlogOpener MakeBinlogOpener(const model::ConnectionOptions& connection,
                                         uint32_t server_id, const mysql::TableFilter& wants) {
  return Opener(connection, server_id, wants);
}

}  // namespace dcp::cmd
