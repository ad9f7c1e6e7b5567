// Utf8Desk: another desk's findings, with texts that are UTF-8 whatever bytes a table's name or a
// key had: messages of the wire hold nothing else.
#pragma once

#include <memory>

#include "model/ports/finding_desk.h"

namespace dcp::cmd {

std::unique_ptr<model::FindingDesk> MakeUtf8Desk(std::unique_ptr<model::FindingDesk> desk);

}  // namespace dcp::cmd
