#include "cmd/dcp/binlog_opener.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cmd/dcp/executed_probe.h"
#include "mysql/connection.h"
#include "mysql/gtid_codec.h"
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
    options_.replica_uuid = mysql::NewReplicaUuid();
    options_.wants = wants;
  }

  absl::StatusOr<BinlogStream> operator()(const StartPoint& point) const {
    DCP_ASSIGN_OR_RETURN(auto connection,
                         mysql::Connection::Connect(options_.connection, kReadTimeout));
    DCP_ASSIGN_OR_RETURN(const mysql::ServerSettings settings,
                         mysql::ReadServerSettings(*connection));
    BinlogStream stream;
    stream.origin.server_id = settings.server_id;
    if (!settings.server_uuid.empty()) {
      DCP_ASSIGN_OR_RETURN(stream.origin.server_uuid, model::ParseUuid(settings.server_uuid));
    }
    mysql::ServerBinlogReader::Options options = options_;
    DCP_ASSIGN_OR_RETURN(options.start, settings.mariadb
                                            ? PlaceMariaDb(point, settings, *connection, &stream)
                                            : PlaceMysql(point, settings, &stream));
    DCP_ASSIGN_OR_RETURN(stream.reader, mysql::ServerBinlogReader::Open(options));
    if (settings.mariadb) stream.probe = MakeExecutedProbe(options_.connection);
    return stream;
  }

 private:
  absl::StatusOr<mysql::BinlogStart> PlaceMysql(const StartPoint& point,
                                                const mysql::ServerSettings& settings,
                                                BinlogStream* stream) const {
    stream->origin.has_gtids = settings.gtid_mode == "ON";
    if (stream->origin.has_gtids) {
      DCP_ASSIGN_OR_RETURN(stream->origin.executed, Executed(point, settings));
      return stream->origin.executed;
    }
    if (point.kind == StartPoint::Kind::kGtid) {
      return absl::FailedPreconditionError(absl::StrCat(
          settings.server, ": gtid_mode is ",
          settings.gtid_mode.empty() ? "not known to the server" : settings.gtid_mode,
          ": a stream cannot begin behind a GTID set; start at a file and position, or set "
          "gtid_mode = ON"));
    }
    stream->position =
        point.kind == StartPoint::Kind::kPosition ? point.position : settings.position;
    return stream->position;
  }

  absl::StatusOr<mysql::BinlogStart> PlaceMariaDb(const StartPoint& point,
                                                  const mysql::ServerSettings& settings,
                                                  mysql::Connection& connection,
                                                  BinlogStream* stream) const {
    stream->origin.has_gtids = true;
    DCP_ASSIGN_OR_RETURN(const model::GtidSet state,
                         model::GtidSet::Parse(settings.gtid_binlog_state));
    if (point.kind == StartPoint::Kind::kGtid) {
      stream->origin.executed = ExecutedBehind(point.executed, state);
      return point.executed;
    }
    if (point.kind == StartPoint::Kind::kPosition) {
      stream->position = point.position;
      DCP_ASSIGN_OR_RETURN(stream->origin.executed, ExecutedAt(point, connection));
      return stream->position;
    }
    // The state was read before the place: all of it stands before that.
    stream->position = settings.position;
    DCP_ASSIGN_OR_RETURN(const model::GtidPosition at, GtidAt(settings.position, connection));
    DCP_ASSIGN_OR_RETURN(const model::GtidPosition replica,
                         model::GtidPosition::Parse(settings.gtid_slave_pos));
    stream->origin.executed = state;
    stream->origin.executed.Add(at.Executed());
    stream->origin.executed.Add(replica.Executed());
    return stream->position;
  }

  // What stands behind these GTIDs of each domain's other servers too: numbers count up along
  // a domain.
  static model::GtidSet ExecutedBehind(const model::GtidSet& start, const model::GtidSet& state) {
    const model::GtidPosition position = mysql::PositionBehind(start);
    model::GtidSet executed = start;
    for (const auto& [source, intervals] : state.sources()) {
      const auto last = position.last().find(source.domain);
      if (last == position.last().end()) continue;
      const uint64_t number = std::min(intervals.back().last, last->second.number);
      executed.AddInterval(source, {1, number});
    }
    return executed;
  }

  // The last GTIDs before a place in a file of the server's; empty also where there is no such
  // place.
  static absl::StatusOr<model::GtidPosition> GtidAt(const model::BinlogPosition& place,
                                                    mysql::Connection& connection) {
    const auto text = connection.QueryValue(absl::StrCat(
        "SELECT BINLOG_GTID_POS(", mysql::QuoteString(place.file), ", ", place.offset, ")"));
    if (absl::IsNotFound(text.status())) return model::GtidPosition();
    DCP_RETURN_IF_ERROR(text.status());
    return model::GtidPosition::Parse(*text);
  }

  // What stands before a place. Where that is known already, the server is held to it: after
  // RESET MASTER the same place is another.
  absl::StatusOr<model::GtidSet> ExecutedAt(const StartPoint& point,
                                            mysql::Connection& connection) const {
    if (point.executed.empty()) return ExecutedBefore(point.position);
    DCP_ASSIGN_OR_RETURN(const model::GtidPosition at, GtidAt(point.position, connection));
    if (!point.executed.Contains(at.Executed())) {
      return absl::FailedPreconditionError(absl::StrCat(
          connection.server(), ": ", point.position.file, ":", point.position.offset,
          " is an impossible position: GTID ", at.ToString(),
          " stands before it, which had not been read there (RESET MASTER, or another server)"));
    }
    return point.executed;
  }

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
