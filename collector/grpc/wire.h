// Messages of proto/ from and into gRPC's buffers. Messages are read as bytes and parsed
// here, because gRPC ends a stream without a word at one that it cannot parse.
//
// Pure.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"

namespace dcp::collector {

// False: it is no such message.
bool ParseBuffer(grpc::ByteBuffer& buffer, google::protobuf::MessageLite& message);

grpc::ByteBuffer ToBuffer(const google::protobuf::MessageLite& message);

grpc::Status ToGrpc(const absl::Status& status);

}  // namespace dcp::collector
