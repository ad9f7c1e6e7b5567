// MysqlCollector reads one MySQL server's binlog and puts its changes into a
// ChangeSink, for each of its tags.
//
// Owns one thread. Start() and Stop() are called by one owner; status() is
// thread-safe. After a break of the connection it goes on behind the last whole
// group: nothing is lost, nothing is said twice; also on another server, where that has the same
// GTIDs. Where the place is lost (purged, the binlog reset), the tags are opened anew with reason
// "gap", at the server's present end; where the server cannot read its own file, with "event".
//
// A stream of files (`of_files`) is read to its end and not taken up again, but where a server
// that was asked for columns could not be reached. Where a file is missing or damaged the tags are
// opened anew with reason "gap" behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/stopper.h"
#include "collector/mysql/executed_watch.h"
#include "collector/mysql/group_assembler.h"
#include "collector/mysql/start_point.h"
#include "collector/mysql/stream_watch.h"
#include "model/ports/change_sink.h"

namespace dcp::collector {

struct MysqlCollectorOptions {
  std::string name;  // for logs
  GroupAssembler::Options groups;
  // The server that `start` was told of, where that is known: a position means something
  // there only.
  model::Uuid start_server_uuid{};
  uint32_t start_server_id = 0;
  StartPoint start;  // what `start = …` came to; `resume` is resolved by the caller
  // Of the first Open(): why continuity with an earlier run is lost, or empty.
  std::string start_reason;
  std::string start_detail;

  size_t batch_bytes = size_t{256} << 10;              // handed on when it has grown to this
  absl::Duration flush_delay = absl::Milliseconds(5);  // or when nothing came for this long
  absl::Duration pause = absl::Seconds(1);  // longer than events of one group stand apart
  bool of_files = false;
  ExecutedWatch::Options executed_watch;
  Backoff::Options reconnect;
  // After another client with the same server_id took the stream: two that come back at once
  // would end each other's for ever.
  Backoff::Options server_id_taken = {.first = absl::Minutes(1), .cap = absl::Hours(1)};
  LogFunction log;  // may be empty
};

struct MysqlCollectorStatus {
  bool connected = false;
  bool finished = false;           // the thread has ended: stopped, or the end of the files
  model::BinlogPosition position;  // behind the last whole group
  // When that group was committed, by its server's clock.
  absl::Time position_time = absl::InfinitePast();
  uint64_t groups = 0;
  uint64_t rows = 0;
  uint64_t connections = 0;  // opened so far
  uint64_t gaps = 0;         // times continuity was lost
  absl::Time last_event = absl::InfinitePast();
  // Of the last break; empty once connected again. Of files that were read: why not to their end.
  std::string last_error;
  std::string warning;  // what an operator should know of the server
};

class MysqlCollector {
 public:
  // kInvalidArgument: as of GroupAssembler::Create
  // `sink` and `clock` outlive the collector.
  static absl::StatusOr<std::unique_ptr<MysqlCollector>> Create(MysqlCollectorOptions options,
                                                                BinlogOpener opener,
                                                                model::ChangeSink* sink,
                                                                const Clock* clock);
  ~MysqlCollector();  // stops

  // REQUIRES: not started before.
  void Start();

  // Ends reading and waiting, and joins the thread. Idempotent. Two waits end by
  // themselves only: inside ChangeSink::Append() (stop the sink first), and inside the
  // opener (its connect timeout).
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

  MysqlCollectorStatus status() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  MysqlCollector(MysqlCollectorOptions options, std::unique_ptr<GroupAssembler> groups,
                 BinlogOpener opener, model::ChangeSink* sink, const Clock* clock);

  void Run();
  absl::Status Session();
  absl::Status Begin(const BinlogStream& stream);
  absl::Status OpenTags(model::StreamOrigin origin);
  absl::Status ReadStream(const BinlogStream& stream);
  absl::Status GoOnElsewhere(const BinlogStream& stream);
  absl::Status WatchExecuted(ExecutedProbe* probe, bool silent);
  absl::Status AskExecuted(ExecutedProbe* probe, bool silent, absl::Duration now);
  absl::Status OnEvent(const mysql::BinlogEvent& event);
  absl::Status OnGap(const mysql::BinlogEvent& event);
  absl::Status OnSilence();
  absl::Status Flush();
  bool MayGoOn(const absl::Status& end);
  void StartAnew(absl::string_view reason, absl::string_view detail);
  bool DamagedForGood();
  bool FoughtOver(const absl::Status& end);

  bool SetReader(mysql::BinlogReader* reader) ABSL_LOCKS_EXCLUDED(mu_);
  void NoteBreak(const absl::Status& end) ABSL_LOCKS_EXCLUDED(mu_);
  void WaitBeforeRetry(const absl::Status& end) ABSL_LOCKS_EXCLUDED(mu_);
  void Warn(const std::string& warning) ABSL_LOCKS_EXCLUDED(mu_);
  void CloseTag(size_t index, const absl::Status& why);
  void Log(absl::string_view text) const;

  // Constant after construction.
  const MysqlCollectorOptions options_;
  const BinlogOpener opener_;
  model::ChangeSink* const sink_;
  const Clock* const clock_;

  // The thread's own.
  const std::unique_ptr<GroupAssembler> groups_;
  Backoff backoff_, taken_backoff_;
  StartPoint point_;   // of the next stream
  bool fresh_ = true;  // the next stream begins (anew): the tags are to be opened
  // The server whose stream was read last, or that the first start point was told of.
  bool server_known_ = false;
  model::Uuid server_uuid_{};
  uint32_t server_id_ = 0;
  std::string open_reason_, open_detail_;  // of the next Open()
  model::StreamOrigin origin_;             // of the last stream
  ExecutedWatch executed_watch_;
  StreamWatch watch_;
  std::vector<bool> tag_closed_;                         // no check uses it
  absl::Duration opened_at_ = absl::InfiniteDuration();  // of the connection, by the clock
  int short_sessions_ = 0;                               // in a row
  uint64_t groups_at_damage_ = 0;
  int damages_here_ = 0;  // in a row, without a group between

  std::thread thread_;
  Stopper stopper_;
  mutable Mutex mu_;
  mysql::BinlogReader* reader_ ABSL_GUARDED_BY(mu_) = nullptr;  // the one that Stop() ends
  MysqlCollectorStatus status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::collector
