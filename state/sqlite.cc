#include "state/sqlite.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/digest.h"

namespace dcp::state {
namespace {

// For another program that looks into the database.
constexpr int kBusyMillis = 5000;

std::string Cause(int code, int system_error) {
  std::string cause = sqlite3_errstr(code);
  if (system_error != 0) absl::StrAppend(&cause, ": ", std::strerror(system_error));
  return cause;
}

bool NoRoom(int code, int system_error) {
  return code == SQLITE_FULL || system_error == ENOSPC || system_error == EDQUOT ||
         system_error == EFBIG;
}

bool MayNotWrite(int code, int system_error) {
  return code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM ||
         code == SQLITE_AUTH || system_error == EROFS || system_error == EACCES;
}

absl::Status Damaged(const std::string& path, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(
      path, " is damaged (", what, "): restore it from a copy, or move it and the files ", path,
      "-wal and ", path, "-shm away to begin with an empty state; see docs/state.md"));
}

absl::Status MakeError(const std::string& path, int code, int system_error,
                       absl::string_view message) {
  const std::string cause = Cause(code, system_error);
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
    return Damaged(path, cause);
  }
  if (NoRoom(code, system_error)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no room to write ", path, " (", cause, "): make room on its file system"));
  }
  if (code == SQLITE_NOMEM) {
    return absl::ResourceExhaustedError(absl::StrCat("no memory left for ", path));
  }
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    return absl::UnavailableError(absl::StrCat("another program holds ", path, " (", cause,
                                               "): end its transaction, or close it"));
  }
  if (MayNotWrite(code, system_error)) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot write ", path, " (", cause,
                     "): give dcp the right to write its directory, or name another one with "
                     "dir in [state]"));
  }
  if (code == SQLITE_IOERR) {
    return absl::UnavailableError(
        absl::StrCat("cannot read or write ", path, " (", cause, "): look at its disk"));
  }
  return absl::InternalError(absl::StrCat(path, ": ", cause, ": ", message));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, Mode mode,
                                                         const std::string& vfs) {
  sqlite3* handle = nullptr;
  const bool read_only = mode == Mode::kReadOnly;
  const int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::kCreate ? SQLITE_OPEN_CREATE : 0);
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<Database> db(new Database(handle, path));
  if (code != SQLITE_OK) return db->Error(code);
  if (!read_only && sqlite3_db_readonly(handle, "main") == 1) return db->Error(SQLITE_READONLY);
  sqlite3_busy_timeout(handle, kBusyMillis);
  // A damaged schema must not make SQLite run anything.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  DCP_RETURN_IF_ERROR(
      db->Execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                  "PRAGMA foreign_keys = ON"));
  return db;
}

absl::Status DamagedError(const Database& db, absl::string_view what) {
  return Damaged(db.path(), what);
}

Database::~Database() { sqlite3_close_v2(db_); }

// What SQLite keeps of a failed commit lacks the system's cause, which errno still has.
absl::Status Database::Error(int code) const {
  const int last_errno = errno;
  if (db_ == nullptr) return MakeError(path_, SQLITE_NOMEM, 0, "");
  const int primary = code & 0xff;
  const bool system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN ||
                      primary == SQLITE_FULL || primary == SQLITE_READONLY;
  int cause = system ? sqlite3_system_errno(db_) : 0;
  if (system && cause == 0) cause = last_errno;
  return MakeError(path_, primary, cause, sqlite3_errmsg(db_));
}

absl::Status Database::Execute(const char* sql) {
  errno = 0;
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

absl::StatusOr<Statement> Database::Prepare(absl::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return Error(code);
  return Statement(this, statement);
}

absl::StatusOr<int64_t> Database::ReadInteger(absl::string_view sql) {
  DCP_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  DCP_ASSIGN_OR_RETURN(const bool found, statement.Bind().Step());
  if (!found) return absl::InternalError(absl::StrCat(path_, ": no answer to ", sql));
  return statement.ReadInteger();
}

Statement& Statement::Bind() {
  sqlite3_reset(statement_.get());  // its error was told by Step()
  next_ = 0;
  bind_code_ = SQLITE_OK;
  summed_.clear();
  return *this;
}

void Statement::Note(int code) {
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

void Statement::AddToSum(char type, absl::string_view bytes) {
  absl::StrAppend(&summed_, absl::string_view(&type, 1), bytes.size(), ":", bytes);
}

void Statement::AddToSum(int64_t value) { AddToSum('i', absl::StrCat(value)); }

int64_t Statement::Sum() const { return static_cast<int64_t>(model::Xxh3(summed_).low); }

Statement& Statement::Text(absl::string_view value) {
  AddToSum('t', value);
  Note(sqlite3_bind_text64(statement_.get(), ++next_, value.data() == nullptr ? "" : value.data(),
                           value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::Integer(int64_t value) {
  AddToSum(value);
  Note(sqlite3_bind_int64(statement_.get(), ++next_, value));
  return *this;
}

Statement& Statement::Null() {
  AddToSum('n', "");
  Note(sqlite3_bind_null(statement_.get(), ++next_));
  return *this;
}

Statement& Statement::BindSum() {
  Note(sqlite3_bind_int64(statement_.get(), ++next_, Sum()));
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  if (bind_code_ != SQLITE_OK) return db_->Error(bind_code_);
  errno = 0;
  const int code = sqlite3_step(statement_.get());
  next_ = 0;
  summed_.clear();
  if (code == SQLITE_ROW) return true;
  absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : db_->Error(code);
  sqlite3_reset(statement_.get());  // ends what it reads
  if (!status.ok()) return status;
  return false;
}

absl::Status Statement::Run() {
  DCP_ASSIGN_OR_RETURN(const bool row, Step());
  if (row) sqlite3_reset(statement_.get());
  return absl::OkStatus();
}

bool Statement::IsNull() const {
  return sqlite3_column_type(statement_.get(), next_) == SQLITE_NULL;
}

std::string Statement::ReadText() {
  const bool null = IsNull();
  const unsigned char* text = sqlite3_column_text(statement_.get(), next_);
  const int size = sqlite3_column_bytes(statement_.get(), next_);
  ++next_;
  std::string value;
  if (text != nullptr) {
    value.assign(reinterpret_cast<const char*>(text), static_cast<size_t>(size));
  }
  null ? AddToSum('n', "") : AddToSum('t', value);
  return value;
}

int64_t Statement::ReadInteger() {
  const bool null = IsNull();
  const int64_t value = sqlite3_column_int64(statement_.get(), next_++);
  null ? AddToSum('n', "") : AddToSum(value);
  return value;
}

bool Statement::SumMatches() { return sqlite3_column_int64(statement_.get(), next_++) == Sum(); }

absl::StatusOr<Transaction> Transaction::Begin(Database& db) {
  DCP_RETURN_IF_ERROR(db.Execute("BEGIN IMMEDIATE"));
  return Transaction(&db);
}

absl::Status Transaction::Commit() {
  DCP_RETURN_IF_ERROR(db_->Execute("COMMIT"));
  db_ = nullptr;
  return absl::OkStatus();
}

// Some errors end the transaction by themselves.
Transaction::~Transaction() {
  if (db_ == nullptr || sqlite3_get_autocommit(db_->db_) != 0) return;
  sqlite3_exec(db_->db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace dcp::state
