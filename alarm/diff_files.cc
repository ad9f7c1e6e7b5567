#include "alarm/diff_files.h"

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

DiffFiles::DiffFiles(Options options, const Rendering& renderer, LogFunction log)
    : options_(std::move(options)), renderer_(renderer), log_(std::move(log)) {}

std::string DiffFiles::Add(const std::string& alarm_id, const model::RowDiff& row) {
  MutexLock lock(mu_);
  if (alarm_id != alarm_id_) Begin(alarm_id);
  if (file_ == nullptr) return "";
  if (full_) return path_;
  std::string line = DiffJson(row, renderer_) + "\n";
  full_ = written_ + line.size() > options_.max_bytes;
  if (full_) line = "{\"truncated\":true}\n";
  if (Write(line)) return path_;
  log_(Level::kError, absl::StrCat("cannot write ", path_, ": ", std::strerror(errno)));
  file_.reset();
  return "";
}

void DiffFiles::Begin(const std::string& alarm_id) {
  file_.reset();
  alarm_id_ = alarm_id;
  full_ = false;
  path_ = (fs::path(options_.dir) / (alarm_id + ".jsonl")).string();
  std::error_code error;
  fs::create_directories(options_.dir, error);
  RemoveOldest();
  // What a process left that was killed before the alarm was stored is found and written again.
  const bool is_first = begun_.insert(alarm_id).second;
  file_.reset(std::fopen(path_.c_str(), is_first ? "we" : "ae"));
  if (file_ == nullptr) {
    log_(Level::kError, absl::StrCat("cannot write ", path_, ": ", std::strerror(errno)));
    return;
  }
  const auto size = fs::file_size(path_, error);
  written_ = error ? 0 : size;
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

// A line is on its way to the disk when this returns, whole.
bool DiffFiles::Write(const std::string& line) {
  written_ += line.size();
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() ||
      std::fflush(file_.get()) != 0) {
    return false;
  }
  FaultPoint("diff_file.line_written");
  return true;
}

}  // namespace dcp::alarm
