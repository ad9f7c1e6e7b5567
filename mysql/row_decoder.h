// RowDecoder: from the row images of rows events to values, by decoders that
// are chosen once per table map.
// Source of the formats: sql/log_event.cc (log_event_print_value),
// sql-common/my_decimal, field.cc (pack/unpack) of MySQL.
//
// The forms of the values are those of model/value.h; texts are as decimal.h,
// temporal.h and jsonb.h say. Text that has no conversion to UTF-8 is kRaw. CHAR and VARCHAR keep
// their trailing blanks as sent; BINARY(n) is without its trailing 0x00. ENUM is its label ("" for
// 0), SET its labels joined by ",". Where a file does not tell labels, their numbers stand in
// (Column::approximate).
//
// RowDecoder is immutable and may be shared; ImageCursor is thread-compatible.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "model/value.h"
#include "mysql/binlog_reader.h"
#include "mysql/bytes.h"
#include "mysql/charset_converter.h"
#include "mysql/table_schema.h"

namespace dcp::mysql {

struct ColumnDecoder {
  // Decodes the value at `p` into `out` and returns where it ends; nullptr when
  // it does not end before `end` or is no value of this type, or when the type
  // or charset cannot be decoded (`problem` says so).
  using Function = const uint8_t* (*)(const ColumnDecoder& decoder, const uint8_t* p,
                                      const uint8_t* end, model::Value* out);
  Function decode = nullptr;
  uint32_t size = 0;   // of the value or of its length, in bytes; by type
  uint8_t digits = 0;  // of a fraction, or the precision
  uint8_t scale = 0;
  Function plain = nullptr;  // of a COMPRESSED column: of its value behind 4 bytes of length
  const Column* column = nullptr;
  const CharsetConverter* converter = nullptr;  // of text in CharsetKind::kOther
  const char* charset = nullptr;                // of text
  absl::Status problem;
};

class RowDecoder {
 public:
  explicit RowDecoder(std::shared_ptr<const TableSchema> schema);
  RowDecoder(const RowDecoder&) = delete;
  RowDecoder& operator=(const RowDecoder&) = delete;

  const std::shared_ptr<const TableSchema>& schema() const { return schema_; }
  const std::vector<ColumnDecoder>& columns() const { return columns_; }

 private:
  std::shared_ptr<const TableSchema> schema_;
  std::vector<ColumnDecoder> columns_;
};

// Goes through the rows of one event. Reused from event to event; borrows the
// event's bytes.
class ImageCursor final : public RowsCursor {
 public:
  struct Rows {
    BinlogEvent::RowOp op = BinlogEvent::RowOp::kInsert;
    Bytes before_bits;  // columns present; empty: the event has no such image
    Bytes after_bits;
    Bytes images;
    // PARTIAL_UPDATE_ROWS: JSON values of after images may be diffs to those of
    // the before images. Where they cannot be applied the column is absent from both.
    bool partial = false;
  };

  // REQUIRES: the bitmaps cover all columns of `decoder`, which outlives the
  // cursor's use.
  void Reset(const RowDecoder* decoder, const Rows& rows);

  absl::StatusOr<bool> Next(std::vector<model::Value>* before,
                            std::vector<model::Value>* after) override;

 private:
  struct Image {
    bool exists = false;
    bool full = false;
    std::vector<uint32_t> present;  // ordinals, when not full
    size_t null_bytes = 0;
  };

  void Prepare(Bytes bits, Image* image);
  absl::Status DecodeImage(const Image& image, std::vector<model::Value>* values);
  template <bool kFull>
  absl::Status DecodeColumns(const Image& image, model::Value* values);
  absl::Status DecodePartialImage(std::vector<model::Value>* before,
                                  std::vector<model::Value>* after);
  absl::Status DecodeDiffs(const ColumnDecoder& decoder, model::Value* before, model::Value* after);
  absl::Status Failure(const ColumnDecoder& decoder);
  absl::Status EndsInsideARow() const;

  const RowDecoder* decoder_ = nullptr;
  Image before_, after_;
  const uint8_t* p_ = nullptr;
  const uint8_t* end_ = nullptr;
  bool partial_ = false;
  bool first_ = true;
  bool failed_ = false;
};

}  // namespace dcp::mysql
