#include "row/key.h"

#include <cmath>

#include "row/canonical.h"
#include "row/number.h"

namespace dcp::row {
namespace {

void AppendGoReal(const model::Value& value, std::string* out) {
  if (std::isnan(value.real)) {
    out->append("NaN");
  } else if (std::isinf(value.real)) {
    out->append(value.real > 0 ? "+Inf" : "-Inf");
  } else if (value.kind == model::Value::Kind::kFloat) {
    AppendGoFloat(static_cast<float>(value.real), out);
  } else {
    AppendGoDouble(value.real, out);
  }
}

}  // namespace

void AppendKeyText(absl::string_view table, absl::Span<const model::Value> values,
                   absl::Span<const uint32_t> columns, std::string* out) {
  out->append(table.data(), table.size());
  AppendTextRow(values, columns, out);
}

void AppendGravityKey(const model::Value& value, std::string* out) {
  using Kind = model::Value::Kind;
  switch (value.kind) {
    case Kind::kAbsent:
    case Kind::kNull:
      out->append("<nil>");
      return;
    case Kind::kInt:
      return AppendInt(value.signed_int, out);
    case Kind::kUint:
      return AppendUint(value.unsigned_int, out);
    case Kind::kFloat:
    case Kind::kDouble:
      return AppendGoReal(value, out);
    case Kind::kDecimal:
    case Kind::kTemporal:
    case Kind::kText:
    case Kind::kBytes:
    case Kind::kJson:
    case Kind::kRaw:
      out->append(value.text);
      return;
  }
}

}  // namespace dcp::row
