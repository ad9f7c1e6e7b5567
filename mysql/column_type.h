// MYSQL_TYPE_* numbers as they appear in table map events.
// Source: include/field_types.h of MySQL.
#pragma once

#include <cstdint>
#include <string>

namespace dcp::mysql {

enum ColumnType : uint8_t {
  kTypeDecimal = 0,  // before 5.0
  kTypeTiny = 1,
  kTypeShort = 2,
  kTypeLong = 3,
  kTypeFloat = 4,
  kTypeDouble = 5,
  kTypeNull = 6,
  kTypeTimestamp = 7,
  kTypeLonglong = 8,
  kTypeInt24 = 9,
  kTypeDate = 10,
  kTypeTime = 11,
  kTypeDatetime = 12,
  kTypeYear = 13,
  kTypeNewDate = 14,
  kTypeVarchar = 15,
  kTypeBit = 16,
  kTypeTimestamp2 = 17,
  kTypeDatetime2 = 18,
  kTypeTime2 = 19,
  kTypeTypedArray = 20,
  kTypeBlobCompressed = 140,     // MariaDB's COMPRESSED columns: BLOB and TEXT,
  kTypeVarcharCompressed = 141,  // VARCHAR and VARBINARY
  kTypeVector = 242,
  kTypeJson = 245,
  kTypeNewDecimal = 246,
  kTypeEnum = 247,
  kTypeSet = 248,
  kTypeTinyBlob = 249,
  kTypeMediumBlob = 250,
  kTypeLongBlob = 251,
  kTypeBlob = 252,
  kTypeVarString = 253,
  kTypeString = 254,
  kTypeGeometry = 255,
};

// "BIGINT", "VARCHAR" …; "type 99" for a number that is not known.
std::string TypeName(uint8_t type);

// True for the types that own a bit in the SIGNEDNESS metadata, whose values are in the
// charset that the metadata tells, or that have labels (ENUM and SET).
bool HasSignedness(uint8_t type);
bool HasCharset(uint8_t type);
bool HasLabels(uint8_t type);

}  // namespace dcp::mysql
