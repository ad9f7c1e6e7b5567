#include "cmd/dcp/purge_watcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace dcp::cmd {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);

}  // namespace

PurgeWatcher::PurgeWatcher(Options options, std::vector<Subject> subjects, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  for (Subject& subject : subjects) {
    subject.server.connect_timeout = std::min(subject.server.connect_timeout, kPatience);
    watched_.push_back({std::move(subject), nullptr, {}, false});
  }
  MutexLock lock(mu_);
  reports_.resize(watched_.size());
}

PurgeWatcher::~PurgeWatcher() { Stop(); }

void PurgeWatcher::Start() {
  if (watched_.empty()) return;
  thread_ = std::thread([this] { Run(); });
}

void PurgeWatcher::Stop() {
  stopper_.Stop();
  if (thread_.joinable()) thread_.join();
}

std::vector<collector::PurgeWatch::Report> PurgeWatcher::reports() const {
  MutexLock lock(mu_);
  return reports_;
}

void PurgeWatcher::Run() {
  while (stopper_.Pause(options_.interval, clock_)) {
    for (size_t i = 0; i < watched_.size(); ++i) Look(i);
  }
}

// What cannot be asked is said once; the collector says itself that it has no connection.
void PurgeWatcher::Look(size_t index) {
  Watched& watched = watched_[index];
  // The place first: what the server has by then is at or behind it.
  const collector::PurgeWatch::Place place = watched.subject.place();
  const auto inventory = Ask(watched);
  if (!inventory.ok()) {
    watched.connection = nullptr;
    if (!std::exchange(watched.failed, true) && options_.log) {
      options_.log(absl::StrCat(
          "collector ", watched.subject.collector,
          ": the server cannot be asked which binlogs it has: ", inventory.status().message()));
    }
    return;
  }
  watched.failed = false;
  collector::PurgeWatch::Report report = watched.watch.Look(*inventory, place);
  if (!report.warning.empty() && options_.log) {
    options_.log(absl::StrCat("collector ", watched.subject.collector, ": ", report.warning));
  }
  MutexLock lock(mu_);
  reports_[index] = std::move(report);
}

absl::StatusOr<mysql::BinlogInventory> PurgeWatcher::Ask(Watched& watched) {
  if (watched.connection == nullptr) {
    DCP_ASSIGN_OR_RETURN(watched.connection,
                         mysql::Connection::Connect(watched.subject.server, kPatience));
  }
  return mysql::ReadBinlogInventory(*watched.connection);
}

}  // namespace dcp::cmd
