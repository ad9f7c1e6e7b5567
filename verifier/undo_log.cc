#include "verifier/undo_log.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/file_io.h"
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

// That a new name in a directory outlives a crash.
void SyncDirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  SyncDirectory(FileIo::Real(), slash == std::string::npos ? "." : path.substr(0, slash + 1));
}

}  // namespace

absl::StatusOr<std::unique_ptr<UndoLog>> UndoLog::Create(const std::string& path) {
  OpenFile file(FileIo::Real(), path, O_RDWR | O_CREAT | O_EXCL);
  if (!file.open() && errno == EEXIST) {
    return absl::AlreadyExistsError(
        absl::StrCat("undo file ", path,
                     " exists: it may be the only way back from another repair; name another"));
  }
  if (!file.open()) return FileError(path, "be made");
  std::unique_ptr<UndoLog> log(new UndoLog(path, std::move(file)));
  DCP_RETURN_IF_ERROR(log->Write(0, Head()));
  log->begin_ = Head().size();
  SyncDirectoryOf(path);
  return log;
}

absl::Status UndoLog::Append(const std::vector<std::string>& statements) {
  std::string text;
  std::vector<uint64_t> ends = ends_;
  const uint64_t at = ends_.empty() ? begin_ : ends_.back();
  for (const std::string& statement : statements) {
    // Settings behind each, so that they come first when lines are run backwards.
    absl::StrAppend(&text, statement, ";\n", UndoSettings(), ";\n");
    ends.push_back(at + text.size());
  }
  const absl::Status status = Write(at, text);
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
  return FileIo::Real().Truncate(file_.fd(), end) == 0 ? absl::OkStatus() : Error("shorten it");
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
  if (ReplaceFile(FileIo::Real(), path_, script) != 0) return Error("be replaced");
  SyncDirectoryOf(path_);
  return absl::OkStatus();
}

absl::Status UndoLog::Error(absl::string_view doing) const { return FileError(path_, doing); }

absl::Status UndoLog::Write(uint64_t at, absl::string_view text) {
  if (WriteAllAt(file_, text, at) != 0) return Error("write");
  return FileIo::Real().Sync(file_.fd()) == 0 ? absl::OkStatus() : Error("sync");
}

absl::StatusOr<std::string> UndoLog::Read() const {
  std::string text(ends_.empty() ? begin_ : ends_.back(), '\0');
  const ssize_t got = ReadAllAt(file_, text.data(), text.size(), 0);
  if (got < 0) return Error("be read");
  if (static_cast<size_t>(got) < text.size()) {
    return absl::DataLossError(absl::StrCat("undo file ", path_, " was shortened by another"));
  }
  return text;
}

}  // namespace dcp::verifier
