// EventDecoder: from raw binlog events, in order, to BinlogEvents. Shared by
// the readers of servers and of files: knows checksums, positions, table maps,
// transaction payloads and row decoders; knows no connection.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mysql/binlog_reader.h"
#include "mysql/event.h"
#include "mysql/payload_reader.h"
#include "mysql/row_decoder.h"
#include "mysql/schema_source.h"
#include "mysql/table_map.h"

namespace dcp::mysql {

// Which tables' rows are wanted; those of others are passed over unread, as
// kOther events with the names in `table`. Empty: all.
using TableFilter = std::function<bool(absl::string_view database, absl::string_view table)>;

class EventDecoder {
 public:
  struct Options {
    SchemaSource* schemas = nullptr;  // not owned; null for files
    TableFilter wants = {};
    // Events end with a CRC32 until a format description says otherwise: what
    // was negotiated with the server.
    bool checksums = false;
    // Headers tell where their event ends in the file. Not so in relay logs,
    // which keep the positions of their source.
    bool positions_in_headers = true;
  };

  explicit EventDecoder(Options options);

  // What follows stands in `file` from `offset` on.
  void SetPosition(absl::string_view file, uint64_t offset);
  const model::BinlogPosition& position() const { return position_; }
  // What the last format description says.
  bool mariadb() const { return format_.mariadb(); }

  // Decodes one event as it is in the file, header to checksum. The result
  // borrows `event` and is valid until the next call; nullptr when there is
  // nothing to tell (a table map, the head of a payload).
  //   kDataLoss     damaged; file and position are named
  //   kUnavailable  the schema source cannot be asked now
  // After an error the decoder is of no use any more.
  absl::StatusOr<const BinlogEvent*> Decode(Bytes event);

  // True while the last event's payload has events left: take them with
  // DecodeInner(), which is as Decode(), before the next Decode().
  bool inside_payload() const { return inside_payload_; }
  absl::StatusOr<const BinlogEvent*> DecodeInner();

 private:
  struct TableEntry {
    std::string map;  // the event's body, to know it again
    bool prepared = false;
    bool wanted = true;
    bool reread = false;      // the schema source was asked anew for it
    bool older = false;       // the present group is from before the table's definition
    uint64_t generation = 0;  // of the schema source, when prepared
    absl::Status error;       // why rows of this table cannot be read
    std::shared_ptr<const TableSchema> schema;
    std::unique_ptr<const RowDecoder> decoder;
  };

  absl::StatusOr<const BinlogEvent*> DecodeChecked(Bytes event, const EventHeader& header);
  absl::StatusOr<Bytes> StripChecksum(Bytes event, const EventHeader& header) const;
  void Begin(const EventHeader& header);
  void Place(const EventHeader& header);
  absl::Status Locate(const absl::Status& status) const;

  // One for each kind of event. `body` is without header and checksum.
  absl::StatusOr<const BinlogEvent*> Dispatch(const EventHeader& header, Bytes body);
  absl::StatusOr<const BinlogEvent*> OnFormatDescription(Bytes event);
  absl::StatusOr<const BinlogEvent*> OnRotate(Bytes body);
  absl::StatusOr<const BinlogEvent*> OnGtid(const EventHeader& header, Bytes body);
  absl::StatusOr<const BinlogEvent*> OnMariaDbGtid(const EventHeader& header, Bytes body);
  absl::StatusOr<const BinlogEvent*> OnGtidList(const EventHeader& header, Bytes body);
  absl::StatusOr<const BinlogEvent*> OnStartEncryption();
  absl::StatusOr<const BinlogEvent*> OnPreviousGtids(Bytes body);
  absl::StatusOr<const BinlogEvent*> OnQuery(const EventHeader& header, Bytes body);
  absl::StatusOr<const BinlogEvent*> OnXaPrepare(Bytes body);
  absl::StatusOr<const BinlogEvent*> OnRowsQuery(Bytes body);
  absl::StatusOr<const BinlogEvent*> OnIncident(Bytes body);
  absl::StatusOr<const BinlogEvent*> OnHeartbeat(const EventHeader& header, Bytes body);
  absl::StatusOr<const BinlogEvent*> OnTableMap(Bytes body);
  absl::StatusOr<const BinlogEvent*> OnRows(const EventHeader& header, Bytes body);
  const BinlogEvent* OnPreGaRows(const EventHeader& header);
  absl::StatusOr<const BinlogEvent*> OnPayload(Bytes body);
  const BinlogEvent* Deliver(BinlogEvent::Kind kind);
  const BinlogEvent* Unreadable(const absl::Status& error);

  absl::Status Prepare(TableEntry* entry);
  absl::StatusOr<TableSchema> SchemaOf(TableMap map, TableEntry* entry);
  bool IsOlderThan(const TableSchema& catalog) const;
  size_t TableIdSize(uint8_t type) const;
  void ForgetTables();

  Options options_;
  FormatDescription format_;
  model::BinlogPosition position_;
  absl::flat_hash_map<uint64_t, TableEntry> tables_;
  PayloadReader payload_;
  std::string inflated_;  // of a compressed event of MariaDB
  bool inside_payload_ = false;
  int64_t commit_micros_ = 0;  // of the present group, by this server's clock; 0: not told
  ImageCursor cursor_;
  BinlogEvent event_;
};

}  // namespace dcp::mysql
