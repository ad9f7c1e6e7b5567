#include "mysql/column_type.h"

#include "absl/strings/str_cat.h"

namespace dcp::mysql {
namespace {

struct NamedType {
  uint8_t type;
  absl::string_view name;
};

constexpr NamedType kTypeNames[] = {
    {kTypeDecimal, "DECIMAL (before 5.0)"},
    {kTypeTiny, "TINYINT"},
    {kTypeShort, "SMALLINT"},
    {kTypeLong, "INT"},
    {kTypeFloat, "FLOAT"},
    {kTypeDouble, "DOUBLE"},
    {kTypeNull, "NULL"},
    {kTypeTimestamp, "TIMESTAMP"},
    {kTypeTimestamp2, "TIMESTAMP"},
    {kTypeLonglong, "BIGINT"},
    {kTypeInt24, "MEDIUMINT"},
    {kTypeDate, "DATE"},
    {kTypeNewDate, "DATE"},
    {kTypeTime, "TIME"},
    {kTypeTime2, "TIME"},
    {kTypeDatetime, "DATETIME"},
    {kTypeDatetime2, "DATETIME"},
    {kTypeYear, "YEAR"},
    {kTypeVarchar, "VARCHAR"},
    {kTypeVarString, "VARCHAR"},
    {kTypeBit, "BIT"},
    {kTypeTypedArray, "ARRAY"},
    {kTypeBlobCompressed, "BLOB COMPRESSED"},
    {kTypeVarcharCompressed, "VARCHAR COMPRESSED"},
    {kTypeVector, "VECTOR"},
    {kTypeJson, "JSON"},
    {kTypeNewDecimal, "DECIMAL"},
    {kTypeEnum, "ENUM"},
    {kTypeSet, "SET"},
    {kTypeTinyBlob, "BLOB"},
    {kTypeMediumBlob, "BLOB"},
    {kTypeLongBlob, "BLOB"},
    {kTypeBlob, "BLOB"},
    {kTypeString, "CHAR"},
    {kTypeGeometry, "GEOMETRY"},
};

}  // namespace

std::string TypeName(uint8_t type) {
  for (const NamedType& named : kTypeNames) {
    if (named.type == type) return std::string(named.name);
  }
  return absl::StrCat("type ", static_cast<int>(type));
}

bool HasSignedness(uint8_t type) {
  switch (type) {
    case kTypeDecimal:
    case kTypeTiny:
    case kTypeShort:
    case kTypeInt24:
    case kTypeLong:
    case kTypeLonglong:
    case kTypeFloat:
    case kTypeDouble:
    case kTypeYear:
    case kTypeNewDecimal:
      return true;
    default:
      return false;
  }
}

bool HasCharset(uint8_t type) {
  switch (type) {
    case kTypeString:
    case kTypeVarString:
    case kTypeVarchar:
    case kTypeVarcharCompressed:
    case kTypeBlobCompressed:
    case kTypeTinyBlob:
    case kTypeMediumBlob:
    case kTypeLongBlob:
    case kTypeBlob:
      return true;
    default:
      return false;
  }
}

bool HasLabels(uint8_t type) { return type == kTypeEnum || type == kTypeSet; }

}  // namespace dcp::mysql
