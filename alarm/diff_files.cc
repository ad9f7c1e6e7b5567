#include "alarm/diff_files.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "alarm/alarm_json.h"
#include "base/fault_point.h"

namespace dcp::alarm {

namespace fs = std::filesystem;

namespace {

// What a disk recovers from, with or without help.
bool MayPass(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EIO:
    case EMFILE:
    case ENFILE:
      return true;
    default:
      return false;
  }
}

}  // namespace

DiffFiles::DiffFiles(Options options, const Rendering& renderer, const Clock& clock,
                     LogFunction log)
    : options_(std::move(options)), renderer_(renderer), clock_(clock), log_(std::move(log)) {}

std::string DiffFiles::Add(const std::string& alarm_id, const model::RowDiff& row) {
  MutexLock lock(mu_);
  if (alarm_id != alarm_id_) Begin(alarm_id);
  if (!file_.open()) return "";
  if (full_) return path_;
  std::string line = DiffJson(row, renderer_) + "\n";
  full_ = written_ + line.size() > options_.max_bytes;
  if (full_) line = "{\"truncated\":true}\n";
  if (Write(line)) return path_;
  file_.Close();
  return "";
}

// True: `work` was done. It fails as POSIX does.
bool DiffFiles::Insist(absl::FunctionRef<bool()> work) {
  for (bool told = false; !work(); told = true) {
    const int error = errno;
    const bool waits = MayPass(error);
    if (!told) {
      log_(Level::kError, absl::StrCat("cannot write ", path_, ": ", std::strerror(error),
                                       waits ? "; the check waits until it can"
                                             : "; its alarm is told without it"));
    }
    if (!waits || !patience_.Pause(options_.retry, clock_)) return false;
  }
  return true;
}

void DiffFiles::Begin(const std::string& alarm_id) {
  file_.Close();
  alarm_id_ = alarm_id;
  full_ = false;
  path_ = (fs::path(options_.dir) / (alarm_id + ".jsonl")).string();
  // What a process left that was killed before the alarm was stored is found and written again.
  const int anew = begun_.insert(alarm_id).second ? O_TRUNC : 0;
  const auto open = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    bool made = false;
    const std::error_code error = options_.io->MakeDirectories(options_.dir, &made);
    errno = error.value();
    if (!error) file_ = OpenFile(*options_.io, path_, O_RDWR | O_CREAT | anew);
    return file_.open();
  };
  if (!Insist(open)) return;
  RemoveOldest();
  const int64_t size = options_.io->Size(file_.fd());
  written_ = size < 0 ? 0 : static_cast<uint64_t>(size);
  FaultPoint("diff_file.made");
}

void DiffFiles::RemoveOldest() {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(options_.dir, error)) {
    if (entry.path().extension() == ".jsonl" && entry.path() != path_) {
      files.emplace_back(entry.last_write_time(error), entry.path());
    }
  }
  if (files.size() < options_.keep) return;
  std::sort(files.begin(), files.end());
  files.resize(files.size() - options_.keep + 1);
  for (const auto& [time, path] : files) {
    fs::remove(path, error);
    begun_.erase(path.stem().string());
  }
  FaultPoint("diff_file.oldest_removed");
}

// A line is on its way to the disk when this returns true, whole: what was written of it before
// is written over.
bool DiffFiles::Write(const std::string& line) {
  const auto write = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return WriteAllAt(file_, line, written_) == 0;
  };
  if (!Insist(write)) return false;
  written_ += line.size();
  FaultPoint("diff_file.line_written");
  return true;
}

}  // namespace dcp::alarm
