// What the sections of a file say together, and what follows from it.
#pragma once

#include "config/reader.h"
#include "config/sections.h"

namespace dcp::config {

// Says every contradiction in `draft` to `context`, and fills in what follows from
// several sections: CheckOptions::digest and align, what the checks ask of a
// MysqlTagOptions, the default alarm. `root` is the file.
void Validate(const Node& root, Draft& draft, Context& context);

}  // namespace dcp::config
