#include "verifier/undo_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "verifier/repair_sql.h"

namespace dcp::verifier {
namespace {

std::string Head() {
  return absl::StrCat(
      "-- The repair has not ended: run these lines from the last whole one to the first (tac).\n",
      UndoSettings(), ";\n");
}

absl::Status FileError(absl::string_view path, absl::string_view doing) {
  return absl::FailedPreconditionError(absl::StrCat("undo file ", path, ": cannot ", doing, ": ",
                                                    std::string(std::strerror(errno))));
}

absl::Status WriteAll(int fd, uint64_t at, absl::string_view text, absl::string_view path) {
  while (!text.empty()) {
    const ssize_t written = pwrite(fd, text.data(), text.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return FileError(path, "write");
    at += static_cast<uint64_t>(written);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return fdatasync(fd) == 0 ? absl::OkStatus() : FileError(path, "sync");
}

// That a new name in a directory outlives a crash.
void SyncDirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace

absl::StatusOr<std::unique_ptr<UndoLog>> UndoLog::Create(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) {
    return absl::AlreadyExistsError(
        absl::StrCat("undo file ", path,
                     " exists: it may be the only way back from another repair; name another"));
  }
  if (fd < 0) return FileError(path, "be made");
  std::unique_ptr<UndoLog> log(new UndoLog(path, fd));
  DCP_RETURN_IF_ERROR(WriteAll(fd, 0, Head(), path));
  log->begin_ = Head().size();
  SyncDirectoryOf(path);
  return log;
}

UndoLog::~UndoLog() { close(fd_); }

absl::Status UndoLog::Append(const std::vector<std::string>& statements) {
  std::string text;
  std::vector<uint64_t> ends = ends_;
  const uint64_t at = ends_.empty() ? begin_ : ends_.back();
  for (const std::string& statement : statements) {
    // Settings behind each, so that they come first when lines are run backwards.
    absl::StrAppend(&text, statement, ";\n", UndoSettings(), ";\n");
    ends.push_back(at + text.size());
  }
  const absl::Status status = WriteAll(fd_, at, text, path_);
  if (!status.ok()) {
    Shrink(ends_.size()).IgnoreError();  // what is left is behind the end that counts
    return status;
  }
  ends_ = std::move(ends);
  return absl::OkStatus();
}

absl::Status UndoLog::Shrink(size_t count) {
  ends_.resize(count);
  const uint64_t end = ends_.empty() ? begin_ : ends_.back();
  return ftruncate(fd_, static_cast<off_t>(end)) == 0 ? absl::OkStatus() : Error("shorten it");
}

absl::Status UndoLog::Finish() {
  DCP_ASSIGN_OR_RETURN(const std::string text, Read());
  std::string script = absl::StrCat("-- Takes a repair by dcp back: ", ends_.size(),
                                    " statements, each for a row that is still as dcp left it.\n",
                                    UndoSettings(), ";\n");
  const std::string settings = absl::StrCat(UndoSettings(), ";\n");
  for (size_t i = ends_.size(); i-- > 0;) {
    const uint64_t begin = i == 0 ? begin_ : ends_[i - 1];
    script.append(text, begin, ends_[i] - begin - settings.size());
  }
  const std::string temporary = path_ + ".new";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return FileError(temporary, "be made");
  absl::Status status = WriteAll(fd, 0, script, temporary);
  close(fd);
  DCP_RETURN_IF_ERROR(status);
  if (rename(temporary.c_str(), path_.c_str()) != 0) return Error("be replaced");
  SyncDirectoryOf(path_);
  return absl::OkStatus();
}

absl::Status UndoLog::Error(absl::string_view doing) const { return FileError(path_, doing); }

absl::StatusOr<std::string> UndoLog::Read() const {
  std::string text(ends_.empty() ? begin_ : ends_.back(), '\0');
  for (size_t at = 0; at < text.size();) {
    const ssize_t got = pread(fd_, text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Error("be read");
    at += static_cast<size_t>(got);
  }
  return text;
}

}  // namespace dcp::verifier
