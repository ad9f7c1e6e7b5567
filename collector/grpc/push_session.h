// PushSession: what one call of Push has said: whether its requests follow each other as
// they must, which messages are new, and which are refused. No gRPC call and no thread
// in it.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "collector/grpc/intake_log.h"
#include "collector/grpc/session_table.h"
#include "collector/grpc/stream_intake.h"
#include "model/tag.h"
#include "proto/dcp.pb.h"

namespace dcp::collector {

class PushSession {
 public:
  // Takes the first request.
  //   kInvalidArgument  it opens nothing, or its session cannot be
  //   kNotFound         no such tag
  absl::Status Open(const PushRequest& request, const TagRegistry& tags);

  // What is held of it, where it goes on.
  void GoOnFrom(const SessionState& held);
  // Continuity is lost before the first message, unless nothing has fed the tag before.
  bool has_gap() const { return has_gap_; }

  // Begins the next request.
  //   kInvalidArgument  it is no batch
  //   kOutOfRange       messages are missing before it
  absl::Status Begin(const PushRequest& request) const;
  enum class Taken : uint8_t { kNew, kHeld, kRefused };
  // Judges message `index` of it. kNew and kRefused: last() is its number; `response` tells
  // of a refusal.
  Taken Take(const PushBatch& batch, int index, int64_t max_bytes, PushResponse& response);

  // The batches in `requests` for the log of a durable tag: stores what is good and new up to
  // the first request that cannot be, all together. `peer` is named where continuity is lost.
  struct Storing {
    std::string peer;
    int64_t max_message_bytes = 0;
    // False: nothing was stored, and the call is to end.
    std::function<bool(const IntakeBatch&)> store;
  };
  struct Stored {
    PushResponse response;  // to be written when it is `done`
    bool done = false;
    uint64_t messages = 0;  // that came
    absl::Status fault;     // of the first request that cannot be: it ends the call
  };
  Stored Store(absl::Span<const PushRequest* const> requests, const IntakeLog& log,
               const Storing& storing);

  const std::string& session() const { return session_; }
  const model::Tag& tag() const { return *tag_; }
  uint64_t last() const { return last_; }  // dealt with

 private:
  std::string session_;
  IntakeBatch Begun(const IntakeLog& log, const std::string& peer) const;
  absl::Status Collect(const PushRequest& request, int64_t max_bytes, IntakeBatch& batch,
                       Stored& stored);

  const model::Tag* tag_ = nullptr;
  uint64_t acknowledged_ = 0;
  uint64_t last_ = 0;
  bool has_gap_ = false;
  bool has_begun_ = false;  // continuity was told of
};

}  // namespace dcp::collector
