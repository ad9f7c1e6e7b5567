// The canonical text of numbers: the shortest decimal digits that give the same
// FLOAT or DOUBLE back, laid out as ECMAScript's Number::toString does (and so
// RFC 8785): `5`, `0.1`, `1e+21`, `1e-7`; minus zero is `0`.
//
// Thread-safe, no state.
#pragma once

#include <cstdint>
#include <string>

namespace dcp::row {

void AppendInt(int64_t value, std::string* out);
void AppendUint(uint64_t value, std::string* out);
// REQUIRES: the value is finite.
void AppendDouble(double value, std::string* out);
void AppendFloat(float value, std::string* out);

// As Go's fmt.Sprint prints a float64 or float32: shortest digits, with an
// exponent of at least two digits where it is below -4 or above 5 (`1e+06`).
// REQUIRES: the value is finite.
void AppendGoDouble(double value, std::string* out);
void AppendGoFloat(float value, std::string* out);

}  // namespace dcp::row
