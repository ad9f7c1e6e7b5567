#include "mysql/replication_connection.h"

#include "mysql/client_connect.h"
// Behind mysql.h, whose types it uses.
#include <ma_pvio.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/gtid_codec.h"
#include "mysql/server_error.h"
#include "mysql/server_settings.h"

namespace dcp::mysql {
namespace {

// Commands that the installed enum_server_command lacks or names otherwise.
constexpr uint8_t kComBinlogDump = 0x12;
constexpr uint8_t kComRegisterReplica = 0x15;
constexpr uint8_t kComBinlogDumpGtid = 0x1e;

constexpr uint16_t kDumpNonBlocking = 1;
// One number, two meanings: of MySQL heartbeats with 64-bit places, of MariaDB ANNOTATE_ROWS
// events. Without those, sizes would not add up to places where headers tell none (11.8).
constexpr uint16_t kDumpHeartbeatV2 = 2;
constexpr uint16_t kDumpAnnotateRows = 2;
static_assert(kDumpHeartbeatV2 == kDumpAnnotateRows);
// All that MariaDB has: ANNOTATE_ROWS, checkpoints, GTIDs.
constexpr int kMariaDbCapability = 4;
constexpr uint64_t kFirstEvent = 4;  // behind the magic bytes of a file
constexpr int kSilentHeartbeats = 3;
// Of semi-synchronous replication: before each event, and before an acknowledgement.
constexpr uint8_t kSemiSyncMagic = 0xef;
constexpr uint8_t kSemiSyncWaits = 1;
constexpr size_t kSemiSyncHeader = 2;

void Append(uint64_t value, size_t bytes, std::string* out) {
  for (size_t i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

void AppendShort(absl::string_view text, std::string* out) {
  Append(text.size(), 1, out);
  out->append(text.data(), text.size());
}

// st_ma_pvio_tls of ma_tls.h, a header that does not compile beside ma_pvio.h.
struct PvioTls {
  void* data;
  MARIADB_PVIO* pvio;
  void* ssl;
};

using Table = std::vector<std::vector<std::string>>;

}  // namespace

// What replication needs of the handle besides.
struct ReplicationConnection::Session : Client {
  absl::Status Run(absl::string_view server, const std::string& sql, Table* table = nullptr) {
    if (mysql_real_query(&mysql, sql.data(), sql.size()) != 0) return Error(server, sql);
    MYSQL_RES* const result = mysql_store_result(&mysql);
    if (result == nullptr) {
      return mysql_errno(&mysql) == 0 ? absl::OkStatus() : Error(server, sql);
    }
    const unsigned int columns = mysql_num_fields(result);
    while (MYSQL_ROW row = mysql_fetch_row(result)) {
      if (table == nullptr) continue;
      const unsigned long* const lengths = mysql_fetch_lengths(result);
      std::vector<std::string>& copy = table->emplace_back();
      for (unsigned int i = 0; i < columns; ++i) {
        copy.push_back(row[i] == nullptr ? "" : std::string(row[i], lengths[i]));
      }
    }
    mysql_free_result(result);
    return absl::OkStatus();
  }

  // The connect timeout, which the library had to go by so far, may be longer. Within a packet it
  // waits by itself: in its own way or, under TLS, as the socket says.
  void LimitSilence(absl::Duration silence) {
    mysql.net.pvio->timeout[PVIO_READ_TIMEOUT] =
        static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(silence), 1, 1 << 30));
    const timeval limit = absl::ToTimeval(silence);
    setsockopt(static_cast<int>(mysql_get_socket(&mysql)), SOL_SOCKET, SO_RCVTIMEO, &limit,
               sizeof limit);
  }

  // Sends bytes past the library's count of packets.
  void Write(const std::string& bytes) {
    MARIADB_PVIO* const pvio = mysql.net.pvio;
    if (pvio == nullptr) return;
    if (pvio->ctls != nullptr) {
      const auto* const tls = static_cast<const PvioTls*>(static_cast<const void*>(pvio->ctls));
      SSL_write(static_cast<SSL*>(tls->ssl), bytes.data(), static_cast<int>(bytes.size()));
    } else {
      pvio->methods->write(pvio, reinterpret_cast<const unsigned char*>(bytes.data()),
                           bytes.size());
    }
  }

  // Sends a command; waits for its OK unless `answer` is false.
  bool Command(uint8_t command, const std::string& payload, bool answer) {
    return mysql.methods->db_command(&mysql, static_cast<enum enum_server_command>(command),
                                     payload.data(), payload.size(), answer ? 0 : 1, nullptr) == 0;
  }

  // Bytes have come that wait in the library's or in TLS's buffers.
  bool HasBufferedBytes() const {
    const MARIADB_PVIO* const pvio = mysql.net.pvio;
    if (pvio == nullptr) return true;  // closed: reading says so at once
    if (pvio->cache_pos < pvio->cache + pvio->cache_size) return true;
    if (mysql.net.remain_in_buf > 0) return true;  // of a compressed packet
    if (pvio->ctls == nullptr) return false;
    const auto* const tls = static_cast<const PvioTls*>(pvio->ctls);
    return SSL_pending(static_cast<const SSL*>(tls->ssl)) > 0;
  }
};

std::string NewReplicaUuid() {
  std::random_device random;
  model::Uuid uuid;
  for (uint8_t& byte : uuid) byte = static_cast<uint8_t>(random() & 0xff);
  uuid[6] = static_cast<uint8_t>((uuid[6] & 0x0f) | 0x40);
  uuid[8] = static_cast<uint8_t>((uuid[8] & 0x3f) | 0x80);
  return model::ToString(uuid);
}

std::string ReportedHost(absl::string_view replica_uuid) {
  return absl::StrCat(kReportedHostPrefix, replica_uuid);
}

ReplicationConnection::ReplicationConnection(const Options& options)
    : options_(options),
      replica_uuid_(options.replica_uuid.empty() ? NewReplicaUuid() : options.replica_uuid),
      server_(model::Describe(options.connection)),
      session_(std::make_unique<Session>()) {}

ReplicationConnection::~ReplicationConnection() {
  // The server is in the middle of sending: no goodbye is read, and none is
  // waited for.
  if (socket_ >= 0) {
    shutdown(socket_, SHUT_RDWR);
    session_.reset();
    close(socket_);
  }
}

absl::StatusOr<std::unique_ptr<ReplicationConnection>> ReplicationConnection::Open(
    const Options& options) {
  std::unique_ptr<ReplicationConnection> connection(new ReplicationConnection(options));
  DCP_RETURN_IF_ERROR(connection->Connect());
  DCP_RETURN_IF_ERROR(connection->ReadServer());
  DCP_RETURN_IF_ERROR(connection->Configure());
  DCP_RETURN_IF_ERROR(connection->Register());
  DCP_RETURN_IF_ERROR(connection->Dump());
  connection->last_heard_ = options.clock->Monotonic();
  return connection;
}

absl::Status ReplicationConnection::Connect() {
  DCP_RETURN_IF_ERROR(ConnectClient(options_.connection,
                                    options_.heartbeat_period * kSilentHeartbeats, session_.get()));
  socket_ = dup(static_cast<int>(mysql_get_socket(&session_->mysql)));
  if (socket_ < 0) return absl::ResourceExhaustedError("no file descriptor left");
  session_->LimitSilence(options_.heartbeat_period * kSilentHeartbeats);
  return absl::OkStatus();
}

absl::Status ReplicationConnection::ReadServer() {
  Table server;
  DCP_RETURN_IF_ERROR(
      session_->Run(server_, "SELECT @@global.server_id, @@version, @@global.log_bin", &server));
  if (server.empty() || server[0].size() != 3) {
    return absl::InternalError(absl::StrCat(server_, ": no answer to SELECT @@server_id"));
  }
  server_version_ = server[0][1];
  mariadb_ = absl::StrContains(server_version_, "MariaDB");
  if (server[0][2] != "1") {
    return absl::FailedPreconditionError(absl::StrCat(
        server_, ": the server writes no binlog (log_bin is OFF); start it with --log-bin"));
  }
  if (server[0][0] == absl::StrCat(options_.server_id)) {
    return absl::FailedPreconditionError(absl::StrCat(
        server_, ": server_id ", options_.server_id,
        " is the server's own; give this collector a server_id that no server or replica uses"));
  }
  Table status;
  // The old name is gone in 8.4, the new one came with 8.2.
  absl::Status shown = session_->Run(server_, "SHOW BINARY LOG STATUS", &status);
  if (absl::IsInvalidArgument(shown)) shown = session_->Run(server_, "SHOW MASTER STATUS", &status);
  DCP_RETURN_IF_ERROR(shown);
  if (status.empty() || status[0].size() < 2 ||
      !absl::SimpleAtoi(status[0][1], &end_at_open_.offset)) {
    return absl::FailedPreconditionError(
        absl::StrCat(server_, ": the server does not tell its binlog position"));
  }
  end_at_open_.file = status[0][0];
  return absl::OkStatus();
}

absl::Status ReplicationConnection::Configure() {
  const std::string uuid = options_.replica_uuid.empty() ? NewReplicaUuid() : options_.replica_uuid;
  const int64_t heartbeat = absl::ToInt64Nanoseconds(options_.heartbeat_period);
  DCP_RETURN_IF_ERROR(session_->Run(
      server_, absl::StrCat("SET @source_heartbeat_period = ", heartbeat,
                            ", @master_heartbeat_period = ", heartbeat, ", @replica_uuid = '", uuid,
                            "', @slave_uuid = '", uuid, "'")));
  if (mariadb_) DCP_RETURN_IF_ERROR(ConfigureMariaDb());
  if (options_.semi_sync) DCP_RETURN_IF_ERROR(ConfigureSemiSync());
  const absl::Status set = session_->Run(server_,
                                         "SET @source_binlog_checksum = @@global.binlog_checksum, "
                                         "@master_binlog_checksum = @@global.binlog_checksum");
  if (absl::IsNotFound(set)) return absl::OkStatus();  // before 5.6: no checksums
  DCP_RETURN_IF_ERROR(set);
  Table checksum;
  DCP_RETURN_IF_ERROR(session_->Run(server_, "SELECT @master_binlog_checksum", &checksum));
  checksums_ = !checksum.empty() && !checksum[0].empty() && checksum[0][0] == "CRC32";
  return absl::OkStatus();
}

absl::Status ReplicationConnection::ConfigureMariaDb() {
  std::string sql = absl::StrCat("SET @mariadb_slave_capability = ", kMariaDbCapability);
  if (const auto* const set = std::get_if<model::GtidSet>(&options_.start)) {
    // Not strict: a number that a filter left out of the binlog is a place too.
    absl::StrAppend(&sql, ", @slave_connect_state = '", PositionBehind(*set).ToString(),
                    "', @slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0");
  }
  return session_->Run(server_, sql);
}

// A source without the plugin, or with it switched off, sends its events without a header, or waits
// for nobody.
absl::Status ReplicationConnection::ConfigureSemiSync() {
  Table enabled;
  DCP_RETURN_IF_ERROR(session_->Run(server_,
                                    "SHOW GLOBAL VARIABLES WHERE Variable_name IN "
                                    "('rpl_semi_sync_source_enabled', "
                                    "'rpl_semi_sync_master_enabled')",
                                    &enabled));
  semi_sync_ = !enabled.empty() && enabled[0].size() == 2 && enabled[0][1] == "ON";
  if (!semi_sync_) return absl::OkStatus();
  return session_->Run(server_, "SET @rpl_semi_sync_replica = 1, @rpl_semi_sync_slave = 1");
}

absl::Status ReplicationConnection::Register() {
  std::string payload;
  Append(options_.server_id, 4, &payload);
  AppendShort(ReportedHost(replica_uuid_), &payload);
  AppendShort("", &payload);  // user and password of a replica: not told
  AppendShort("", &payload);
  Append(0, 2, &payload);  // port
  Append(0, 4, &payload);  // rank
  Append(0, 4, &payload);  // id of the source
  if (!session_->Command(kComRegisterReplica, payload, true)) {
    const absl::Status error = session_->Error(server_, "register as a replica");
    if (!absl::IsPermissionDenied(error)) return error;
    // The server says 1045, as for a wrong password, though the session is there.
    return absl::PermissionDeniedError(absl::StrCat(
        server_,
        ": REPLICATION SLAVE is missing: the binlog cannot be read; run GRANT "
        "REPLICATION SLAVE, ",
        mariadb_ ? "BINLOG MONITOR" : "REPLICATION CLIENT", " ON *.* TO this account"));
  }
  return absl::OkStatus();
}

std::string ReplicationConnection::DumpByGtid(const model::GtidSet& set) const {
  const std::string encoded = EncodeGtidSet(set);
  std::string payload;
  Append(flags(), 2, &payload);
  Append(options_.server_id, 4, &payload);
  Append(0, 4, &payload);  // no file name: the server finds the file by the set
  Append(kFirstEvent, 8, &payload);
  Append(encoded.size(), 4, &payload);
  return payload + encoded;
}

absl::StatusOr<std::string> ReplicationConnection::DumpByPosition() {
  // MariaDB finds file and place by @slave_connect_state, whatever the command says.
  if (const auto* const place = std::get_if<model::BinlogPosition>(&options_.start)) {
    start_ = *place;
  }
  start_.offset = std::max(start_.offset, kFirstEvent);
  if (start_.offset > 0xffffffff) {
    return absl::FailedPreconditionError(
        absl::StrCat(server_, ": cannot start at ", start_.file, ":", start_.offset,
                     ": the protocol reaches 4 GiB into a file; start from a GTID set"));
  }
  std::string payload;
  Append(start_.offset, 4, &payload);
  Append(flags(), 2, &payload);
  Append(options_.server_id, 4, &payload);
  return payload + start_.file;
}

absl::Status ReplicationConnection::Dump() {
  const auto* const set = std::get_if<model::GtidSet>(&options_.start);
  const bool by_gtid = set != nullptr && !mariadb_;
  std::string payload;
  if (by_gtid) {
    payload = DumpByGtid(*set);
  } else {
    DCP_ASSIGN_OR_RETURN(payload, DumpByPosition());
  }
  if (!session_->Command(by_gtid ? kComBinlogDumpGtid : kComBinlogDump, payload, false)) {
    return session_->Error(server_, "ask for the binlog");
  }
  return absl::OkStatus();
}

uint16_t ReplicationConnection::flags() const {
  return options_.until_now ? kDumpNonBlocking | kDumpHeartbeatV2 : kDumpHeartbeatV2;
}

absl::Status ReplicationConnection::Silent() const {
  return absl::UnavailableError(absl::StrCat(
      server_, ": silent for ", absl::FormatDuration(options_.heartbeat_period * kSilentHeartbeats),
      " although heartbeats were asked for every ", absl::FormatDuration(options_.heartbeat_period),
      ": the connection is dead and will be opened again"));
}

absl::Status ReplicationConnection::WaitReadable(absl::Duration timeout) {
  const absl::Duration silence_ends = last_heard_ + options_.heartbeat_period * kSilentHeartbeats;
  const absl::Duration allowed = std::min(timeout, silence_ends - options_.clock->Monotonic());
  pollfd wait = {socket_, POLLIN, 0};
  const auto milliseconds = static_cast<int>(std::clamp<int64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(allowed, absl::Milliseconds(1))), 0, 1 << 30));
  const int ready = poll(&wait, 1, milliseconds);
  if (stopped_) return absl::CancelledError("stopped");
  if (ready > 0) return absl::OkStatus();
  if (options_.clock->Monotonic() >= silence_ends) return Silent();
  return absl::DeadlineExceededError("no event yet");
}

absl::StatusOr<Bytes> ReplicationConnection::Read(absl::Duration timeout) {
  if (stopped_) return absl::CancelledError("stopped");
  if (!session_->HasBufferedBytes()) DCP_RETURN_IF_ERROR(WaitReadable(timeout));
  MYSQL* const mysql = &session_->mysql;
  const unsigned long length = mysql_net_read_packet(mysql);
  if (stopped_) return absl::CancelledError("stopped");
  if (static_cast<unsigned int>(length) == packet_error) {
    return session_->Error(server_, "read the binlog");
  }
  last_heard_ = options_.clock->Monotonic();
  const uint8_t* const packet = mysql->net.read_pos;
  if (length == 0) return absl::DataLossError(absl::StrCat(server_, ": empty packet"));
  if (packet[0] == 0xfe && length < 9) return absl::OutOfRangeError("end of the binlog");
  if (packet[0] != 0) {
    return absl::DataLossError(absl::StrCat(server_, ": packet of unknown kind ", packet[0]));
  }
  return EventOf(Bytes(packet + 1, length - 1));
}

absl::StatusOr<Bytes> ReplicationConnection::EventOf(Bytes packet) {
  to_acknowledge_ = false;
  if (!semi_sync_) return packet;
  if (packet.size() < kSemiSyncHeader || packet[0] != kSemiSyncMagic) {
    return absl::DataLossError(
        absl::StrCat(server_, ": an event without the header of semi-synchronous replication"));
  }
  to_acknowledge_ = (packet[1] & kSemiSyncWaits) != 0;
  return packet.subspan(kSemiSyncHeader);
}

void ReplicationConnection::Acknowledge(const model::BinlogPosition& place) {
  if (!to_acknowledge_) return;
  to_acknowledge_ = false;
  std::string packet;
  Append(1 + 8 + place.file.size(), 3, &packet);
  Append(0, 1, &packet);  // the number of the packet
  Append(kSemiSyncMagic, 1, &packet);
  Append(place.offset, 8, &packet);
  packet += place.file;
  if (options_.connection.compress) {
    std::string wrapped;
    Append(packet.size(), 3, &wrapped);
    Append(0, 4, &wrapped);  // its number; not compressed
    packet = wrapped + packet;
  }
  session_->Write(packet);
}

void ReplicationConnection::Stop() {
  stopped_ = true;
  if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
}

}  // namespace dcp::mysql
