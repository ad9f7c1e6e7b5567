// The connection keys, the same wherever a server is named.
#pragma once

#include <vector>

#include "config/config.h"
#include "config/reader.h"
#include "model/connection_options.h"

namespace dcp::config {

enum class Secrets { kRead, kLeave };

// Reads the connection keys that `reader`'s table holds, also what they say
// together. Does not Finish the reader: the table may have other keys. With
// kLeave the password stays empty and nothing outside the file is looked at.
void ReadConnection(TableReader& reader, Secrets secrets, model::ConnectionOptions* out);

// For a table that may name a server and does not: its keys are no unknown ones.
void KnowConnectionKeys(TableReader& reader);

// Reads "host" or "host:port"; port 0 where none is said.
bool ReadHostAndPort(const Value& value, Endpoint* out);

// Finish() for a table with connection keys: a password in the file gets the cure.
void FinishWithConnection(TableReader& reader);

void AppendConnectionKeys(std::vector<KnownKey>* out);

}  // namespace dcp::config
