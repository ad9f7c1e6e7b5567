// ResponseCode: what dcp.Response.code says. Numbers are part of the protocol
// (proto/dcp.proto lists them): added to, never changed.
#pragma once

#include <cstdint>

namespace dcp::collector {

enum class ResponseCode : int32_t {
  kAccepted = 0,
  kUnknownTag = 1,     // not a tag of this collector, or no check uses it
  kNoBody = 2,         // neither barrier nor payload
  kTooLarge = 3,       // over GrpcCollectorOptions::max_message_bytes
  kMalformed = 4,      // not a dcp.Message: damaged, or a string that is not UTF-8
  kEmptyKey = 5,       // a payload whose id is empty
  kTagTaken = 6,       // another stream feeds this tag; again once that has ended
  kStopping = 7,       // the server is stopping; again after a reconnect
  kRefused = 8,        // the checker refused it, see msg
  kNotAuthorised = 9,  // the caller's token is not for this tag
};

}  // namespace dcp::collector
