// Tag: the name of one stream of changes to be compared ("src", "dst").
#pragma once

#include <string>

#include "base/strong_id.h"

namespace dcp::model {

using Tag = StrongId<std::string, struct TagPhantom>;

}  // namespace dcp::model
