// GrpcCollector: a gRPC server that takes changes pushed by clients (DCPService.Process
// and Push, proto/dcp.proto) and hands them to a ChangeSink.
//
// `durable`: a message is acknowledged when it is on disk, in the log of its tag
// (intake_log.h), which is read from there: by a restarted collector from the place that
// it is given. Barriers and the origin carry such places. While the disk is full, or a log
// is over its limit, nothing is acknowledged and nothing more is read; it is not dropped.
// The owner calls ForgetBefore() when places before are not needed any more.
//
// Otherwise (`ack = received`) a message is acknowledged when it lies in the checker's
// buffer or in this collector's ordered queue before it; a crash may lose what
// was acknowledged, and the next stream of the tag says so (reason "restart").
//
// Memory: per stream at most about 2 * (queue_bytes + max_message_bytes), twice that where
// messages are durable or come by Push.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/listeners.h"
#include "collector/grpc/intake_file.h"
#include "model/access.h"
#include "model/ports/change_sink.h"
#include "model/tag.h"

namespace grpc {
class ServerCredentials;
class Service;
}  // namespace grpc

namespace dcp::collector {

struct GrpcCollectorOptions {
  std::string listen = "127.0.0.1:9090";  // port 0: any free one, see port()
  // Listens there already; null: it opens them.
  std::shared_ptr<const Listeners> listeners;
  std::shared_ptr<grpc::ServerCredentials> credentials;  // TLS; null: none
  model::Access access = {};                             // who may push what
  std::vector<model::Tag> tags;                          // at least one
  // Acknowledge what is on disk; needs `intake_directory`, one directory per tag in it.
  bool durable = false;
  std::string intake_directory;
  // Where to begin to read a durable tag: the text of a Mark's or an origin's place. A tag
  // without one is read from the oldest message that is held: none was judged. A place that
  // is not there any more gives an origin with reason "gap".
  absl::flat_hash_map<model::Tag, std::string> start_places;
  // On disk, per tag; at least eight times what a stream may have waiting. It has to hold
  // what the checks look back over (`history` segments), or intake stands still.
  int64_t intake_max_bytes = int64_t{4} << 30;
  // For what people should know: damage, torn files, a disk that refuses.
  std::function<void(absl::string_view)> log = [](absl::string_view) {};
  FileIo* io = nullptr;  // of the logs; null: the real one
  // See IntakeLogOptions.
  std::function<absl::Status()> before_deleting = [] { return absl::OkStatus(); };
  bool capture_rows = true;  // keep contents, not only their digests
  // A larger message is refused. A message over twice this plus 64 KiB ends its
  // stream with RESOURCE_EXHAUSTED: gRPC does not hand it over at all.
  int64_t max_message_bytes = int64_t{4} << 20;
  int max_streams = 64;  // at a time; further calls end with RESOURCE_EXHAUSTED
  // Accepted messages of one stream that wait for the checker; also its limit for
  // responses that the client does not read. Beyond it reading pauses.
  int64_t queue_bytes = int64_t{4} << 20;
  // How long accepted messages may wait for others to make a batch with. Not for
  // acknowledgements, and not for barriers: these go at once.
  absl::Duration linger = absl::Milliseconds(1);
  // An idle connection is probed after `keepalive_time` and closed when nothing
  // comes for `keepalive_timeout`. Clients may probe as often as every
  // `min_client_ping`.
  absl::Duration keepalive_time = absl::Seconds(30);
  absl::Duration keepalive_timeout = absl::Seconds(10);
  absl::Duration min_client_ping = absl::Seconds(5);
  // A new connection that has not begun to speak gRPC within `handshake` is closed, and one without
  // calls after `max_idle`.
  absl::Duration handshake = absl::Seconds(10);
  absl::Duration max_idle = absl::Minutes(10);
  // Served on the same port; not owned, outlive the collector.
  std::vector<grpc::Service*> services;
};

struct GrpcCollectorCounters {
  int64_t messages = 0;  // received, whatever became of them
  int64_t bytes = 0;     // of these messages, as on the wire
  int64_t refused = 0;   // answered with a code other than 0
  // Acknowledged, and then not taken by the checker (it was stopping, or its
  // configuration changed).
  int64_t lost = 0;
  int64_t storage_errors = 0;  // of durable tags: writes refused, tried again
  int64_t stored_bytes = 0;    // of durable tags: held on disk
  // Connections that could not be accepted for a while, as descriptors were used up.
  int64_t accept_failures = 0;
  int64_t streams_open = 0;
  int64_t streams_started = 0;
  int64_t streams_refused = 0;  // over max_streams, without the right token, or while stopping
};

class GrpcCollector {
 public:
  // `sink` outlives the collector. Does not listen yet.
  //   kInvalidArgument  names the option that cannot be
  static absl::StatusOr<std::unique_ptr<GrpcCollector>> Create(GrpcCollectorOptions options,
                                                               model::ChangeSink& sink);
  // Stops. Waits for ChangeSink::Append calls that have not returned: stop the
  // sink first when Stop() said kDeadlineExceeded.
  ~GrpcCollector();
  GrpcCollector(const GrpcCollector&) = delete;
  GrpcCollector& operator=(const GrpcCollector&) = delete;

  // Opens the logs of durable tags and the tags themselves, listens and serves. REQUIRES:
  // called once, before Stop().
  //   kFailedPrecondition  the address cannot be listened on, e.g. in use; or a log was
  //                        written by a newer dcp
  //   kUnavailable, kResourceExhausted  a log cannot be read or written
  absl::Status Start();

  // Ends open streams with UNAVAILABLE after their accepted messages have been
  // handed over, and stops listening, all within `limit`. Idempotent.
  //   kDeadlineExceeded  the sink still holds up some streams: no client is
  //                      served any more, but accepted messages wait. Stop the
  //                      sink, then call this again.
  absl::Status Stop(absl::Duration limit);

  // Messages of durable `tag` before `place` will not be asked for again: their files may
  // go. Of a tag that several checks use, the earliest place of theirs (Earliest() in
  // intake_place.h).
  //   kInvalidArgument  no place of this tag's log
  //   kNotFound         no durable tag of this collector
  absl::Status ForgetBefore(const model::Tag& tag, absl::string_view place);

  // The port listened on; 0 before Start().
  int port() const;

  GrpcCollectorCounters counters() const;

 private:
  class Impl;
  explicit GrpcCollector(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dcp::collector
