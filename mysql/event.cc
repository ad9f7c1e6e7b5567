#include "mysql/event.h"

#include <libdeflate.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "model/gtid_set.h"
#include "mysql/inflate.h"
#include "mysql/serialization.h"

namespace dcp::mysql {
namespace {

constexpr size_t kServerVersionSize = 50;
constexpr size_t kFormatHeadSize = 2 + kServerVersionSize + 4 + 1;
constexpr uint64_t kMicrosMask = (uint64_t{1} << 55) - 1;
constexpr uint8_t kLogicalTimestampTypecode = 2;
constexpr uint32_t kMaxXidPart = 64;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("damaged ", what, " event"));
}

// Servers from 5.6.1 (and MariaDB from 5.3) append the checksum's algorithm
// and a checksum to the format description.
bool VersionHasChecksums(absl::string_view version) {
  const std::vector<absl::string_view> parts = absl::StrSplit(version, absl::MaxSplits('.', 2));
  uint32_t major = 0, minor = 0, patch = 0;
  if (parts.size() < 2 || !absl::SimpleAtoi(parts[0], &major) ||
      !absl::SimpleAtoi(parts[1], &minor)) {
    return true;
  }
  if (parts.size() > 2) {
    const absl::string_view digits = parts[2].substr(0, parts[2].find_first_not_of("0123456789"));
    if (!absl::SimpleAtoi(digits, &patch)) patch = 0;
  }
  if (version.find("MariaDB") != absl::string_view::npos) {
    return major > 5 || (major == 5 && minor >= 3);
  }
  return major > 5 || (major == 5 && (minor > 6 || (minor == 6 && patch >= 1)));
}

// The flag "in use" is set and cleared in an open file without a new checksum:
// it is computed as if the flag were clear.
bool FormatChecksumMatches(Bytes event) {
  constexpr size_t kFlagsOffset = 17;
  constexpr uint8_t kFlagInUse = 1;
  std::vector<uint8_t> copy(event.begin(), event.end());
  copy[kFlagsOffset] = static_cast<uint8_t>(copy[kFlagsOffset] & ~kFlagInUse);
  return ChecksumMatches(copy);
}

void AppendHex(Bytes bytes, std::string* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  absl::StrAppend(out, "X'");
  for (const uint8_t b : bytes) {
    out->push_back(kDigits[b >> 4]);
    out->push_back(kDigits[b & 15]);
  }
  out->push_back('\'');
}

}  // namespace

absl::StatusOr<EventHeader> ParseEventHeader(Bytes event) {
  ByteReader reader(event);
  EventHeader header;
  header.timestamp = reader.U32();
  header.type = reader.U8();
  header.server_id = reader.U32();
  header.size = reader.U32();
  header.log_pos = reader.U32();
  header.flags = reader.U16();
  if (!reader.ok()) return absl::DataLossError("binlog event shorter than its header");
  return header;
}

bool ChecksumMatches(Bytes event) {
  if (event.size() < kChecksumSize) return false;
  const Bytes covered = event.first(event.size() - kChecksumSize);
  const auto crc = libdeflate_crc32(0, covered.data(), covered.size());
  return crc == LoadLe<4>(covered.data() + covered.size());
}

absl::StatusOr<FormatDescription> ParseFormatDescription(Bytes event, bool from_file) {
  ByteReader reader(event);
  reader.Skip(kEventHeaderSize);
  const uint16_t binlog_version = reader.U16();
  const absl::string_view version = AsText(reader.Take(kServerVersionSize));
  reader.U32();  // created
  const uint8_t header_size = reader.U8();
  if (!reader.ok()) return Damaged("FORMAT_DESCRIPTION");
  if (binlog_version != 4) {
    return absl::DataLossError(absl::StrCat("binlog version ", binlog_version,
                                            " (servers before MySQL 5.0) is not supported"));
  }
  if (header_size != kEventHeaderSize) {
    return absl::DataLossError(absl::StrCat("events with headers of ", header_size,
                                            " bytes are not supported (those of MySQL and ",
                                            "MariaDB have ", kEventHeaderSize, ")"));
  }
  FormatDescription description;
  description.server_version = std::string(version.substr(0, version.find('\0')));
  Bytes lengths = reader.rest();
  if (VersionHasChecksums(description.server_version)) {
    if (lengths.size() < 1 + kChecksumSize) return Damaged("FORMAT_DESCRIPTION");
    const uint8_t algorithm = lengths[lengths.size() - kChecksumSize - 1];
    if (algorithm > 1 && algorithm != 255) {
      return absl::DataLossError(absl::StrCat("checksum algorithm ", algorithm, " is not known"));
    }
    description.checksums = algorithm == 1;
    if ((description.checksums || from_file) && !FormatChecksumMatches(event)) {
      return absl::DataLossError("checksum of FORMAT_DESCRIPTION event does not match");
    }
    lengths = lengths.first(lengths.size() - kChecksumSize - 1);
  }
  // The list holds the length of this very event's head, itself included.
  const size_t own = kFormatDescriptionEvent - 1;
  if (lengths.size() <= own || lengths[own] != ((kFormatHeadSize + lengths.size()) & 0xff)) {
    return Damaged("FORMAT_DESCRIPTION");
  }
  description.post_header_lengths.assign(lengths.begin(), lengths.end());
  return description;
}

absl::StatusOr<RotateFields> ParseRotate(Bytes body) {
  ByteReader reader(body);
  RotateFields fields;
  fields.offset = reader.U64();
  fields.file = std::string(AsText(reader.rest()));
  if (!reader.ok() || fields.file.empty()) return Damaged("ROTATE");
  return fields;
}

absl::StatusOr<GtidFields> ParseGtid(Bytes body, bool anonymous) {
  ByteReader reader(body);
  GtidFields fields;
  reader.U8();  // flags
  const Bytes uuid = reader.Take(fields.gtid.source.uuid.size());
  const uint64_t number = reader.U64();
  if (!reader.ok()) return Damaged("GTID");
  if (!anonymous) {
    if (number == 0 || number >= uint64_t{1} << 63) return Damaged("GTID");
    std::copy(uuid.begin(), uuid.end(), fields.gtid.source.uuid.begin());
    fields.gtid.number = number;
  }
  // 5.7 and later: logical timestamps; 8.0 and later: commit times.
  if (reader.left() < 1 + 16 || reader.U8() != kLogicalTimestampTypecode) return fields;
  reader.Skip(16);
  if (reader.left() < 7) return fields;
  fields.commit_micros = static_cast<int64_t>(reader.Le<7>() & kMicrosMask);
  return fields;
}

absl::StatusOr<GtidFields> ParseTaggedGtid(Bytes body) {
  // Fields in ascending order of their numbers, each number before its field.
  enum : uint64_t { kFlags, kUuid, kNumber, kTag, kLastCommitted, kSequenceNumber, kImmediateTime };
  ByteReader reader(body);
  GtidFields fields;
  ReadVarlenUint(&reader);  // format version
  ReadVarlenUint(&reader);  // size of the message
  ReadVarlenUint(&reader);  // last field that must be understood
  bool have_uuid = false;
  while (reader.ok() && reader.left() > 0) {
    const uint64_t field = ReadVarlenUint(&reader);
    if (field == kFlags) {
      reader.U8();
    } else if (field == kUuid) {
      for (uint8_t& byte : fields.gtid.source.uuid) {
        byte = static_cast<uint8_t>(ReadVarlenUint(&reader));
      }
      have_uuid = true;
    } else if (field == kNumber) {
      fields.gtid.number = static_cast<uint64_t>(ReadVarlenInt(&reader));
    } else if (field == kTag) {
      fields.gtid.source.label = std::string(AsText(reader.Take(ReadVarlenUint(&reader))));
    } else if (field == kLastCommitted || field == kSequenceNumber) {
      ReadVarlenInt(&reader);
    } else if (field == kImmediateTime) {
      fields.commit_micros = static_cast<int64_t>(ReadVarlenUint(&reader));
      break;  // nothing behind it is needed
    } else {
      return Damaged("GTID_TAGGED");
    }
  }
  const std::string& label = fields.gtid.source.label;
  if (!reader.ok() || !have_uuid || fields.gtid.number == 0 ||
      fields.gtid.number >= uint64_t{1} << 63 || (!label.empty() && !model::IsGtidLabel(label))) {
    return Damaged("GTID_TAGGED");
  }
  return fields;
}

namespace {

std::string XidText(Bytes global, Bytes branch, int32_t format) {
  std::string xid;
  AppendHex(global, &xid);
  xid += ',';
  AppendHex(branch, &xid);
  absl::StrAppend(&xid, ",", format);
  return xid;
}

bool ReadXid(ByteReader* reader, std::string* xid) {
  const auto format = static_cast<int32_t>(reader->U32());
  const uint8_t global_size = reader->U8();
  const uint8_t branch_size = reader->U8();
  if (global_size > kMaxXidPart || branch_size > kMaxXidPart) return false;
  const Bytes global = reader->Take(global_size);
  const Bytes branch = reader->Take(branch_size);
  *xid = XidText(global, branch, format);
  return reader->ok();
}

// Flags of MariaDB's GTID events.
enum : uint8_t {
  kStandalone = 1,
  kGroupCommitId = 2,
  kPreparedXa = 64,
  kCompletedXa = 128,
};
enum : uint8_t { kMultiEngine = 1, kStartAlter = 2, kCommitAlter = 4, kRollbackAlter = 8 };

}  // namespace

absl::StatusOr<MariaDbGtidFields> ParseMariaDbGtid(Bytes body, uint32_t server_id) {
  // Shorter contents are filled up with zeros to this size.
  constexpr size_t kSmallestSize = 19;
  ByteReader reader(body);
  MariaDbGtidFields fields;
  fields.gtid.number = reader.U64();
  fields.gtid.source = model::GtidSource::MariaDb(reader.U32(), server_id);
  const uint8_t flags = reader.U8();
  if (body.size() < kSmallestSize || server_id == 0 || fields.gtid.number == 0) {
    return Damaged("GTID");
  }
  fields.standalone = (flags & kStandalone) != 0;
  fields.prepared_xa = (flags & kPreparedXa) != 0;
  fields.completed_xa = (flags & kCompletedXa) != 0;
  if ((flags & kGroupCommitId) != 0) reader.U64();
  if ((fields.prepared_xa || fields.completed_xa) && !ReadXid(&reader, &fields.xid)) {
    return Damaged("GTID");
  }
  const uint8_t extra = reader.left() > 0 ? reader.U8() : uint8_t{0};
  if ((extra & kMultiEngine) != 0) reader.U8();
  fields.starts_alter = (extra & kStartAlter) != 0;
  fields.commits_alter = (extra & kCommitAlter) != 0;
  fields.rolls_back_alter = (extra & kRollbackAlter) != 0;
  if (fields.commits_alter || fields.rolls_back_alter) fields.start_alter_number = reader.U64();
  if (!reader.ok()) return Damaged("GTID");
  return fields;
}

absl::StatusOr<model::GtidSet> ParseGtidList(Bytes body) {
  constexpr uint32_t kCountMask = 0x0fffffff;
  constexpr size_t kEntrySize = 16;
  ByteReader reader(body);
  const uint32_t count = reader.U32() & kCountMask;
  if (!reader.ok() || count > reader.left() / kEntrySize) return Damaged("GTID_LIST");
  model::GtidSet state;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t domain = reader.U32();
    const uint32_t server = reader.U32();
    const uint64_t number = reader.U64();
    if (server == 0 || number == 0 || number == UINT64_MAX) return Damaged("GTID_LIST");
    state.AddInterval(model::GtidSource::MariaDb(domain, server), {1, number});
  }
  return state;
}

absl::StatusOr<QueryFields> ParseCompressedQuery(Bytes body, std::string* text) {
  DCP_ASSIGN_OR_RETURN(QueryFields fields, ParseQuery(body));
  DCP_ASSIGN_OR_RETURN(const Bytes query, Inflate(AsBytes(fields.query), text));
  fields.query = AsText(query);
  return fields;
}

absl::StatusOr<QueryFields> ParseQuery(Bytes body) {
  ByteReader reader(body);
  QueryFields fields;
  reader.Skip(8);  // thread id, execution time
  const uint8_t database_size = reader.U8();
  fields.error_code = reader.U16();
  const uint16_t status_size = reader.U16();
  reader.Skip(status_size);
  fields.database = AsText(reader.Take(database_size));
  const uint8_t terminator = reader.U8();
  if (!reader.ok() || terminator != 0) return Damaged("QUERY");
  fields.query = AsText(reader.rest());
  return fields;
}

absl::StatusOr<XaPrepareFields> ParseXaPrepare(Bytes body) {
  ByteReader reader(body);
  XaPrepareFields fields;
  fields.one_phase = reader.U8() != 0;
  const auto format = static_cast<int32_t>(reader.U32());
  const uint32_t global_size = reader.U32();
  const uint32_t branch_size = reader.U32();
  if (global_size > kMaxXidPart || branch_size > kMaxXidPart) return Damaged("XA_PREPARE");
  const Bytes global = reader.Take(global_size);
  const Bytes branch = reader.Take(branch_size);
  if (!reader.ok()) return Damaged("XA_PREPARE");
  fields.xid = XidText(global, branch, format);
  return fields;
}

absl::StatusOr<absl::string_view> ParseRowsQuery(Bytes body) {
  if (body.empty()) return Damaged("ROWS_QUERY");
  return AsText(body.subspan(1));
}

absl::StatusOr<IncidentFields> ParseIncident(Bytes body) {
  ByteReader reader(body);
  IncidentFields fields;
  fields.incident = reader.U16();
  fields.message = std::string(AsText(reader.Take(reader.U8())));
  if (!reader.ok()) return Damaged("INCIDENT");
  return fields;
}

absl::StatusOr<RotateFields> ParseHeartbeat(Bytes body, const EventHeader& header) {
  if (header.type == kHeartbeatEvent) {
    // MariaDB beyond 4 GiB: no place in the header, and 8 bytes of it before the name.
    constexpr size_t kWidePlace = 8;
    if (header.log_pos == 0 && body.size() > kWidePlace && body[kWidePlace - 1] == 0) {
      return RotateFields{std::string(AsText(body.subspan(kWidePlace))),
                          LoadLe<kWidePlace>(body.data())};
    }
    if (body.empty()) return Damaged("HEARTBEAT");
    return RotateFields{std::string(AsText(body)), header.log_pos};
  }
  enum : uint64_t { kEnd = 0, kFile = 1, kOffset = 2 };
  ByteReader reader(body);
  RotateFields fields;
  while (reader.left() > 0) {
    const uint64_t field = reader.PackedInt();
    if (field == kEnd) break;
    ByteReader value(reader.Take(reader.PackedInt()));
    if (field == kFile) fields.file = std::string(AsText(value.rest()));
    if (field == kOffset) fields.offset = value.PackedInt();
    if (!value.ok()) reader.Fail();
  }
  if (!reader.ok() || fields.file.empty()) return Damaged("HEARTBEAT");
  return fields;
}

absl::StatusOr<TransactionPayloadFields> ParseTransactionPayload(Bytes body) {
  enum : uint64_t { kEnd = 0, kPayloadSize = 1, kCompression = 2, kUncompressedSize = 3 };
  ByteReader reader(body);
  TransactionPayloadFields fields;
  uint64_t payload_size = 0;
  for (uint64_t field = reader.PackedInt(); reader.ok() && field != kEnd;
       field = reader.PackedInt()) {
    ByteReader value(reader.Take(reader.PackedInt()));
    if (field == kPayloadSize) payload_size = value.PackedInt();
    if (field == kCompression) fields.compression = value.PackedInt();
    if (field == kUncompressedSize) fields.uncompressed_size = value.PackedInt();
    if (!value.ok()) reader.Fail();
  }
  fields.payload = reader.Take(payload_size);
  if (!reader.ok()) return Damaged("TRANSACTION_PAYLOAD");
  return fields;
}

namespace {

struct NamedEvent {
  uint8_t type;
  const char* name;
};

constexpr NamedEvent kEventNames[] = {
    {0, "UNKNOWN"},
    {1, "START_V3"},
    {kQueryEvent, "QUERY"},
    {kStopEvent, "STOP"},
    {kRotateEvent, "ROTATE"},
    {kIntvarEvent, "INTVAR"},
    {kLoadEvent, "LOAD"},
    {kSlaveEvent, "SLAVE"},
    {kCreateFileEvent, "CREATE_FILE"},
    {kAppendBlockEvent, "APPEND_BLOCK"},
    {kExecLoadEvent, "EXEC_LOAD"},
    {kDeleteFileEvent, "DELETE_FILE"},
    {kNewLoadEvent, "NEW_LOAD"},
    {kRandEvent, "RAND"},
    {kUserVarEvent, "USER_VAR"},
    {kFormatDescriptionEvent, "FORMAT_DESCRIPTION"},
    {kXidEvent, "XID"},
    {kBeginLoadQueryEvent, "BEGIN_LOAD_QUERY"},
    {kExecuteLoadQueryEvent, "EXECUTE_LOAD_QUERY"},
    {kTableMapEvent, "TABLE_MAP"},
    {kPreGaWriteRowsEvent, "WRITE_ROWS v0"},
    {kPreGaUpdateRowsEvent, "UPDATE_ROWS v0"},
    {kPreGaDeleteRowsEvent, "DELETE_ROWS v0"},
    {kWriteRowsEventV1, "WRITE_ROWS v1"},
    {kUpdateRowsEventV1, "UPDATE_ROWS v1"},
    {kDeleteRowsEventV1, "DELETE_ROWS v1"},
    {kIncidentEvent, "INCIDENT"},
    {kHeartbeatEvent, "HEARTBEAT"},
    {kIgnorableEvent, "IGNORABLE"},
    {kRowsQueryEvent, "ROWS_QUERY"},
    {kWriteRowsEvent, "WRITE_ROWS"},
    {kUpdateRowsEvent, "UPDATE_ROWS"},
    {kDeleteRowsEvent, "DELETE_ROWS"},
    {kGtidEvent, "GTID"},
    {kAnonymousGtidEvent, "ANONYMOUS_GTID"},
    {kPreviousGtidsEvent, "PREVIOUS_GTIDS"},
    {kTransactionContextEvent, "TRANSACTION_CONTEXT"},
    {kViewChangeEvent, "VIEW_CHANGE"},
    {kXaPrepareEvent, "XA_PREPARE"},
    {kPartialUpdateRowsEvent, "PARTIAL_UPDATE_ROWS"},
    {kTransactionPayloadEvent, "TRANSACTION_PAYLOAD"},
    {kHeartbeatEventV2, "HEARTBEAT v2"},
    {kTaggedGtidEvent, "GTID_TAGGED"},
    {kAnnotateRowsEvent, "ANNOTATE_ROWS"},
    {kBinlogCheckpointEvent, "BINLOG_CHECKPOINT"},
    {kMariaDbGtidEvent, "MariaDB GTID"},
    {kGtidListEvent, "GTID_LIST"},
    {kStartEncryptionEvent, "START_ENCRYPTION"},
    {kQueryCompressedEvent, "QUERY_COMPRESSED"},
    {kWriteRowsCompressedEventV1, "WRITE_ROWS_COMPRESSED v1"},
    {kUpdateRowsCompressedEventV1, "UPDATE_ROWS_COMPRESSED v1"},
    {kDeleteRowsCompressedEventV1, "DELETE_ROWS_COMPRESSED v1"},
    {kWriteRowsCompressedEvent, "WRITE_ROWS_COMPRESSED"},
    {kUpdateRowsCompressedEvent, "UPDATE_ROWS_COMPRESSED"},
    {kDeleteRowsCompressedEvent, "DELETE_ROWS_COMPRESSED"},
    {kPartialRowDataEvent, "PARTIAL_ROW_DATA"},
};

}  // namespace

std::string EventTypeName(uint8_t type) {
  for (const NamedEvent& event : kEventNames) {
    if (event.type == type) return event.name;
  }
  return absl::StrCat("event type ", static_cast<int>(type));
}

}  // namespace dcp::mysql
