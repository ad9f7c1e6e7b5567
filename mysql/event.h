// Binlog events on the wire: header, types, and the parsing of those whose
// content is small. Rows are in rows_event.h, table maps in table_map.h.
// Sources: libs/mysql/binlog/event/*.h of MySQL; "MySQL Internals Manual",
// chapter "Replication Protocol" and "Binlog Event".
//
// Pure functions over bytes; every length is checked. kDataLoss: the bytes do
// not make up such an event; the message says which part.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/gtid.h"
#include "model/gtid_set.h"
#include "mysql/bytes.h"

namespace dcp::mysql {

enum EventType : uint8_t {
  kUnknownEvent = 0,
  kStartEventV3 = 1,
  kQueryEvent = 2,
  kStopEvent = 3,
  kRotateEvent = 4,
  kIntvarEvent = 5,
  kLoadEvent = 6,
  kSlaveEvent = 7,
  kCreateFileEvent = 8,
  kAppendBlockEvent = 9,
  kExecLoadEvent = 10,
  kDeleteFileEvent = 11,
  kNewLoadEvent = 12,
  kRandEvent = 13,
  kUserVarEvent = 14,
  kFormatDescriptionEvent = 15,
  kXidEvent = 16,
  kBeginLoadQueryEvent = 17,
  kExecuteLoadQueryEvent = 18,
  kTableMapEvent = 19,
  kPreGaWriteRowsEvent = 20,
  kPreGaUpdateRowsEvent = 21,
  kPreGaDeleteRowsEvent = 22,
  kWriteRowsEventV1 = 23,
  kUpdateRowsEventV1 = 24,
  kDeleteRowsEventV1 = 25,
  kIncidentEvent = 26,
  kHeartbeatEvent = 27,
  kIgnorableEvent = 28,
  kRowsQueryEvent = 29,
  kWriteRowsEvent = 30,
  kUpdateRowsEvent = 31,
  kDeleteRowsEvent = 32,
  kGtidEvent = 33,
  kAnonymousGtidEvent = 34,
  kPreviousGtidsEvent = 35,
  kTransactionContextEvent = 36,
  kViewChangeEvent = 37,
  kXaPrepareEvent = 38,
  kPartialUpdateRowsEvent = 39,
  kTransactionPayloadEvent = 40,
  kHeartbeatEventV2 = 41,
  kTaggedGtidEvent = 42,
  // MariaDB's own.
  kAnnotateRowsEvent = 160,
  kBinlogCheckpointEvent = 161,
  kMariaDbGtidEvent = 162,
  kGtidListEvent = 163,
  kStartEncryptionEvent = 164,
  kQueryCompressedEvent = 165,
  kWriteRowsCompressedEventV1 = 166,
  kUpdateRowsCompressedEventV1 = 167,
  kDeleteRowsCompressedEventV1 = 168,
  kWriteRowsCompressedEvent = 169,
  kUpdateRowsCompressedEvent = 170,
  kDeleteRowsCompressedEvent = 171,
  kPartialRowDataEvent = 172,
};

inline constexpr size_t kEventHeaderSize = 19;
inline constexpr size_t kChecksumSize = 4;
inline constexpr uint16_t kFlagArtificial = 0x20;
inline constexpr uint16_t kFlagRelayLog = 0x40;
inline constexpr uint16_t kFlagIgnorable = 0x80;
// Of a rows event itself: STMT_END_F.
inline constexpr uint16_t kRowsEndStatement = 0x1;

struct EventHeader {
  uint32_t timestamp = 0;
  uint8_t type = 0;
  uint32_t server_id = 0;
  uint32_t size = 0;     // header, body and checksum
  uint32_t log_pos = 0;  // low 32 bits of the end in its file; 0 in a payload
  uint16_t flags = 0;
};

absl::StatusOr<EventHeader> ParseEventHeader(Bytes event);

// True if the last 4 bytes are the CRC32 of those before them.
bool ChecksumMatches(Bytes event);

struct FormatDescription {
  std::string server_version;
  bool checksums = false;  // events of this file end with a CRC32
  bool mariadb() const { return server_version.find("MariaDB") != std::string::npos; }
  // By event type - 1; types that the server does not know have none.
  std::vector<uint8_t> post_header_lengths;

  uint8_t PostHeaderLength(uint8_t type, uint8_t otherwise) const {
    const size_t i = size_t{type} - 1;
    return type == 0 || i >= post_header_lengths.size() ? otherwise : post_header_lengths[i];
  }
};

// `event`: the whole event with header. Its checksum is verified; without
// checksums in the file only if it comes `from_file`: there servers write it in
// any case, but in a stream they do not mend it.
absl::StatusOr<FormatDescription> ParseFormatDescription(Bytes event, bool from_file);

// All of the following take the body: what stands between header and checksum.

struct RotateFields {
  std::string file;
  uint64_t offset = 0;
};
absl::StatusOr<RotateFields> ParseRotate(Bytes body);

struct GtidFields {
  model::Gtid gtid;
  int64_t commit_micros = 0;  // on the server that wrote this binlog; 0: not told
};
// GTID and anonymous GTID events (`anonymous`: the GTID stays empty).
absl::StatusOr<GtidFields> ParseGtid(Bytes body, bool anonymous);
// The tagged GTID event of 8.3 and later.
absl::StatusOr<GtidFields> ParseTaggedGtid(Bytes body);

// MariaDB's GTID event. https://mariadb.com/kb/en/gtid_event/
struct MariaDbGtidFields {
  model::Gtid gtid;
  bool standalone = false;  // one event follows that ends by itself (DDL); else a transaction
  bool prepared_xa = false;
  bool completed_xa = false;
  std::string xid;  // of the two, as XaPrepareFields::xid
  // ALTER TABLE in two phases (binlog_alter_two_phase): a group that only announces it, and
  // one that ends it, which names the number of the first.
  bool starts_alter = false;
  bool commits_alter = false;
  bool rolls_back_alter = false;
  uint64_t start_alter_number = 0;
};
// `server_id`: the event header's, which is a part of the GTID.
absl::StatusOr<MariaDbGtidFields> ParseMariaDbGtid(Bytes body, uint32_t server_id);

// The binlog state at the head of a file: the last GTID of each domain and server. As a set:
// all numbers up to these.
absl::StatusOr<model::GtidSet> ParseGtidList(Bytes body);

struct QueryFields {
  absl::string_view database;
  absl::string_view query;
  uint16_t error_code = 0;
};
absl::StatusOr<QueryFields> ParseQuery(Bytes body);
// MariaDB's compressed form (log_bin_compress); `text` keeps what the result's query borrows.
absl::StatusOr<QueryFields> ParseCompressedQuery(Bytes body, std::string* text);

struct XaPrepareFields {
  std::string xid;  // X'6771',X'62',1 as in the text of XA statements
  bool one_phase = false;
};
absl::StatusOr<XaPrepareFields> ParseXaPrepare(Bytes body);

// The statement's text. Its length byte is meaningless and ignored.
absl::StatusOr<absl::string_view> ParseRowsQuery(Bytes body);

struct IncidentFields {
  uint16_t incident = 0;  // 1: LOST_EVENTS
  std::string message;
};
absl::StatusOr<IncidentFields> ParseIncident(Bytes body);

// Heartbeats: v1 has its offset in the header only.
absl::StatusOr<RotateFields> ParseHeartbeat(Bytes body, const EventHeader& header);

struct TransactionPayloadFields {
  enum : uint64_t { kZstd = 0, kNone = 255 };
  uint64_t compression = kNone;
  uint64_t uncompressed_size = 0;
  Bytes payload;
};
absl::StatusOr<TransactionPayloadFields> ParseTransactionPayload(Bytes body);

// "WRITE_ROWS", "QUERY" …; "event type 99" for a number that is not known.
std::string EventTypeName(uint8_t type);

}  // namespace dcp::mysql
