// Values of MariaDB's own types, as text.
//
// All replace `*out`; false: the bytes are no such value.
#pragma once

#include <string>

#include "mysql/bytes.h"
#include "mysql/table_schema.h"

namespace dcp::mysql {

// A value of a column with a form of its own, as the server shows it: UUID
// "bb277c69-e5a8-11f1-9adb-02fc00000001", INET4 "192.0.2.1", INET6 "2001:db8::1".
bool FormToText(Column::Form form, Bytes value, std::string* out);

}  // namespace dcp::mysql
