#include "mysql/column_type.h"

#include "absl/strings/str_cat.h"

namespace dcp::mysql {

std::string TypeName(uint8_t type) {
  switch (type) {
    case kTypeDecimal:
      return "DECIMAL (before 5.0)";
    case kTypeTiny:
      return "TINYINT";
    case kTypeShort:
      return "SMALLINT";
    case kTypeLong:
      return "INT";
    case kTypeFloat:
      return "FLOAT";
    case kTypeDouble:
      return "DOUBLE";
    case kTypeNull:
      return "NULL";
    case kTypeTimestamp:
    case kTypeTimestamp2:
      return "TIMESTAMP";
    case kTypeLonglong:
      return "BIGINT";
    case kTypeInt24:
      return "MEDIUMINT";
    case kTypeDate:
    case kTypeNewDate:
      return "DATE";
    case kTypeTime:
    case kTypeTime2:
      return "TIME";
    case kTypeDatetime:
    case kTypeDatetime2:
      return "DATETIME";
    case kTypeYear:
      return "YEAR";
    case kTypeVarchar:
    case kTypeVarString:
      return "VARCHAR";
    case kTypeBit:
      return "BIT";
    case kTypeTypedArray:
      return "ARRAY";
    case kTypeVector:
      return "VECTOR";
    case kTypeJson:
      return "JSON";
    case kTypeNewDecimal:
      return "DECIMAL";
    case kTypeEnum:
      return "ENUM";
    case kTypeSet:
      return "SET";
    case kTypeTinyBlob:
    case kTypeMediumBlob:
    case kTypeLongBlob:
    case kTypeBlob:
      return "BLOB";
    case kTypeString:
      return "CHAR";
    case kTypeGeometry:
      return "GEOMETRY";
    default:
      return absl::StrCat("type ", static_cast<int>(type));
  }
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
