// Place: where in a stream it can be read again from, as its collector tells it.
// Opaque to everybody else: compared with nothing, stored as it is.
#pragma once

#include <memory>
#include <string>

namespace dcp::model {

// Null: the stream cannot be read again (pushed messages).
using Place = std::shared_ptr<const std::string>;

}  // namespace dcp::model
