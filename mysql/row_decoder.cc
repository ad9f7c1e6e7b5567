#include "mysql/row_decoder.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/charset.h"
#include "mysql/column_type.h"
#include "mysql/decimal.h"
#include "mysql/inflate.h"
#include "mysql/json_diff.h"
#include "mysql/jsonb.h"
#include "mysql/mariadb_type.h"
#include "mysql/temporal.h"
#include "mysql/utf8.h"

namespace dcp::mysql {
namespace {

using model::Value;

bool Has(const uint8_t* p, const uint8_t* end, size_t n) {
  return static_cast<size_t>(end - p) >= n;
}

template <size_t N>
const uint8_t* DecodeUnsigned(const ColumnDecoder&, const uint8_t* p, const uint8_t* end,
                              Value* out) {
  if (!Has(p, end, N)) return nullptr;
  out->kind = Value::Kind::kUint;
  out->unsigned_int = LoadLe<N>(p);
  return p + N;
}

template <size_t N>
const uint8_t* DecodeSigned(const ColumnDecoder&, const uint8_t* p, const uint8_t* end,
                            Value* out) {
  if (!Has(p, end, N)) return nullptr;
  constexpr int kShift = 64 - 8 * static_cast<int>(N);
  out->kind = Value::Kind::kInt;
  out->signed_int = static_cast<int64_t>(LoadLe<N>(p) << kShift) >> kShift;
  return p + N;
}

const uint8_t* DecodeFloat(const ColumnDecoder&, const uint8_t* p, const uint8_t* end, Value* out) {
  if (!Has(p, end, 4)) return nullptr;
  out->kind = Value::Kind::kFloat;
  out->real = std::bit_cast<float>(static_cast<uint32_t>(LoadLe<4>(p)));
  return p + 4;
}

const uint8_t* DecodeDouble(const ColumnDecoder&, const uint8_t* p, const uint8_t* end,
                            Value* out) {
  if (!Has(p, end, 8)) return nullptr;
  out->kind = Value::Kind::kDouble;
  out->real = std::bit_cast<double>(LoadLe<8>(p));
  return p + 8;
}

const uint8_t* DecodeYear(const ColumnDecoder&, const uint8_t* p, const uint8_t* end, Value* out) {
  if (!Has(p, end, 1)) return nullptr;
  out->kind = Value::Kind::kUint;
  out->unsigned_int = *p == 0 ? 0 : 1900u + *p;
  return p + 1;
}

const uint8_t* DecodeBit(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end, Value* out) {
  if (!Has(p, end, d.size)) return nullptr;
  out->kind = Value::Kind::kUint;
  out->unsigned_int = LoadBe(p, d.size);
  return p + d.size;
}

const uint8_t* DecodeDecimal(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end,
                             Value* out) {
  if (!Has(p, end, d.size)) return nullptr;
  out->kind = Value::Kind::kDecimal;
  if (!DecimalToText(p, d.digits, d.scale, DecimalText::kNormalised, &out->text)) return nullptr;
  return p + d.size;
}

using FractionalToText = bool (*)(const uint8_t* p, uint32_t digits, std::string* out);
template <FractionalToText kToText>
const uint8_t* DecodeFractional(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end,
                                Value* out) {
  if (!Has(p, end, d.size)) return nullptr;
  out->kind = Value::Kind::kTemporal;
  return kToText(p, d.digits, &out->text) ? p + d.size : nullptr;
}

using PlainToText = bool (*)(const uint8_t* p, std::string* out);
template <PlainToText kToText>
const uint8_t* DecodePlainTemporal(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end,
                                   Value* out) {
  if (!Has(p, end, d.size)) return nullptr;
  out->kind = Value::Kind::kTemporal;
  return kToText(p, &out->text) ? p + d.size : nullptr;
}

bool OldTimestampToText(const uint8_t* p, std::string* out) {
  return TimestampToText(LoadLe<4>(p), 0, out);
}

// The value of `kLength` length bytes at `p`; its end, or nullptr.
template <size_t kLength>
const uint8_t* TakeCounted(const uint8_t* p, const uint8_t* end, Bytes* value) {
  if (!Has(p, end, kLength)) return nullptr;
  const auto size = static_cast<size_t>(LoadLe<kLength>(p));
  p += kLength;
  if (!Has(p, end, size)) return nullptr;
  *value = Bytes(p, size);
  return p + size;
}

void Assign(Bytes bytes, std::string* out) {
  out->assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Text that is not of its charset: kept as it is, and apart from all text.
void AssignRaw(const ColumnDecoder& d, Bytes bytes, Value* out) {
  out->kind = Value::Kind::kRaw;
  out->text = d.charset;
  out->text.push_back(':');
  out->text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// utf8mb4, utf8mb3 (kMaxLength 3) and ASCII (1).
template <size_t kLength, size_t kMaxLength>
const uint8_t* DecodeText(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end,
                          Value* out) {
  Bytes value;
  p = TakeCounted<kLength>(p, end, &value);
  if (p == nullptr) return nullptr;
  if (!IsAscii(value) && (kMaxLength == 1 || !IsValidUtf8(value, kMaxLength))) {
    AssignRaw(d, value, out);
    return p;
  }
  out->kind = Value::Kind::kText;
  Assign(value, &out->text);
  return p;
}
template <size_t kLength>
const uint8_t* DecodeAscii(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end,
                           Value* out) {
  return DecodeText<kLength, 1>(d, p, end, out);
}
template <size_t kLength>
const uint8_t* DecodeUtf8mb3(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end,
                             Value* out) {
  return DecodeText<kLength, 3>(d, p, end, out);
}
template <size_t kLength>
const uint8_t* DecodeUtf8mb4(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end,
                             Value* out) {
  return DecodeText<kLength, 4>(d, p, end, out);
}

template <size_t kLength>
const uint8_t* DecodeOtherText(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end,
                               Value* out) {
  Bytes value;
  p = TakeCounted<kLength>(p, end, &value);
  if (p == nullptr) return nullptr;
  if (d.converter->Convert(value, &out->text)) {
    out->kind = Value::Kind::kText;
  } else {
    AssignRaw(d, value, out);
  }
  return p;
}

template <size_t kLength>
const uint8_t* DecodeLatin1(const ColumnDecoder&, const uint8_t* p, const uint8_t* end,
                            Value* out) {
  Bytes value;
  p = TakeCounted<kLength>(p, end, &value);
  if (p == nullptr) return nullptr;
  out->kind = Value::Kind::kText;
  Latin1ToUtf8(value, &out->text);
  return p;
}

// The charset is not known (approximate): UTF-8 where it is, else latin1.
template <size_t kLength>
const uint8_t* DecodeGuessedText(const ColumnDecoder&, const uint8_t* p, const uint8_t* end,
                                 Value* out) {
  Bytes value;
  p = TakeCounted<kLength>(p, end, &value);
  if (p == nullptr) return nullptr;
  out->kind = Value::Kind::kText;
  if (IsValidUtf8(value)) {
    Assign(value, &out->text);
  } else {
    Latin1ToUtf8(value, &out->text);
  }
  return p;
}

template <size_t kLength>
const uint8_t* DecodeBytes(const ColumnDecoder&, const uint8_t* p, const uint8_t* end, Value* out) {
  Bytes value;
  p = TakeCounted<kLength>(p, end, &value);
  if (p == nullptr) return nullptr;
  out->kind = Value::Kind::kBytes;
  Assign(value, &out->text);
  return p;
}

// BINARY(n): the server strips trailing 0x00 in row images; MariaDB and old
// versions not always.
template <size_t kLength>
const uint8_t* DecodeFixedBytes(const ColumnDecoder&, const uint8_t* p, const uint8_t* end,
                                Value* out) {
  Bytes value;
  p = TakeCounted<kLength>(p, end, &value);
  if (p == nullptr) return nullptr;
  while (!value.empty() && value.back() == 0) value = value.first(value.size() - 1);
  out->kind = Value::Kind::kBytes;
  Assign(value, &out->text);
  return p;
}

template <size_t kLength>
const uint8_t* DecodeJson(const ColumnDecoder&, const uint8_t* p, const uint8_t* end, Value* out) {
  Bytes value;
  p = TakeCounted<kLength>(p, end, &value);
  if (p == nullptr) return nullptr;
  out->kind = Value::Kind::kJson;
  return JsonbToText(value, &out->text) ? p : nullptr;
}

void AssignNumber(uint64_t number, std::string* out) {
  char buffer[24];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), number);
  out->assign(buffer, static_cast<size_t>(result.ptr - buffer));
}

const uint8_t* DecodeEnum(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end,
                          Value* out) {
  if (!Has(p, end, d.size)) return nullptr;
  const uint64_t number = LoadLe(p, d.size);
  const std::vector<std::string>& labels = d.column->labels;
  out->kind = Value::Kind::kText;
  if (labels.empty()) {
    AssignNumber(number, &out->text);
  } else if (number == 0) {
    out->text.clear();
  } else if (number <= labels.size()) {
    out->text = labels[number - 1];
  } else {
    return nullptr;
  }
  return p + d.size;
}

const uint8_t* DecodeSet(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end, Value* out) {
  if (!Has(p, end, d.size)) return nullptr;
  uint64_t bits = LoadLe(p, d.size);
  const std::vector<std::string>& labels = d.column->labels;
  out->kind = Value::Kind::kText;
  if (labels.empty()) {
    AssignNumber(bits, &out->text);
    return p + d.size;
  }
  out->text.clear();
  for (; bits != 0; bits &= bits - 1) {
    const auto i = static_cast<size_t>(std::countr_zero(bits));
    if (i >= labels.size()) return nullptr;
    if (!out->text.empty()) out->text.push_back(',');
    out->text.append(labels[i]);
  }
  return p + d.size;
}

// UUID, INET4, INET6.
const uint8_t* DecodeForm(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end,
                          Value* out) {
  Bytes value;
  p = TakeCounted<1>(p, end, &value);
  if (p == nullptr) return nullptr;
  out->kind = Value::Kind::kText;
  return FormToText(d.column->form, value, &out->text) ? p : nullptr;
}

// The longest value that `kLength` bytes can count.
template <size_t kLength>
const uint8_t* DecodeCompressed(const ColumnDecoder& d, const uint8_t* p, const uint8_t* end,
                                Value* out) {
  constexpr size_t kHead = 4;
  constexpr uint64_t kLimit = (uint64_t{1} << (8 * kLength)) - 1;
  Bytes stored;
  p = TakeCounted<kLength>(p, end, &stored);
  thread_local std::string value;
  if (p == nullptr || !InflateColumn(stored, kLimit, &value)) return nullptr;
  const auto size = static_cast<uint32_t>(value.size());
  const char head[kHead] = {static_cast<char>(size), static_cast<char>(size >> 8),
                            static_cast<char>(size >> 16), static_cast<char>(size >> 24)};
  value.insert(0, head, kHead);
  const Bytes counted = AsBytes(value);
  const uint8_t* const last = counted.data() + counted.size();
  return d.plain(d, counted.data(), last, out) == last ? p : nullptr;
}

const uint8_t* DecodeNothing(const ColumnDecoder&, const uint8_t*, const uint8_t*, Value*) {
  return nullptr;
}

// One of a template's instances for lengths of 1 to 4 bytes.
#define DCP_BY_LENGTH(function, length)                    \
  ((length) == 1   ? ColumnDecoder::Function{&function<1>} \
   : (length) == 2 ? ColumnDecoder::Function{&function<2>} \
   : (length) == 3 ? ColumnDecoder::Function{&function<3>} \
   : (length) == 4 ? ColumnDecoder::Function{&function<4>} \
                   : ColumnDecoder::Function{nullptr})

template <size_t N>
ColumnDecoder::Function ChooseInt(const Column& column) {
  return column.is_unsigned ? &DecodeUnsigned<N> : &DecodeSigned<N>;
}

// CHAR, VARCHAR, TEXT and their binary kin; `length`: bytes of the length.
ColumnDecoder::Function ChooseText(const Column& column, uint32_t length, ColumnDecoder* d) {
  const bool fixed = column.type == kTypeString;
  const bool blob = !fixed && column.type != kTypeVarchar && column.type != kTypeVarString &&
                    column.type != kTypeVarcharCompressed;
  const Charset charset = CharsetOfCollation(column.collation);
  d->charset = charset.name;
  switch (charset.kind) {
    case CharsetKind::kBinary:
      return fixed ? DCP_BY_LENGTH(DecodeFixedBytes, length) : DCP_BY_LENGTH(DecodeBytes, length);
    case CharsetKind::kAscii:
      return DCP_BY_LENGTH(DecodeAscii, length);
    case CharsetKind::kUtf8:
      return absl::string_view(charset.name) == "utf8mb3" ? DCP_BY_LENGTH(DecodeUtf8mb3, length)
                                                          : DCP_BY_LENGTH(DecodeUtf8mb4, length);
    case CharsetKind::kLatin1:
      return DCP_BY_LENGTH(DecodeLatin1, length);
    case CharsetKind::kOther:
      d->converter = CharsetConverter::Of(charset.name);
      return d->converter == nullptr ? nullptr : DCP_BY_LENGTH(DecodeOtherText, length);
    case CharsetKind::kUnknown:
      if (column.collation != 0) return nullptr;
      return blob ? DCP_BY_LENGTH(DecodeBytes, length) : DCP_BY_LENGTH(DecodeGuessedText, length);
  }
  return nullptr;
}

ColumnDecoder::Function ChooseCompressed(const Column& column, uint32_t length, ColumnDecoder* d) {
  d->plain = ChooseText(column, 4, d);
  return d->plain == nullptr ? nullptr : DCP_BY_LENGTH(DecodeCompressed, length);
}

ColumnDecoder::Function ChooseLabels(const Column& column) {
  if (column.raw_labels) return nullptr;
  if (column.collation != 0 && CharsetOfCollation(column.collation).kind == CharsetKind::kUnknown) {
    return nullptr;
  }
  if (column.type == kTypeEnum) {
    return column.meta == 1 || column.meta == 2 ? &DecodeEnum : nullptr;
  }
  return column.meta >= 1 && column.meta <= 8 ? &DecodeSet : nullptr;
}

ColumnDecoder::Function ChooseDecimal(const Column& column, ColumnDecoder* d) {
  d->digits = static_cast<uint8_t>(column.meta >> 8);
  d->scale = static_cast<uint8_t>(column.meta & 0xff);
  if (d->digits == 0 || d->digits > kMaxDecimalPrecision || d->scale > kMaxDecimalScale ||
      d->scale > d->digits) {
    return nullptr;
  }
  d->size = static_cast<uint32_t>(PackedDecimalSize(d->digits, d->scale));
  return &DecodeDecimal;
}

ColumnDecoder::Function ChooseFractional(const Column& column, uint32_t whole_bytes,
                                         ColumnDecoder::Function function, ColumnDecoder* d) {
  if (column.meta > 6) return nullptr;
  d->digits = static_cast<uint8_t>(column.meta);
  d->size = whole_bytes + FractionBytes(d->digits);
  return function;
}

ColumnDecoder::Function ChoosePlain(uint32_t size, ColumnDecoder::Function function,
                                    ColumnDecoder* d) {
  d->size = size;
  return function;
}

ColumnDecoder::Function ChooseOldTemporal(uint8_t type, ColumnDecoder* d) {
  if (type == kTypeTime) return ChoosePlain(3, &DecodePlainTemporal<&OldTimeToText>, d);
  if (type == kTypeDatetime) return ChoosePlain(8, &DecodePlainTemporal<&OldDatetimeToText>, d);
  return ChoosePlain(4, &DecodePlainTemporal<&OldTimestampToText>, d);
}

ColumnDecoder::Function ChooseHires(const Column& column, ColumnDecoder* d) {
  if (column.meta > 6) return nullptr;
  d->digits = static_cast<uint8_t>(column.meta);
  if (column.type == kTypeTime) {
    return ChoosePlain(HiresTimeBytes(d->digits), &DecodeFractional<&HiresTimeToText>, d);
  }
  if (column.type == kTypeDatetime) {
    return ChoosePlain(HiresDatetimeBytes(d->digits), &DecodeFractional<&HiresDatetimeToText>, d);
  }
  return ChoosePlain(4 + FractionBytes(d->digits), &DecodeFractional<&HiresTimestampToText>, d);
}

ColumnDecoder::Function Choose(const Column& column, ColumnDecoder* d) {
  d->size = column.meta;
  switch (column.type) {
    case kTypeTiny:
      return ChooseInt<1>(column);
    case kTypeShort:
      return ChooseInt<2>(column);
    case kTypeInt24:
      return ChooseInt<3>(column);
    case kTypeLong:
      return ChooseInt<4>(column);
    case kTypeLonglong:
      return ChooseInt<8>(column);
    case kTypeFloat:
      return &DecodeFloat;
    case kTypeDouble:
      return &DecodeDouble;
    case kTypeNewDecimal:
      return ChooseDecimal(column, d);
    case kTypeYear:
      return &DecodeYear;
    case kTypeBit:
      d->size = (column.meta + 7u) / 8;
      return column.meta >= 1 && column.meta <= 64 ? &DecodeBit : nullptr;
    case kTypeDate:
    case kTypeNewDate:
      return ChoosePlain(3, &DecodePlainTemporal<&DateBytesToText>, d);
    case kTypeTime:
    case kTypeDatetime:
    case kTypeTimestamp:
      return column.meta == 0 ? ChooseOldTemporal(column.type, d) : ChooseHires(column, d);
    case kTypeTime2:
      return ChooseFractional(column, 3, &DecodeFractional<&Time2ToText>, d);
    case kTypeDatetime2:
      return ChooseFractional(column, 5, &DecodeFractional<&Datetime2ToText>, d);
    case kTypeTimestamp2:
      return ChooseFractional(column, 4, &DecodeFractional<&Timestamp2ToText>, d);
    case kTypeVarcharCompressed:
      return ChooseCompressed(column, column.meta < 256 ? 1 : 2, d);
    case kTypeBlobCompressed:
      return ChooseCompressed(column, column.meta, d);
    case kTypeString:
      if (column.form != Column::Form::kPlain) return &DecodeForm;
      [[fallthrough]];
    case kTypeVarString:
    case kTypeVarchar:
      return ChooseText(column, column.meta < 256 ? 1 : 2, d);
    case kTypeTinyBlob:
    case kTypeMediumBlob:
    case kTypeLongBlob:
    case kTypeBlob:
      return ChooseText(column, column.meta, d);
    case kTypeJson:
      return DCP_BY_LENGTH(DecodeJson, column.meta);
    case kTypeGeometry:
    case kTypeVector:
      return DCP_BY_LENGTH(DecodeBytes, column.meta);
    case kTypeEnum:
    case kTypeSet:
      return ChooseLabels(column);
    default:
      return nullptr;
  }
}

std::string ColumnName(const TableSchema& schema, const Column& column) {
  const auto ordinal = &column - schema.columns.data() + 1;
  if (column.name.empty()) {
    return absl::StrCat("column ", ordinal, " of ", schema.database, ".", schema.name);
  }
  return absl::StrCat("column ", column.name, " of ", schema.database, ".", schema.name);
}

absl::Status NotSupported(const TableSchema& schema, const Column& column) {
  if (column.raw_labels) {
    return absl::UnimplementedError(absl::StrCat(
        "labels with characters that the server's catalog or UTF-8 does not have: ",
        ColumnName(schema, column), ", in charset ", CharsetOfCollation(column.collation).name,
        "; set binlog_row_metadata=FULL on the server, which tells them whole"));
  }
  std::string what = TypeName(column.type);
  if (HasCharset(column.type) || HasLabels(column.type)) {
    const Charset charset = CharsetOfCollation(column.collation);
    absl::StrAppend(&what, " in charset ", charset.name, " (collation ", column.collation, ")");
  } else if (column.meta != 0) {
    absl::StrAppend(&what, " (", column.meta, ")");
  }
  return absl::UnimplementedError(
      absl::StrCat(what, " is not supported yet: ", ColumnName(schema, column)));
}

void Clear(Value* value) {
  value->signed_int = 0;
  value->unsigned_int = 0;
  value->real = 0;
  value->text.clear();
}

}  // namespace

RowDecoder::RowDecoder(std::shared_ptr<const TableSchema> schema) : schema_(std::move(schema)) {
  columns_.resize(schema_->columns.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    ColumnDecoder& decoder = columns_[i];
    decoder.column = &schema_->columns[i];
    decoder.decode = Choose(*decoder.column, &decoder);
    if (decoder.decode == nullptr) {
      decoder.decode = &DecodeNothing;
      decoder.problem = NotSupported(*schema_, *decoder.column);
    }
  }
}

void ImageCursor::Prepare(Bytes bits, Image* image) {
  const size_t count = decoder_->columns().size();
  image->exists = !bits.empty();
  image->present.clear();
  for (size_t i = 0; image->exists && i < count; ++i) {
    if ((bits[i / 8] >> (i % 8) & 1) != 0) image->present.push_back(static_cast<uint32_t>(i));
  }
  image->full = image->present.size() == count;
  image->null_bytes = (image->present.size() + 7) / 8;
}

void ImageCursor::Reset(const RowDecoder* decoder, const Rows& rows) {
  decoder_ = decoder;
  Prepare(rows.before_bits, &before_);
  Prepare(rows.after_bits, &after_);
  p_ = rows.images.data();
  end_ = p_ + rows.images.size();
  partial_ = rows.partial;
  first_ = true;
  failed_ = false;
}

absl::StatusOr<bool> ImageCursor::Next(std::vector<Value>* before, std::vector<Value>* after) {
  if (failed_) return absl::FailedPreconditionError("rows read on after an error");
  if (p_ == end_) return false;
  if (first_) {  // what another table left in the vectors
    for (std::vector<Value>* values : {before, after}) {
      for (Value& value : *values) {
        Clear(&value);
        value.kind = Value::Kind::kAbsent;
      }
    }
    first_ = false;
  }
  const uint8_t* const row = p_;
  absl::Status status = DecodeImage(before_, before);
  if (status.ok()) {
    status = partial_ ? DecodePartialImage(before, after) : DecodeImage(after_, after);
  }
  if (status.ok() && p_ == row) {  // images without columns: no row ends
    status =
        absl::DataLossError(absl::StrCat("damaged rows event of ", decoder_->schema()->database,
                                         ".", decoder_->schema()->name, ": rows without columns"));
  }
  failed_ = !status.ok();
  if (failed_) return status;
  return true;
}

absl::Status ImageCursor::DecodeImage(const Image& image, std::vector<Value>* values) {
  if (!image.exists) {
    values->clear();
    return absl::OkStatus();
  }
  values->resize(decoder_->columns().size());
  if (!Has(p_, end_, image.null_bytes)) return EndsInsideARow();
  return image.full ? DecodeColumns<true>(image, values->data())
                    : DecodeColumns<false>(image, values->data());
}

template <bool kFull>
absl::Status ImageCursor::DecodeColumns(const Image& image, Value* values) {
  const ColumnDecoder* const decoders = decoder_->columns().data();
  const size_t count = image.present.size();
  const uint8_t* const nulls = p_;
  const uint8_t* p = p_ + image.null_bytes;
  for (size_t i = 0; i < count; ++i) {
    const size_t ordinal = kFull ? i : image.present[i];
    Value* const value = &values[ordinal];
    if ((nulls[i / 8] >> (i % 8) & 1) != 0) {
      Clear(value);
      value->kind = Value::Kind::kNull;
      continue;
    }
    const ColumnDecoder& decoder = decoders[ordinal];
    p = decoder.decode(decoder, p, end_, value);
    if (p == nullptr) return Failure(decoder);
  }
  p_ = p;
  return absl::OkStatus();
}

// An after image with options, one bit for each JSON column of the table (also of those that
// are not in the image), and then as any other, but that a JSON value whose bit is set is
// diffs behind a length of four bytes.
absl::Status ImageCursor::DecodePartialImage(std::vector<Value>* before,
                                             std::vector<Value>* after) {
  constexpr uint64_t kPartialJson = 1;
  const std::vector<ColumnDecoder>& decoders = decoder_->columns();
  ByteReader reader(Bytes(p_, static_cast<size_t>(end_ - p_)));
  const uint64_t options = reader.PackedInt();
  if (reader.ok() && options > kPartialJson) {
    return absl::UnimplementedError(absl::StrCat(
        "row value options ", options, " of ", decoder_->schema()->database, ".",
        decoder_->schema()->name, " are not known; set binlog_row_value_options='' on the server"));
  }
  Bytes partial;
  if (options == kPartialJson) {
    const auto json_columns = std::count_if(
        decoders.begin(), decoders.end(),
        [](const ColumnDecoder& decoder) { return decoder.column->type == kTypeJson; });
    partial = reader.Take((static_cast<size_t>(json_columns) + 7) / 8);
  }
  const Bytes nulls = reader.Take(after_.null_bytes);
  if (!reader.ok()) return EndsInsideARow();
  p_ = reader.position();
  after->resize(decoders.size());
  size_t json = 0, present = 0;
  const auto bit = [](Bytes bits, size_t i) { return (bits[i / 8] >> (i % 8) & 1) != 0; };
  for (size_t i = 0; i < decoders.size(); ++i) {
    const ColumnDecoder& decoder = decoders[i];
    const bool diffs =
        decoder.column->type == kTypeJson && !partial.empty() && bit(partial, json++);
    if (present == after_.present.size() || after_.present[present] != i) continue;
    Value* const value = &(*after)[i];
    if (bit(nulls, present++)) {
      Clear(value);
      value->kind = Value::Kind::kNull;
    } else if (diffs) {
      DCP_RETURN_IF_ERROR(
          DecodeDiffs(decoder, i < before->size() ? &(*before)[i] : nullptr, value));
    } else {
      p_ = decoder.decode(decoder, p_, end_, value);
      if (p_ == nullptr) return Failure(decoder);
    }
  }
  return absl::OkStatus();
}

absl::Status ImageCursor::DecodeDiffs(const ColumnDecoder& decoder, Value* before, Value* after) {
  Bytes diffs;
  p_ = TakeCounted<4>(p_, end_, &diffs);
  if (p_ == nullptr) return Failure(decoder);
  after->kind = Value::Kind::kAbsent;
  after->text.clear();
  if (before == nullptr || before->kind != Value::Kind::kJson) return absl::OkStatus();
  after->text = before->text;
  const JsonDiffResult result = ApplyJsonDiffs(diffs, &after->text);
  if (result == JsonDiffResult::kDamaged) return Failure(decoder);
  if (result == JsonDiffResult::kApplied) {
    after->kind = Value::Kind::kJson;
    return absl::OkStatus();
  }
  // Not the document that the diffs were made from: neither image can be believed.
  before->kind = Value::Kind::kAbsent;
  before->text.clear();
  after->text.clear();
  return absl::OkStatus();
}

absl::Status ImageCursor::EndsInsideARow() const {
  return absl::DataLossError(absl::StrCat("damaged rows event of ", decoder_->schema()->database,
                                          ".", decoder_->schema()->name, ": it ends inside a row"));
}

absl::Status ImageCursor::Failure(const ColumnDecoder& decoder) {
  if (!decoder.problem.ok()) return decoder.problem;
  return absl::DataLossError(absl::StrCat(
      "damaged rows event: value of ", ColumnName(*decoder_->schema(), *decoder.column), " (",
      TypeName(decoder.column->type), ") is not as its type says"));
}

}  // namespace dcp::mysql
