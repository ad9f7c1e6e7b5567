// DurableTag: one tag with ack = "durable": its log, and the thread that reads the log and
// feeds the checker, so that it sees the same messages in the same order after a restart.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "collector/grpc/batch_builder.h"
#include "collector/grpc/intake_log.h"
#include "collector/grpc/intake_reader.h"
#include "model/ports/change_sink.h"
#include "model/tag.h"

namespace dcp::collector {

class DurableTag {
 public:
  struct Options {
    IntakeLogOptions log;
    bool capture = true;
    // A text of IntakePlace; empty: everything that the log holds is fed.
    std::string start_place;
  };

  // `sink` outlives it. The codes of IntakeLog::Open().
  static absl::StatusOr<std::unique_ptr<DurableTag>> Open(model::Tag tag, Options options,
                                                          model::ChangeSink& sink);
  // Stop(), however long that takes.
  ~DurableTag();

  // Opens the tag and feeds it. REQUIRES: called once.
  void Start();
  // In place of Start(), for who has no threads: Begin() once, then FeedSome() whenever
  // something may have come.
  absl::Status Begin() ABSL_LOCKS_EXCLUDED(mu_);
  // Feeds what the log holds and was not fed, some of it at a time. False when the log cannot
  // be read now. Not OK: the sink takes no more.
  absl::StatusOr<bool> FeedSome();
  // Ends the feeding when all that is stored was fed. Idempotent. False when that is not so at
  // `deadline` (monotonic); it ends then as soon as the sink takes no more.
  bool Stop(absl::Duration deadline) ABSL_LOCKS_EXCLUDED(mu_);

  // What the sink says of the tag: OK, or why it takes nothing.
  absl::Status taken() const ABSL_LOCKS_EXCLUDED(mu_);

  // Nothing before the place will be asked for again.
  //   kInvalidArgument  it is no place of this log
  absl::Status ForgetBefore(absl::string_view place);

  IntakeLog& log() { return *log_; }

  // A directory name for any tag, and for no two the same.
  static std::string DirectoryName(const model::Tag& tag);

 private:
  DurableTag(model::Tag tag, Options options, std::unique_ptr<IntakeLog> log,
             model::ChangeSink& sink);

  struct Beginning {
    uint64_t sequence = 1;
    std::string reason, detail;
  };
  Beginning FindBeginning() const;
  absl::Status OpenSink(std::string reason, std::string detail, uint64_t sequence)
      ABSL_LOCKS_EXCLUDED(mu_);
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status FeedBlock(const IntakeReader::Block& block);
  absl::Status FeedEntry(const IntakeEntry& entry, uint64_t sequence);
  absl::Status Flush();
  void Failed(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const model::Tag tag_;
  const Options options_;
  const std::unique_ptr<IntakeLog> log_;
  model::ChangeSink& sink_;

  // Of the thread.
  BatchBuilder builder_;
  std::optional<IntakeReader> reader_;  // since Begin()
  std::thread thread_;

  mutable Mutex mu_;
  CondVar ended_changed_;
  bool ended_ ABSL_GUARDED_BY(mu_) = true;  // the thread has
  absl::Status taken_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dcp::collector
