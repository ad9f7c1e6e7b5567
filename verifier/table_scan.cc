#include "verifier/table_scan.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"

namespace dcp::verifier {
namespace {

bool IsPermanent(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kCancelled:
      return true;
    default:
      return false;
  }
}

const std::string* PointerTo(const std::optional<std::string>& text) {
  return text.has_value() ? &*text : nullptr;
}

// Reads pages of the guide, one ahead of who takes them: while a page is compared the next one is
// read, no more. Its thread ends with it.
class GuidePages {
 public:
  struct Page {
    absl::Status status;  // not OK: the guide cannot be read on
    std::optional<std::string> after, upto;
    RowSet rows;
    absl::Duration elapsed;
  };

  GuidePages(PageReader& guide, const ScanOptions& options, const Clock& clock, const Pause& pause,
             std::optional<std::string> after)
      : guide_(guide),
        options_(options),
        clock_(clock),
        pause_(pause),
        begin_(std::move(after)),
        size_(options.chunk) {
    thread_ = std::thread([this] { Read(); });
  }

  ~GuidePages() {
    {
      const MutexLock lock(mu_);
      stop_ = true;
    }
    changed_.NotifyAll();
    thread_.join();
  }

  // The next page; the one without `upto`, or with an error, is the last.
  Page Take() ABSL_LOCKS_EXCLUDED(mu_) {
    mu_.Lock();
    while (!page_.has_value()) changed_.Wait(mu_);
    Page page = *std::move(page_);
    page_.reset();
    mu_.Unlock();
    changed_.NotifyAll();
    return page;
  }

  // The time that a chunk took on the slower side.
  void Took(size_t rows, absl::Duration elapsed) ABSL_LOCKS_EXCLUDED(mu_) {
    const MutexLock lock(mu_);
    size_.Took(rows, elapsed);
  }

  size_t limit() ABSL_LOCKS_EXCLUDED(mu_) {
    const MutexLock lock(mu_);
    return size_.rows();
  }

 private:
  void Read() {
    std::optional<std::string> after = begin_;
    for (bool more = true; more && AwaitRoom();) {
      Page page;
      page.after = after;
      page.status = ReadPage(&page);
      after = page.upto;
      more = page.status.ok() && after.has_value();
      Hand(std::move(page));
    }
  }

  absl::Status ReadPage(Page* page) {
    absl::Status status;
    for (int tries = 0; tries < options_.tries; ++tries) {
      if (tries > 0) DCP_RETURN_IF_ERROR(WaitToRetry());
      const size_t rows = limit();
      const absl::Duration begin = clock_.Monotonic();
      status = guide_.ReadPage(PointerTo(page->after), nullptr, rows, &page->rows);
      page->elapsed = clock_.Monotonic() - begin;
      if (status.ok() && page->rows.size() >= rows) {
        page->upto = std::string(page->rows.key(page->rows.size() - 1));
      }
      if (status.ok() || IsPermanent(status)) break;
    }
    return status;
  }

  absl::Status WaitToRetry() ABSL_LOCKS_EXCLUDED(mu_) {
    {
      const MutexLock lock(mu_);
      size_.TimedOut();
    }
    return pause_(options_.retry_pause);
  }

  // False: nobody wants more.
  bool AwaitRoom() ABSL_LOCKS_EXCLUDED(mu_) {
    const MutexLock lock(mu_);
    while (page_.has_value() && !stop_) changed_.Wait(mu_);
    return !stop_;
  }

  void Hand(Page page) ABSL_LOCKS_EXCLUDED(mu_) {
    {
      const MutexLock lock(mu_);
      page_ = std::move(page);
    }
    changed_.NotifyAll();
  }

  PageReader& guide_;
  const ScanOptions& options_;
  const Clock& clock_;
  const Pause& pause_;
  const std::optional<std::string> begin_;
  std::thread thread_;

  Mutex mu_;
  CondVar changed_;
  ChunkSize size_ ABSL_GUARDED_BY(mu_);
  std::optional<Page> page_ ABSL_GUARDED_BY(mu_);
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
};

class Scan {
 public:
  Scan(PageReader& guide, const std::vector<PageReader*>& others, const ScanOptions& options,
       const Clock& clock, const Pause& pause, ScanEvents& events, const ScanStart& start)
      : others_(others),
        options_(options),
        clock_(clock),
        pause_(pause),
        events_(events),
        pages_(guide, options, clock, pause, start.after) {
    pool_.Restore(start.suspects);
  }

  absl::Status Run() {
    absl::Status status;
    for (bool more = true; more && status.ok();) {
      DCP_RETURN_IF_ERROR(pause_(absl::ZeroDuration()));
      DCP_RETURN_IF_ERROR(events_.BeforeChunk());
      GuidePages::Page page = pages_.Take();
      more = page.upto.has_value();
      status = page.status.ok() ? CompareChunk(page) : page.status;
      if (status.ok()) status = HandOnIfMany();
      if (status.ok() && more) events_.OnProgress(*page.upto, pool_);
    }
    // What was suspected so far is decided even if the rest cannot be read.
    if (pool_.size() > 0 && !absl::IsCancelled(status)) {
      status.Update(events_.OnSuspects(pool_.Take()));
    }
    return status;
  }

 private:
  absl::Status CompareChunk(const GuidePages::Page& page) {
    const absl::Duration begin = clock_.Monotonic();
    size_t other_rows = 0;
    const absl::Status status = ReadOthers(page, &other_rows);
    if (absl::IsCancelled(status)) return status;
    if (!status.ok()) {
      events_.OnFailedChunk(status);
      return ++failed_ < options_.max_failed_chunks ? absl::OkStatus() : status;
    }
    failed_ = 0;
    pages_.Took(std::max(page.rows.size(), other_rows),
                std::max(page.elapsed, clock_.Monotonic() - begin));
    events_.OnChunk(page.rows.size(), other_rows);
    return absl::OkStatus();
  }

  // The rows of the chunk in the other tables are gathered as long as they may be as many as the
  // guide's; beyond that they are not equal anyway and are not kept.
  absl::Status ReadOthers(const GuidePages::Page& page, size_t* other_rows) {
    gathered_.Clear();
    spread_ = false;
    const size_t limit = std::max<size_t>(page.rows.size() + 1, 1000);
    for (PageReader* const other : others_) {
      std::optional<std::string> after = page.after;
      for (bool more = true; more;) {
        DCP_RETURN_IF_ERROR(ReadOther(*other, after, page.upto, limit));
        *other_rows += read_.size();
        more = read_.size() >= limit;
        if (more) after = std::string(read_.key(read_.size() - 1));
        Gather(page.rows);
        if (more) DCP_RETURN_IF_ERROR(HandOnExtraIfMany(page.rows.size()));
      }
    }
    if (!spread_ && !SameRows(page.rows, gathered_)) Spread(page.rows);
    return absl::OkStatus();
  }

  absl::Status ReadOther(PageReader& other, const std::optional<std::string>& after,
                         const std::optional<std::string>& upto, size_t limit) {
    absl::Status status;
    for (int tries = 0; tries < options_.tries; ++tries) {
      if (tries > 0) DCP_RETURN_IF_ERROR(pause_(options_.retry_pause));
      status = other.ReadPage(PointerTo(after), PointerTo(upto), limit, &read_);
      if (status.ok() || IsPermanent(status)) break;
    }
    return status;
  }

  // Takes what was read last.
  void Gather(const RowSet& guide_rows) {
    if (spread_) {
      pool_.Subtract(read_);
    } else if (gathered_.size() == 0) {
      std::swap(gathered_, read_);
    } else {
      gathered_.Add(read_);
    }
    if (!spread_ && gathered_.size() > guide_rows.size()) Spread(guide_rows);
  }

  void Spread(const RowSet& guide_rows) {
    pool_.Add(guide_rows);
    pool_.Subtract(gathered_);
    gathered_.Clear();
    spread_ = true;
  }

  absl::Status HandOnIfMany() {
    if (pool_.size() <= options_.max_suspects) return absl::OkStatus();
    return events_.OnSuspects(pool_.Take());
  }

  // In the middle of a chunk the guide's rows have not all been met.
  absl::Status HandOnExtraIfMany(size_t guide_rows) {
    if (pool_.size() <= guide_rows + options_.max_suspects) return absl::OkStatus();
    return events_.OnSuspects(pool_.TakeExtra());
  }

  const std::vector<PageReader*>& others_;
  const ScanOptions& options_;
  const Clock& clock_;
  const Pause& pause_;
  ScanEvents& events_;
  SuspectPool pool_;
  RowSet read_;
  RowSet gathered_;
  bool spread_ = false;  // the chunk's rows are in the pool
  int failed_ = 0;       // chunks one behind the other
  GuidePages pages_;
};

}  // namespace

absl::Status ScanTables(PageReader& guide, const std::vector<PageReader*>& others,
                        const ScanOptions& options, const Clock& clock, const Pause& pause,
                        ScanEvents& events, const ScanStart& start) {
  return Scan(guide, others, options, clock, pause, events, start).Run();
}

}  // namespace dcp::verifier
