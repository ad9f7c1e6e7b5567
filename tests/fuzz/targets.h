// Fuzz targets: each takes any bytes, and neither crashes nor breaks what it
// checks: CHECK_THAT ends the program.
//
// The same functions are run by libFuzzer (script/fuzz, clang) and over their
// corpora by ctest (replay.cc, any compiler).
#pragma once

#include <cstdio>
#include <cstdlib>

#include "mysql/bytes.h"

namespace dcp::fuzz {

// Events one behind the other, as in a file behind its magic.
void FuzzEvents(mysql::Bytes input);
// Flags; the length of a TABLE_MAP body in two bytes; that body; row images.
void FuzzRows(mysql::Bytes input);
// A JSON document in the server's binary form.
void FuzzJson(mysql::Bytes input);
// The length of such a document in two bytes; the document; diffs.
void FuzzJsonDiff(mysql::Bytes input);
void FuzzGtidText(mysql::Bytes input);
void FuzzGtidBinary(mysql::Bytes input);
// Precision, scale, a packed DECIMAL.
void FuzzDecimal(mysql::Bytes input);
// The body of a TRANSACTION_PAYLOAD event.
void FuzzPayload(mysql::Bytes input);
// A whole file.
void FuzzFile(mysql::Bytes input);
// A collation id in two bytes; text.
void FuzzCharset(mysql::Bytes input);
// The value of a COMPRESSED column.
void FuzzCompressedColumn(mysql::Bytes input);
// A configuration file.
void FuzzConfig(mysql::Bytes input);

inline void CheckThat(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: does not hold: %s\n", what);
  std::abort();
}

}  // namespace dcp::fuzz
