#include "state/open_database.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/fault_point.h"
#include "base/status.h"
#include "state/schema.h"

namespace dcp::state {
namespace {

constexpr char kName[] = "state.db";
// Of the log, once it was written back. A long report makes it longer for a while.
constexpr char kJournal[] = "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216";

absl::Status CreateError(const std::string& path, const std::error_code& error) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot write ", path, " (", error.message(),
                   "): give dcp the right to write its directory, or name another one with "
                   "dir in [state]"));
}

absl::Status CreateError(const std::string& path) {
  return CreateError(path, std::error_code(errno, std::generic_category()));
}

absl::Status Create(const Disk& disk, const std::string& path) {
  const std::string draft = path + ".new";
  for (const char* suffix : {"", "-journal"}) disk.io->Remove(draft + suffix);
  {
    DCP_ASSIGN_OR_RETURN(const auto db, Database::Open(draft, Database::Mode::kCreate, disk.vfs));
    // It holds rows of tables. Other files of the database get its mode.
    const std::error_code error = disk.io->SetMode(draft, S_IRUSR | S_IWUSR);
    if (error) return CreateError(draft, error);
    FaultPoint("state.draft_made");
    DCP_RETURN_IF_ERROR(Migrate(*db, SchemaSteps()));
  }
  FaultPoint("state.draft_whole");
  if (disk.io->Rename(draft, path) != 0) return CreateError(path);
  FaultPoint("state.draft_named");
  return absl::OkStatus();
}

// A log without its database: what it holds cannot be used, and must not go unnoticed.
absl::Status CheckNoRest(const Disk& disk, const std::string& path) {
  const int64_t size = disk.io->SizeOf(path + "-wal");
  if (size < 0 && errno != ENOENT) return CreateError(path + "-wal");
  if (size <= 0) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      path, " is missing, but its log ", path,
      "-wal is there: restore both from a copy, or move the log away to begin with an empty "
      "state; see docs/state.md"));
}

absl::Status CheckNotEmpty(const Disk& disk, const Database& db) {
  if (disk.io->SizeOf(db.path()) != 0) return absl::OkStatus();
  return DamagedError(db, "it is empty");
}

absl::Status UseLog(Database& db) {
  DCP_ASSIGN_OR_RETURN(Statement mode, db.Prepare("PRAGMA journal_mode = WAL"));
  DCP_RETURN_IF_ERROR(mode.Bind().Step().status());
  const std::string answer = mode.ReadText();
  mode.Bind();
  if (answer == "wal") return db.Execute(kJournal);
  return absl::FailedPreconditionError(
      absl::StrCat(db.path(),
                   ": its file system has no shared memory for SQLite's log: name a "
                   "directory of a local file system with dir in [state]"));
}

// The answer of a check that found something: a page that the disk did not give tells nothing of
// what is on it. Of some pages SQLite leaves the cause out, but not in errno.
absl::Status FoundWrong(const Database& db, absl::string_view answer, int last_errno) {
  if (last_errno == EIO) return db.Error(SQLITE_IOERR);
  constexpr absl::string_view kCode = "error code=";
  const size_t at = answer.find(kCode);
  int code = SQLITE_CORRUPT;
  if (at == absl::string_view::npos || !absl::SimpleAtoi(answer.substr(at + kCode.size()), &code) ||
      (code & 0xff) == SQLITE_CORRUPT) {
    return DamagedError(db, answer);
  }
  return db.Error(code);
}

absl::Status CheckIsWhole(Database& db) {
  DCP_ASSIGN_OR_RETURN(Statement check, db.Prepare("PRAGMA quick_check(1)"));
  DCP_ASSIGN_OR_RETURN(const bool found, check.Bind().Step());
  const int last_errno = errno;
  const std::string answer = found ? check.ReadText() : "no answer";
  check.Bind();
  if (answer != "ok") return FoundWrong(db, answer, last_errno);
  DCP_ASSIGN_OR_RETURN(Statement references, db.Prepare("PRAGMA foreign_key_check"));
  DCP_ASSIGN_OR_RETURN(const bool broken, references.Bind().Step());
  return broken ? DamagedError(db, "rows that belong to others are alone") : absl::OkStatus();
}

absl::Status CheckPresentVersion(Database& db) {
  DCP_RETURN_IF_ERROR(CheckVersion(db, SchemaSteps()));
  DCP_ASSIGN_OR_RETURN(const int64_t version, db.ReadInteger("PRAGMA user_version"));
  if (static_cast<size_t>(version) == SchemaSteps().size()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(db.path(),
                   " was written by an older dcp: start dcp run of this version with it "
                   "first, which brings it to the present form"));
}

}  // namespace

absl::StatusOr<OpenedDatabase> OpenDatabase(const Disk& disk, const std::string& dir) {
  const std::string path = (std::filesystem::path(dir) / kName).string();
  OpenedDatabase opened;
  opened.is_new = disk.io->SizeOf(path) < 0;
  if (opened.is_new && errno != ENOENT) return CreateError(path);
  if (opened.is_new) {
    DCP_RETURN_IF_ERROR(CheckNoRest(disk, path));
    DCP_RETURN_IF_ERROR(Create(disk, path));
  }
  DCP_ASSIGN_OR_RETURN(opened.db, Database::Open(path, Database::Mode::kExisting, disk.vfs));
  DCP_RETURN_IF_ERROR(CheckNotEmpty(disk, *opened.db));
  DCP_RETURN_IF_ERROR(CheckVersion(*opened.db, SchemaSteps()));
  DCP_RETURN_IF_ERROR(UseLog(*opened.db));
  FaultPoint("state.opened");
  DCP_RETURN_IF_ERROR(CheckIsWhole(*opened.db));
  DCP_RETURN_IF_ERROR(Migrate(*opened.db, SchemaSteps()));
  return opened;
}

absl::StatusOr<std::unique_ptr<Database>> OpenPresent(const std::string& dir, Database::Mode mode) {
  const std::string path = (std::filesystem::path(dir) / kName).string();
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return absl::NotFoundError(
        absl::StrCat("there is no state in ", dir, error ? ": " + error.message() : "",
                     ": name the state directory with --dir, or the daemon's configuration with "
                     "--config"));
  }
  DCP_ASSIGN_OR_RETURN(auto db, Database::Open(path, mode));
  DCP_RETURN_IF_ERROR(CheckPresentVersion(*db));
  return db;
}

}  // namespace dcp::state
