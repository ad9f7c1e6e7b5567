#include "cmd/dcp/binlog_opener.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
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
// The stream is not read meanwhile.
constexpr absl::Duration kProbePatience = absl::Seconds(5);

constexpr absl::string_view kLacks = "the server lacks transactions that had been read";

// Not yet PositionLost(): the server may be late, as a replica, or in its own commit.
bool IsLacking(const absl::Status& status) {
  return absl::IsNotFound(status) && absl::StrContains(status.message(), kLacks);
}

absl::Status LostFor(const absl::Status& lacking) {
  return absl::FailedPreconditionError(lacking.message());
}

struct Opened {
  BinlogStream stream;
  // What the point names and the server does not have.
  model::GtidSet lacking;
};

// One server's binlog.
class ServerOpener {
 public:
  ServerOpener(const BinlogServers& options, const model::ConnectionOptions& server,
               const std::string& replica_uuid)
      : review_(options.review) {
    options_.connection = server;
    options_.server_id = options.server_id;
    options_.replica_uuid = replica_uuid;
    options_.heartbeat_period = options.heartbeat_period;
    options_.semi_sync = options.semi_sync;
    options_.wants = options.wants;
  }

  // `unknown`: what the server need not have. Null at the first opening at all: it need not have
  // anything, and says itself what it cannot begin behind.
  // `resumes`: what was read before was read by an earlier run.
  absl::StatusOr<Opened> Open(const StartPoint& point, const model::GtidSet* unknown,
                              bool resumes) const {
    DCP_ASSIGN_OR_RETURN(auto connection,
                         mysql::Connection::Connect(options_.connection, kReadTimeout));
    DCP_ASSIGN_OR_RETURN(const mysql::ServerSettings settings,
                         mysql::ReadServerSettings(*connection));
    if (review_) review_(settings);
    Opened opened;
    BinlogStream& stream = opened.stream;
    stream.origin.server_id = settings.server_id;
    if (!settings.server_uuid.empty()) {
      DCP_ASSIGN_OR_RETURN(stream.origin.server_uuid, model::ParseUuid(settings.server_uuid));
    }
    if (point.kind == StartPoint::Kind::kGtid) {
      DCP_ASSIGN_OR_RETURN(const model::GtidSet has, AllOf(settings));
      opened.lacking = point.executed;
      opened.lacking.Subtract(has);
      if (unknown != nullptr) {
        const absl::Status goes_on =
            GoesOnBehind(point.executed, *unknown, has, settings, *connection);
        if (resumes && IsLacking(goes_on) && HasOwn(opened.lacking, stream.origin)) {
          return LostFor(goes_on);
        }
        DCP_RETURN_IF_ERROR(goes_on);
        stream.follows_gtids = true;
      }
    }
    stream.warning = AskOtherClients(*connection);  // before this one shows there itself
    mysql::ServerBinlogReader::Options options = options_;
    DCP_ASSIGN_OR_RETURN(options.start, settings.mariadb
                                            ? PlaceMariaDb(point, settings, *connection, &stream)
                                            : PlaceMysql(point, settings, &stream));
    DCP_ASSIGN_OR_RETURN(auto reader, mysql::ServerBinlogReader::Open(options));
    if (options_.semi_sync && !reader->semi_sync()) {
      absl::StrAppend(&stream.warning, stream.warning.empty() ? "" : "; ", settings.server,
                      ": semi_sync is asked for, but the server's is not on (",
                      settings.mariadb ? "rpl_semi_sync_master_enabled"
                                       : "plugin semisync_source, rpl_semi_sync_source_enabled",
                      "): nothing is acknowledged");
    }
    stream.reader = std::move(reader);
    stream.heartbeat_period = options_.heartbeat_period;
    stream.probe = MakeExecutedProbe(options_.connection, settings.mariadb,
                                     std::min(options_.heartbeat_period, kProbePatience));
    return opened;
  }

 private:
  // Some were written on this server: it is not late with them, it was reset. It would soon have
  // others with the same numbers.
  static bool HasOwn(const model::GtidSet& gtids, const model::StreamOrigin& server) {
    return std::any_of(gtids.sources().begin(), gtids.sources().end(), [&](const auto& entry) {
      const model::GtidSource& source = entry.first;
      return source.mariadb() ? source.server_id == server.server_id
                              : source.uuid == server.server_uuid;
    });
  }

  // The server must have what was read before, or the stream would go on as if that had never
  // been (MySQL says so of its own GTIDs only); and must not have purged what comes next.
  static absl::Status GoesOnBehind(const model::GtidSet& executed, const model::GtidSet& unknown,
                                   const model::GtidSet& has, const mysql::ServerSettings& settings,
                                   mysql::Connection& connection) {
    if (!settings.mariadb && settings.gtid_mode != "ON") return absl::OkStatus();
    model::GtidSet lacking = executed;
    lacking.Subtract(has);
    lacking.Subtract(unknown);
    if (!lacking.empty()) {
      return absl::NotFoundError(
          absl::StrCat(settings.server, ": ", kLacks,
                       " (from another, or from it before it lost them): ", lacking.ToString()));
    }
    if (settings.mariadb) return absl::OkStatus();  // says so itself
    DCP_ASSIGN_OR_RETURN(const mysql::Rows rows, connection.Query("SELECT @@GLOBAL.gtid_purged"));
    const bool told = !rows.empty() && !rows[0].empty();
    DCP_ASSIGN_OR_RETURN(model::GtidSet purged,
                         model::GtidSet::Parse(told ? rows[0][0].value_or("") : ""));
    purged.Subtract(executed);
    if (purged.empty()) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        settings.server,
        ": the server has purged transactions that were not read yet: ", purged.ToString(),
        "; raise binlog_expire_logs_seconds there, and compare the tables "
        "with dcp verify"));
  }

  // What a server has executed, as far as it tells.
  static absl::StatusOr<model::GtidSet> AllOf(const mysql::ServerSettings& settings) {
    if (!settings.mariadb) return model::GtidSet::Parse(settings.gtid_executed);
    DCP_ASSIGN_OR_RETURN(model::GtidSet has, model::GtidSet::Parse(settings.gtid_binlog_state));
    DCP_ASSIGN_OR_RETURN(const model::GtidPosition replica,
                         model::GtidPosition::Parse(settings.gtid_slave_pos));
    has.Add(replica.Executed());
    return has;
  }

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
    // Only what is in the binlog was read: a replica has no trace of a group that changed nothing.
    const bool read = std::all_of(at.last().begin(), at.last().end(), [&](const auto& last) {
      return point.executed.Contains(last.second);
    });
    if (!read) {
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

  // Who else reads this server's binlog under our server_id; empty: nobody, or it does not say.
  std::string AskOtherClients(mysql::Connection& connection) const {
    absl::StatusOr<mysql::Rows> clients = connection.Query("SHOW REPLICAS");
    if (!clients.ok()) clients = connection.Query("SHOW SLAVE HOSTS");
    if (!clients.ok()) return "";
    const std::string id = absl::StrCat(options_.server_id);
    const std::string own = mysql::ReportedHost(options_.replica_uuid);
    for (const mysql::Row& client : *clients) {
      if (client.size() < 2 || client[0] != id || client[1] == own) continue;
      return absl::StrCat(connection.server(), ": server_id ", id,
                          " is also that of a replica or "
                          "client that calls itself \"",
                          client[1].value_or(""),
                          "\" (SHOW REPLICAS): give this collector a server_id of its own");
    }
    return "";
  }

  mysql::ServerBinlogReader::Options options_;
  const SettingsReview review_;
};

// The servers of one collector, and which of them it reads.
class Opener {
 public:
  explicit Opener(BinlogServers options)
      : options_(std::move(options)), opened_(options_.goes_on), resumes_(options_.goes_on) {
    const std::string uuid = mysql::NewReplicaUuid();
    for (const model::ConnectionOptions& server : options_.servers) {
      servers_.emplace_back(options_, server, uuid);
    }
  }

  absl::StatusOr<BinlogStream> Open(const StartPoint& point) {
    std::vector<absl::Status> errors;
    const StartPoint elsewhere = ByGtid(point);
    const bool anywhere = elsewhere.kind != StartPoint::Kind::kPosition;
    for (size_t i = 0; i < (anywhere ? servers_.size() : 1); ++i) {
      const size_t server = (current_ + i) % servers_.size();
      auto opened = servers_[server].Open(i == 0 ? point : elsewhere, opened_ ? &unknown_ : nullptr,
                                          resumes_);
      if (opened.ok()) {
        current_ = server;
        resumes_ = false;
        if (!std::exchange(opened_, true)) unknown_ = std::move(opened->lacking);
        lost_since_.reset();
        return std::move(opened->stream);
      }
      errors.push_back(opened.status());
    }
    return WhatFailed(errors);
  }

 private:
  // A position means nothing elsewhere, but what stands before it is known of MariaDB.
  static StartPoint ByGtid(StartPoint point) {
    if (point.kind == StartPoint::Kind::kPosition && !point.executed.empty()) {
      point.kind = StartPoint::Kind::kGtid;
    }
    return point;
  }

  // Waits as long as the server that was read may come back, or one catch up.
  absl::Status WhatFailed(const std::vector<absl::Status>& errors) {
    const auto lost = std::find_if(errors.begin(), errors.end(), [](const absl::Status& error) {
      return IsLacking(error) || collector::PositionLost(error);
    });
    if (lost == errors.end()) {
      lost_since_.reset();
    } else {
      if (errors.size() == 1 && !IsLacking(*lost)) return *lost;
      const absl::Duration now = options_.clock->Monotonic();
      if (!lost_since_.has_value()) lost_since_ = now;
      if (now - *lost_since_ >= options_.patience) return LostFor(*lost);
    }
    if (errors.size() == 1 && lost == errors.end()) return errors[0];
    std::string all;
    for (const absl::Status& error : errors) {
      absl::StrAppend(&all, all.empty() ? "" : "; or else ", error.message());
    }
    return absl::UnavailableError(all);
  }

  const BinlogServers options_;
  std::vector<ServerOpener> servers_;
  size_t current_ = 0;  // the one that is read
  bool opened_;
  bool resumes_;  // what an earlier run read, until it is opened there
  model::GtidSet unknown_;
  std::optional<absl::Duration> lost_since_;
};

}  // namespace

collector::BinlogOpener MakeBinlogOpener(BinlogServers servers) {
  const auto opener = std::make_shared<Opener>(std::move(servers));
  return [opener](const StartPoint& point) { return opener->Open(point); };
}

}  // namespace dcp::cmd
