#include "mysql/table_map.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/charset.h"
#include "mysql/column_type.h"

namespace dcp::mysql {
namespace {

enum MetadataField : uint8_t {
  kSignedness = 1,
  kDefaultCharset = 2,
  kColumnCharset = 3,
  kColumnName = 4,
  kSetLabels = 5,
  kEnumLabels = 6,
  kGeometryType = 7,
  kSimplePrimaryKey = 8,
  kPrimaryKeyWithPrefix = 9,
  kLabelDefaultCharset = 10,
  kLabelColumnCharset = 11,
  kVisibility = 12,
};

absl::Status Damaged(const TableSchema& schema, absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("damaged TABLE_MAP event of ", schema.database, ".", schema.name, ": ", what));
}

bool Bit(Bytes bits, size_t i) { return (bits[i / 8] >> (i % 8) & 1) != 0; }
bool BitFromTop(Bytes bits, size_t i) { return (bits[i / 8] >> (7 - i % 8) & 1) != 0; }

// CHAR, ENUM and SET share type 254; the metadata's first byte tells them
// apart, two bits of it extend the length of CHAR beyond 255.
void ResolveString(uint8_t first, uint8_t second, Column* column) {
  if (first == 0) {
    column->meta = second;
  } else if ((first & 0x30) != 0x30) {
    column->type = first | 0x30;
    column->meta = static_cast<uint16_t>(second | ((first & 0x30) ^ 0x30) << 4);
  } else {
    column->type = first;
    column->meta = second;
  }
}

// False for a type whose metadata is not known.
bool ReadTypeMetadata(ByteReader* reader, Column* column) {
  switch (column->type) {
    case kTypeDecimal:
    case kTypeTiny:
    case kTypeShort:
    case kTypeLong:
    case kTypeNull:
    case kTypeTimestamp:
    case kTypeLonglong:
    case kTypeInt24:
    case kTypeDate:
    case kTypeTime:
    case kTypeDatetime:
    case kTypeYear:
    case kTypeNewDate:
      return true;
    case kTypeFloat:
    case kTypeDouble:
    case kTypeTimestamp2:
    case kTypeDatetime2:
    case kTypeTime2:
    case kTypeJson:
    case kTypeTinyBlob:
    case kTypeMediumBlob:
    case kTypeLongBlob:
    case kTypeBlob:
    case kTypeBlobCompressed:
    case kTypeGeometry:
    case kTypeVector:
      column->meta = reader->U8();
      return true;
    case kTypeVarchar:
    case kTypeVarcharCompressed:
      column->meta = reader->U16();
      return true;
    case kTypeBit: {
      const uint8_t bits = reader->U8();
      column->meta = static_cast<uint16_t>(reader->U8() * 8 + bits);
      return true;
    }
    case kTypeNewDecimal: {
      const uint8_t precision = reader->U8();
      column->meta = static_cast<uint16_t>(precision << 8 | reader->U8());
      return true;
    }
    case kTypeEnum:
    case kTypeSet:
    case kTypeString:
    case kTypeVarString: {
      const uint8_t first = reader->U8();
      ResolveString(first, reader->U8(), column);
      return true;
    }
    default:
      return false;
  }
}

// Columns with an entry in the charset metadata. MySQL gives VECTOR one too, MariaDB GEOMETRY:
// binary.
bool HasCharsetEntry(uint8_t type, bool mariadb) {
  return HasCharset(type) || type == (mariadb ? kTypeGeometry : kTypeVector);
}

// MariaDB keeps the hash of a long unique key in a column that no statement can name.
constexpr absl::string_view kRowHash = "DB_ROW_HASH_";

// The optional metadata's fields speak of columns of one family, by number
// within it.
class MetadataParser {
 public:
  MetadataParser(TableMap* map, bool mariadb) : map_(map), mariadb_(mariadb) {
    for (Column& column : map->schema.columns) {
      if (HasSignedness(column.type)) numeric_.push_back(&column);
      if (HasCharsetEntry(column.type, mariadb)) text_.push_back(&column);
      if (HasLabels(column.type)) labelled_.push_back(&column);
    }
    map->has_signedness = numeric_.empty();
    map->has_charsets = text_.empty();
    map->has_label_charsets = labelled_.empty();
  }

  // False: the metadata is damaged.
  bool Parse(Bytes metadata) {
    ByteReader reader(metadata);
    while (reader.left() > 0) {
      const uint8_t field = reader.U8();
      const Bytes value = reader.Take(reader.PackedInt());
      if (!reader.ok() || !ParseField(field, value)) return false;
    }
    ConvertAllLabels();
    map_->has_labels = labels_read_ == labelled_.size();
    return true;
  }

 private:
  using Columns = std::vector<Column*>;

  bool ParseField(uint8_t field, Bytes value) {
    switch (field) {
      case kSignedness:
        return ParseSignedness(value);
      case kDefaultCharset:
        map_->has_charsets = true;
        return ParseDefaultCharset(value, text_);
      case kColumnCharset:
        map_->has_charsets = true;
        return ParseColumnCharset(value, text_);
      case kLabelDefaultCharset:
        map_->has_label_charsets = true;
        return ParseDefaultCharset(value, labelled_);
      case kLabelColumnCharset:
        map_->has_label_charsets = true;
        return ParseColumnCharset(value, labelled_);
      case kColumnName:
        return ParseNames(value);
      case kSetLabels:
        return ParseLabels(value, kTypeSet);
      case kEnumLabels:
        return ParseLabels(value, kTypeEnum);
      case kSimplePrimaryKey:
        return ParsePrimaryKey(value, false);
      case kPrimaryKeyWithPrefix:
        return ParsePrimaryKey(value, true);
      case kVisibility:
        return ParseVisibility(value);
      default:
        return true;  // of no interest, or newer than this program
    }
  }

  bool ParseSignedness(Bytes bits) {
    if (bits.size() < (numeric_.size() + 7) / 8) return false;
    for (size_t i = 0; i < numeric_.size(); ++i) numeric_[i]->is_unsigned = BitFromTop(bits, i);
    map_->has_signedness = true;
    return true;
  }

  bool ParseDefaultCharset(Bytes value, const Columns& columns) {
    ByteReader reader(value);
    const uint64_t collation = reader.PackedInt();
    for (Column* column : columns) column->collation = static_cast<uint32_t>(collation);
    while (reader.ok() && reader.left() > 0) {
      const uint64_t i = reader.PackedInt();
      if (i >= columns.size()) return false;
      columns[i]->collation = static_cast<uint32_t>(reader.PackedInt());
    }
    return reader.ok();
  }

  bool ParseColumnCharset(Bytes value, const Columns& columns) {
    ByteReader reader(value);
    for (Column* column : columns) column->collation = static_cast<uint32_t>(reader.PackedInt());
    return reader.ok() && reader.left() == 0;
  }

  bool ParseNames(Bytes value) {
    ByteReader reader(value);
    for (Column& column : map_->schema.columns) {
      column.name = std::string(reader.PackedText());
      column.hidden = mariadb_ && absl::StartsWith(column.name, kRowHash);
    }
    map_->has_names = true;
    return reader.ok() && reader.left() == 0;
  }

  bool ParseLabels(Bytes value, uint8_t type) {
    ByteReader reader(value);
    for (Column* column : labelled_) {
      if (column->type != type) continue;
      const uint64_t count = reader.PackedInt();
      if (!reader.ok() || count > reader.left()) return false;
      column->labels.clear();
      column->labels.reserve(count);
      for (uint64_t i = 0; i < count; ++i) column->labels.emplace_back(reader.PackedText());
      ++labels_read_;
    }
    return reader.ok() && reader.left() == 0;
  }

  bool ParsePrimaryKey(Bytes value, bool with_prefix) {
    ByteReader reader(value);
    TableSchema& schema = map_->schema;
    schema.key_columns.clear();
    while (reader.left() > 0) {
      const uint64_t ordinal = reader.PackedInt();
      if (with_prefix) reader.PackedInt();
      if (!reader.ok() || ordinal >= schema.columns.size()) return false;
      schema.key_columns.push_back(static_cast<uint32_t>(ordinal));
    }
    schema.key_kind = TableSchema::KeyKind::kPrimary;
    map_->has_key = true;
    return true;
  }

  bool ParseVisibility(Bytes bits) {
    std::vector<Column>& columns = map_->schema.columns;
    if (bits.size() < (columns.size() + 7) / 8) return false;
    for (size_t i = 0; i < columns.size(); ++i) columns[i].invisible = !BitFromTop(bits, i);
    return true;
  }

  void ConvertAllLabels() {
    for (Column* column : labelled_) ConvertLabels(column);
  }

  TableMap* map_;
  const bool mariadb_;
  Columns numeric_, text_, labelled_;
  size_t labels_read_ = 0;
};

}  // namespace

void ConvertLabels(Column* column) {
  const Charset charset = CharsetOfCollation(column->collation);
  if (charset.kind == CharsetKind::kUnknown) return;
  column->raw_labels = false;
  for (std::string& label : column->labels) {
    std::optional<std::string> text = ToUtf8(charset, label);
    if (charset.kind == CharsetKind::kBinary && IsValidUtf8(AsBytes(label))) text = label;
    if (text.has_value()) {
      label = *std::move(text);
    } else {
      column->raw_labels = true;
    }
  }
}

absl::StatusOr<TableMapHead> ParseTableMapHead(Bytes body, size_t id_size) {
  ByteReader reader(body);
  TableMapHead head;
  head.id = id_size == 4 ? reader.U32() : reader.U48();
  reader.U16();  // flags
  head.database = AsText(reader.Take(reader.U8()));
  const uint8_t end_of_database = reader.U8();
  head.table = AsText(reader.Take(reader.U8()));
  const uint8_t end_of_table = reader.U8();
  if (!reader.ok() || end_of_database != 0 || end_of_table != 0) {
    return absl::DataLossError("damaged TABLE_MAP event");
  }
  head.columns = reader.rest();
  return head;
}

absl::StatusOr<TableMap> ParseTableMap(const TableMapHead& head, bool mariadb) {
  TableMap map;
  map.mariadb = mariadb;
  TableSchema& schema = map.schema;
  schema.database = std::string(head.database);
  schema.name = std::string(head.table);
  ByteReader reader(head.columns);
  const Bytes types = reader.Take(reader.PackedInt());
  ByteReader metadata(reader.Take(reader.PackedInt()));
  const Bytes null_bits = reader.Take((types.size() + 7) / 8);
  if (!reader.ok()) return Damaged(schema, "column list too short");
  schema.columns.resize(types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    Column& column = schema.columns[i];
    column.type = types[i];
    column.nullable = Bit(null_bits, i);
    if (!ReadTypeMetadata(&metadata, &column)) {
      return absl::UnimplementedError(absl::StrCat(TypeName(types[i]), " of column ", i + 1, " of ",
                                                   schema.database, ".", schema.name,
                                                   " is not supported"));
    }
  }
  if (!metadata.ok() || metadata.left() != 0) return Damaged(schema, "column metadata");
  if (!MetadataParser(&map, mariadb).Parse(reader.rest()))
    return Damaged(schema, "optional metadata");
  return map;
}

}  // namespace dcp::mysql
