#include "mysql/event_decoder.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/gtid_codec.h"
#include "mysql/inflate.h"
#include "mysql/schema_merge.h"

namespace dcp::mysql {
namespace {

using Kind = BinlogEvent::Kind;
using RowOp = BinlogEvent::RowOp;
using Event = absl::StatusOr<const BinlogEvent*>;

// The id of rows events that only end a statement.
constexpr uint64_t kDummyTableId = 0xffffff;
constexpr size_t kMaxTables = 16384;

// The smallest place at or after `at_least` whose low 32 bits are `low`.
uint64_t Widen(uint64_t at_least, uint32_t low) {
  const uint64_t place = (at_least & ~uint64_t{0xffffffff}) | low;
  return place >= at_least ? place : place + (uint64_t{1} << 32);
}

// Statements that change no table's schema. All else, known or not, makes
// schemas be read again.
bool LeavesSchemas(absl::string_view query) {
  static constexpr const char* kWords[] = {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE",
                                           "XA",    "INSERT", "UPDATE",   "DELETE"};
  for (const absl::string_view word : kWords) {
    if (absl::StartsWithIgnoreCase(query, word) &&
        (query.size() == word.size() ||
         !absl::ascii_isalnum(static_cast<unsigned char>(query[word.size()])))) {
      return true;
    }
  }
  return false;
}

bool IsCompressedRows(uint8_t type) {
  return type >= kWriteRowsCompressedEventV1 && type <= kDeleteRowsCompressedEvent;
}

// The type of the same event as it is without compression.
uint8_t PlainType(uint8_t type) {
  if (!IsCompressedRows(type)) return type;
  const bool version1 = type <= kDeleteRowsCompressedEventV1;
  return static_cast<uint8_t>(version1 ? type - kWriteRowsCompressedEventV1 + kWriteRowsEventV1
                                       : type - kWriteRowsCompressedEvent + kWriteRowsEvent);
}

bool IsUpdate(uint8_t type) {
  return type == kUpdateRowsEvent || type == kUpdateRowsEventV1 || type == kPartialUpdateRowsEvent;
}

bool IsDelete(uint8_t type) { return type == kDeleteRowsEvent || type == kDeleteRowsEventV1; }

bool IsVersion1(uint8_t type) { return type >= kWriteRowsEventV1 && type <= kDeleteRowsEventV1; }

bool IsArtificialRotate(const EventHeader& header) {
  return header.type == kRotateEvent &&
         ((header.flags & kFlagArtificial) != 0 || header.log_pos == 0);
}

// Events that are sent but stand in no file.
bool StandsInFile(const EventHeader& header) {
  if (header.type == kHeartbeatEvent || header.type == kHeartbeatEventV2) return false;
  if (header.type == kFormatDescriptionEvent) return header.log_pos != 0;
  return !IsArtificialRotate(header) && (header.flags & kFlagArtificial) == 0;
}

}  // namespace

EventDecoder::EventDecoder(Options options) : options_(std::move(options)) {
  format_.checksums = options_.checksums;
}

void EventDecoder::SetPosition(absl::string_view file, uint64_t offset) {
  position_.file = std::string(file);
  position_.offset = offset;
}

Event EventDecoder::Decode(Bytes event) {
  inside_payload_ = false;
  auto header = ParseEventHeader(event);
  if (!header.ok()) return Locate(header.status());
  if (header->size != event.size()) {
    return Locate(absl::DataLossError(
        absl::StrCat("event says it has ", header->size, " bytes, but ", event.size(), " came")));
  }
  Event result = DecodeChecked(event, *header);
  if (!result.ok()) return Locate(result.status());
  return result;
}

Event EventDecoder::DecodeChecked(Bytes event, const EventHeader& header) {
  Place(header);
  Begin(header);
  if (header.type == kFormatDescriptionEvent) return OnFormatDescription(event);
  DCP_ASSIGN_OR_RETURN(const Bytes whole, StripChecksum(event, header));
  return Dispatch(header, whole.subspan(kEventHeaderSize));
}

Event EventDecoder::DecodeInner() {
  auto event = payload_.Next();
  if (!event.ok()) return Locate(event.status());
  if (event->empty()) {
    inside_payload_ = false;
    return nullptr;
  }
  auto header = ParseEventHeader(*event);
  if (!header.ok()) return Locate(header.status());
  Begin(*header);
  if (header->type == kTransactionPayloadEvent || header->type == kFormatDescriptionEvent ||
      header->type == kRotateEvent) {
    return Locate(absl::DataLossError(
        absl::StrCat(EventTypeName(header->type), " event inside a transaction payload")));
  }
  Event result = Dispatch(*header, event->subspan(kEventHeaderSize));
  if (!result.ok()) return Locate(result.status());
  return result;
}

// An artificial ROTATE has a checksum or none depending on the server and on
// what was negotiated: both forms are known by the checksum itself.
absl::StatusOr<Bytes> EventDecoder::StripChecksum(Bytes event, const EventHeader& header) const {
  const bool expected = format_.checksums;
  if (!expected && !IsArtificialRotate(header)) return event;
  const bool matches = event.size() >= kEventHeaderSize + kChecksumSize && ChecksumMatches(event);
  if (matches) return event.first(event.size() - kChecksumSize);
  if (!expected) return event;
  return absl::DataLossError(
      absl::StrCat("checksum of ", EventTypeName(header.type), " event does not match"));
}

void EventDecoder::Place(const EventHeader& header) {
  event_.start.file = position_.file;
  if (options_.positions_in_headers && !StandsInFile(header)) {
    event_.start.offset = 0;
  } else {
    uint64_t end = position_.offset + header.size;
    if (options_.positions_in_headers && header.log_pos != 0) end = Widen(end, header.log_pos);
    event_.start.offset = end - header.size;
    position_.offset = end;
  }
  event_.end = position_;
}

void EventDecoder::Begin(const EventHeader& header) {
  event_.kind = Kind::kOther;
  event_.type_code = header.type;
  event_.timestamp_micros = int64_t{header.timestamp} * 1000000;
  event_.server_id = header.server_id;
  event_.group = BinlogEvent::Group::kUnknown;
  event_.announces_only = false;
  event_.gtid = model::Gtid();
  if (!event_.gtids.empty()) event_.gtids = model::GtidSet();
  event_.query.clear();
  event_.database.clear();
  event_.query_error_code = 0;
  event_.one_phase = false;
  event_.table = nullptr;
  event_.rows = nullptr;
  event_.ends_statement = false;
  if (!event_.error.ok()) event_.error = absl::OkStatus();
}

absl::Status EventDecoder::Locate(const absl::Status& status) const {
  const std::string file = event_.start.file.empty() ? "binlog" : event_.start.file;
  return Annotate(status, absl::StrCat(file, ":", event_.start.offset));
}

const BinlogEvent* EventDecoder::Deliver(Kind kind) {
  event_.kind = kind;
  return &event_;
}

const BinlogEvent* EventDecoder::Unreadable(const absl::Status& error) {
  event_.error = Locate(error);
  return Deliver(Kind::kUnreadable);
}

Event EventDecoder::Dispatch(const EventHeader& header, Bytes body) {
  switch (header.type) {
    case kRotateEvent:
      return OnRotate(body);
    case kGtidEvent:
    case kAnonymousGtidEvent:
    case kTaggedGtidEvent:
      return OnGtid(header, body);
    case kMariaDbGtidEvent:
      return OnMariaDbGtid(header, body);
    case kGtidListEvent:
      return OnGtidList(header, body);
    case kStartEncryptionEvent:
      return OnStartEncryption();
    case kPreviousGtidsEvent:
      return OnPreviousGtids(body);
    case kQueryEvent:
    case kQueryCompressedEvent:
      return OnQuery(header, body);
    case kXidEvent:
      return Deliver(Kind::kCommit);
    case kXaPrepareEvent:
      return OnXaPrepare(body);
    case kRowsQueryEvent:
      return OnRowsQuery(body);
    case kAnnotateRowsEvent:
      event_.query.assign(AsText(body).data(), body.size());
      return Deliver(Kind::kRowsQuery);
    case kIncidentEvent:
      return OnIncident(body);
    case kHeartbeatEvent:
    case kHeartbeatEventV2:
      return OnHeartbeat(header, body);
    case kTableMapEvent:
      return OnTableMap(body);
    case kWriteRowsEvent:
    case kUpdateRowsEvent:
    case kDeleteRowsEvent:
    case kWriteRowsEventV1:
    case kUpdateRowsEventV1:
    case kDeleteRowsEventV1:
    case kPartialUpdateRowsEvent:
    case kWriteRowsCompressedEventV1:
    case kUpdateRowsCompressedEventV1:
    case kDeleteRowsCompressedEventV1:
    case kWriteRowsCompressedEvent:
    case kUpdateRowsCompressedEvent:
    case kDeleteRowsCompressedEvent:
      return OnRows(header, body);
    case kPartialRowDataEvent:
      return Unreadable(absl::UnimplementedError(
          "PARTIAL_ROW_DATA (a rows event in pieces) is not supported; raise "
          "binlog_row_event_fragment_threshold on the server"));
    case kPreGaWriteRowsEvent:
    case kPreGaUpdateRowsEvent:
    case kPreGaDeleteRowsEvent:
      return OnPreGaRows(header);
    case kTransactionPayloadEvent:
      return OnPayload(body);
    case kIntvarEvent:
    case kRandEvent:
    case kUserVarEvent:
    case kLoadEvent:
    case kNewLoadEvent:
    case kCreateFileEvent:
    case kAppendBlockEvent:
    case kExecLoadEvent:
    case kDeleteFileEvent:
    case kBeginLoadQueryEvent:
    case kExecuteLoadQueryEvent:
      return Deliver(Kind::kStatementContext);
    case kBinlogCheckpointEvent:
    case kStopEvent:
    case kSlaveEvent:
    case kIgnorableEvent:
    case kTransactionContextEvent:
    case kViewChangeEvent:
      return Deliver(Kind::kOther);
    default:
      if ((header.flags & kFlagIgnorable) != 0) return Deliver(Kind::kOther);
      return Unreadable(
          absl::UnimplementedError(absl::StrCat(EventTypeName(header.type), " is not supported")));
  }
}

Event EventDecoder::OnFormatDescription(Bytes event) {
  DCP_ASSIGN_OR_RETURN(format_, ParseFormatDescription(event, !options_.positions_in_headers));
  ForgetTables();
  return Deliver(Kind::kOther);
}

Event EventDecoder::OnRotate(Bytes body) {
  DCP_ASSIGN_OR_RETURN(const RotateFields fields, ParseRotate(body));
  // A file's own last event names the next file; only a server's stream goes on
  // there by itself.
  event_.end = {fields.file, fields.offset};
  if (options_.positions_in_headers) position_ = event_.end;
  ForgetTables();
  return Deliver(Kind::kRotate);
}

Event EventDecoder::OnGtid(const EventHeader& header, Bytes body) {
  DCP_ASSIGN_OR_RETURN(GtidFields fields,
                       header.type == kTaggedGtidEvent
                           ? ParseTaggedGtid(body)
                           : ParseGtid(body, header.type == kAnonymousGtidEvent));
  event_.gtid = std::move(fields.gtid);
  commit_micros_ = fields.commit_micros;
  if (fields.commit_micros != 0) event_.timestamp_micros = fields.commit_micros;
  if (tables_.size() > kMaxTables) ForgetTables();
  return Deliver(Kind::kGroupStart);
}

Event EventDecoder::OnMariaDbGtid(const EventHeader& header, Bytes body) {
  DCP_ASSIGN_OR_RETURN(MariaDbGtidFields fields, ParseMariaDbGtid(body, header.server_id));
  event_.gtid = fields.gtid;
  commit_micros_ = 0;
  event_.group =
      fields.standalone ? BinlogEvent::Group::kStandalone : BinlogEvent::Group::kTransaction;
  event_.announces_only = fields.starts_alter || fields.rolls_back_alter;
  if (tables_.size() > kMaxTables) ForgetTables();
  return Deliver(Kind::kGroupStart);
}

Event EventDecoder::OnGtidList(const EventHeader& header, Bytes body) {
  // An artificial one tells where the stream is, not what a file begins with.
  if ((header.flags & kFlagArtificial) != 0) return Deliver(Kind::kOther);
  DCP_ASSIGN_OR_RETURN(event_.gtids, ParseGtidList(body));
  return Deliver(Kind::kPreviousGtids);
}

// A server sends decrypted what follows; in its files it is encrypted.
Event EventDecoder::OnStartEncryption() {
  if (options_.positions_in_headers) return Deliver(Kind::kOther);
  return absl::FailedPreconditionError(
      "the binlog is encrypted from here on (encrypt_binlog=ON); read it from the server");
}

Event EventDecoder::OnPreviousGtids(Bytes body) {
  DCP_ASSIGN_OR_RETURN(event_.gtids, DecodeGtidSet(body));
  return Deliver(Kind::kPreviousGtids);
}

Event EventDecoder::OnQuery(const EventHeader& header, Bytes body) {
  DCP_ASSIGN_OR_RETURN(const QueryFields fields, header.type == kQueryCompressedEvent
                                                     ? ParseCompressedQuery(body, &inflated_)
                                                     : ParseQuery(body));
  event_.query.assign(fields.query.data(), fields.query.size());
  event_.database.assign(fields.database.data(), fields.database.size());
  event_.query_error_code = fields.error_code;
  if (options_.schemas != nullptr && !LeavesSchemas(fields.query)) options_.schemas->Invalidate();
  return Deliver(Kind::kQuery);
}

Event EventDecoder::OnXaPrepare(Bytes body) {
  DCP_ASSIGN_OR_RETURN(XaPrepareFields fields, ParseXaPrepare(body));
  event_.query = std::move(fields.xid);
  event_.one_phase = fields.one_phase;
  return Deliver(Kind::kXaPrepare);
}

Event EventDecoder::OnRowsQuery(Bytes body) {
  DCP_ASSIGN_OR_RETURN(const absl::string_view query, ParseRowsQuery(body));
  event_.query.assign(query.data(), query.size());
  return Deliver(Kind::kRowsQuery);
}

Event EventDecoder::OnIncident(Bytes body) {
  DCP_ASSIGN_OR_RETURN(const IncidentFields fields, ParseIncident(body));
  event_.error = Locate(absl::DataLossError(
      absl::StrCat("the server says that events were lost (incident ", fields.incident,
                   fields.message.empty() ? ")" : "): ", fields.message)));
  return Deliver(Kind::kIncident);
}

Event EventDecoder::OnHeartbeat(const EventHeader& header, Bytes body) {
  DCP_ASSIGN_OR_RETURN(RotateFields fields, ParseHeartbeat(body, header));
  // The header's place has 32 bits.
  const bool narrow = header.type == kHeartbeatEvent && header.log_pos == fields.offset;
  if (narrow && fields.file == position_.file) {
    fields.offset = Widen(position_.offset, header.log_pos);
  }
  event_.end = {std::move(fields.file), fields.offset};
  position_ = event_.end;
  return Deliver(Kind::kHeartbeat);
}

Event EventDecoder::OnPayload(Bytes body) {
  DCP_ASSIGN_OR_RETURN(const TransactionPayloadFields fields, ParseTransactionPayload(body));
  const absl::Status started = payload_.Start(fields);
  if (absl::IsUnimplemented(started)) return Unreadable(started);
  DCP_RETURN_IF_ERROR(started);
  inside_payload_ = true;
  return nullptr;
}

// Their images begin with the NULL bits of the table's record in its server's memory, which has
// bits of other meaning and none for columns that are NOT NULL; and their table maps tell no
// lengths. Neither was written by a server that replicates to one of today.
const BinlogEvent* EventDecoder::OnPreGaRows(const EventHeader& header) {
  return Unreadable(absl::UnimplementedError(
      absl::StrCat(EventTypeName(header.type),
                   " (of MySQL 5.1 before 5.1.18) cannot be read: which of its values are NULL, "
                   "and how long they are, only the table's own files told")));
}

size_t EventDecoder::TableIdSize(uint8_t type) const {
  return format_.PostHeaderLength(type, 8) == 6 ? 4 : 6;
}

void EventDecoder::ForgetTables() { tables_.clear(); }

Event EventDecoder::OnTableMap(Bytes body) {
  DCP_ASSIGN_OR_RETURN(const TableMapHead head,
                       ParseTableMapHead(body, TableIdSize(kTableMapEvent)));
  TableEntry& entry = tables_[head.id];
  if (absl::string_view(entry.map) == AsText(body)) return nullptr;
  entry = TableEntry();
  entry.map = std::string(AsText(body));
  return nullptr;
}

// The present group was committed before the table became what it is now. A statement that makes a
// table anew may leave all that table maps tell as it was: names, labels, the order of like
// columns.
bool EventDecoder::IsOlderThan(const TableSchema& catalog) const {
  return commit_micros_ != 0 && commit_micros_ < catalog.defined_seconds * 1000000;
}

absl::StatusOr<TableSchema> EventDecoder::SchemaOf(TableMap map, TableEntry* entry) {
  if (options_.schemas == nullptr) return CompleteSchema(std::move(map), nullptr);
  DCP_RETURN_IF_ERROR(ResolveCollations(options_.schemas, &map));
  auto catalog = options_.schemas->Find(map.schema.database, map.schema.name);
  if (catalog.ok()) {
    entry->older = !IsComplete(map) && IsOlderThan(**catalog);
    if (entry->older) {
      return Changed(map.schema, "was altered or made anew later");
    }
    absl::StatusOr<TableSchema> schema = CompleteSchema(map, catalog->get());
    if (!absl::IsFailedPrecondition(schema.status()) || std::exchange(entry->reread, true))
      return schema;
    // A statement that the binlog does not have (sql_log_bin = 0) may have changed the table.
    options_.schemas->Invalidate();
    return SchemaOf(std::move(map), entry);
  }
  if (absl::IsUnavailable(catalog.status())) return catalog.status();
  if (IsComplete(map)) return CompleteSchema(std::move(map), nullptr);
  return catalog.status();
}

// Parses the entry's table map and chooses its decoders. What only concerns
// this table becomes its error; what is returned ends the stream.
absl::Status EventDecoder::Prepare(TableEntry* entry) {
  const uint64_t generation = options_.schemas == nullptr ? 0 : options_.schemas->generation();
  if (entry->prepared && entry->generation == generation) return absl::OkStatus();
  DCP_ASSIGN_OR_RETURN(const TableMapHead head,
                       ParseTableMapHead(AsBytes(entry->map), TableIdSize(kTableMapEvent)));
  auto names = std::make_shared<TableSchema>();
  names->database = std::string(head.database);
  names->name = std::string(head.table);
  entry->schema = names;
  entry->decoder = nullptr;
  entry->older = false;
  entry->error = absl::OkStatus();
  entry->wanted = !options_.wants || options_.wants(head.database, head.table);
  if (entry->wanted) {
    absl::StatusOr<TableMap> map = ParseTableMap(head, format_.mariadb());
    if (absl::IsDataLoss(map.status())) return map.status();
    absl::StatusOr<TableSchema> schema = map.ok() ? SchemaOf(*std::move(map), entry) : map.status();
    if (absl::IsUnavailable(schema.status())) return schema.status();
    entry->error = schema.status();
    if (schema.ok()) {
      entry->schema = std::make_shared<const TableSchema>(*std::move(schema));
      entry->decoder = std::make_unique<const RowDecoder>(entry->schema);
    }
  }
  entry->prepared = !entry->older;  // a later group may be of the table as it is now
  entry->generation = generation;
  return absl::OkStatus();
}

Event EventDecoder::OnRows(const EventHeader& header, Bytes body) {
  const uint8_t type = PlainType(header.type);
  ByteReader reader(body);
  const uint64_t id = TableIdSize(header.type) == 4 ? reader.U32() : reader.U48();
  event_.ends_statement = (reader.U16() & kRowsEndStatement) != 0;
  if (!IsVersion1(type)) {
    const uint16_t extra = reader.U16();
    if (extra < 2) reader.Fail();
    reader.Skip(extra < 2 ? 0 : extra - 2u);
  }
  if (!reader.ok()) return absl::DataLossError("damaged rows event: its head");
  if (id == kDummyTableId) return Deliver(Kind::kOther);
  const auto found = tables_.find(id);
  if (found == tables_.end()) {
    return Unreadable(absl::FailedPreconditionError(
        absl::StrCat("rows event for table id ", id, " without its table map")));
  }
  TableEntry& entry = found->second;
  DCP_RETURN_IF_ERROR(Prepare(&entry));
  event_.table = entry.schema;
  if (!entry.wanted) return Deliver(Kind::kOther);
  if (!entry.error.ok()) return Unreadable(entry.error);
  const size_t columns = entry.schema->columns.size();
  const uint64_t width = reader.PackedInt();
  if (!reader.ok() || width != columns) {
    return absl::DataLossError(
        absl::StrCat("rows event of ", width, " columns for a table map of ", columns));
  }
  ImageCursor::Rows rows;
  event_.op = rows.op = IsUpdate(type)   ? RowOp::kUpdate
                        : IsDelete(type) ? RowOp::kDelete
                                         : RowOp::kInsert;
  const size_t bitmap = (columns + 7) / 8;
  if (rows.op != RowOp::kInsert) rows.before_bits = reader.Take(bitmap);
  if (rows.op != RowOp::kDelete) rows.after_bits = reader.Take(bitmap);
  rows.images = reader.rest();
  rows.partial = header.type == kPartialUpdateRowsEvent;
  if (!reader.ok()) return absl::DataLossError("damaged rows event: its column bitmaps");
  if (IsCompressedRows(header.type)) {
    DCP_ASSIGN_OR_RETURN(rows.images, Inflate(rows.images, &inflated_));
  }
  cursor_.Reset(entry.decoder.get(), rows);
  event_.rows = &cursor_;
  return Deliver(Kind::kRows);
}

}  // namespace dcp::mysql
