// A thin layer over SQLite: a connection, prepared statements, a transaction. Errors
// are told with the database's path and what to do, in codes that say what the caller
// can do:
//   kDataLoss            it is damaged, or no database at all
//   kResourceExhausted   no room; the same call succeeds once there is
//   kFailedPrecondition  it cannot be written (read-only, rights)
//   kUnavailable         another program holds it, or the disk fails; try again
//   kInternal            a mistake in this program
//
// Thread-compatible.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dcp::state {

class Statement;

class Database {
 public:
  enum class Mode { kExisting, kCreate, kReadOnly };

  // Writable, but for kReadOnly, or kFailedPrecondition. `vfs`: what SQLite reaches files by;
  // empty: as ever.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, Mode mode,
                                                        const std::string& vfs = "");
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::string& path() const { return path_; }

  // Several statements, without arguments and results.
  absl::Status Execute(const char* sql);

  // Of one statement. It must not outlive the database.
  absl::StatusOr<Statement> Prepare(absl::string_view sql);

  // Of a statement or pragma with one row; its first column.
  absl::StatusOr<int64_t> ReadInteger(absl::string_view sql);

  int64_t last_insert_rowid() const { return sqlite3_last_insert_rowid(db_); }
  int64_t changes() const { return sqlite3_changes64(db_); }

  // What the last call that gave `code` failed with.
  absl::Status Error(int code) const;

 private:
  friend class Transaction;
  Database(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}

  sqlite3* const db_;
  const std::string path_;
};

// kDataLoss, with what to do.
absl::Status DamagedError(const Database& db, absl::string_view what);

// Arguments are bound, and columns are read, in their order; each use begins with
// Bind(). So each also enters a sum, by which a row tells that it is read as it was
// written: see BindSum() and SumMatches().
class Statement {
 public:
  Statement() = default;
  Statement(Statement&&) = default;
  Statement& operator=(Statement&&) = default;

  // Begins a new use.
  Statement& Bind();
  Statement& Text(absl::string_view value);
  Statement& Integer(int64_t value);
  // All 64 bits are kept; from 2^63 on it reads as negative in SQL.
  Statement& Unsigned(uint64_t value) { return Integer(static_cast<int64_t>(value)); }
  Statement& Null();
  // The sum of what was bound before it.
  Statement& BindSum();

  // True: there is a row, whose columns can be read.
  absl::StatusOr<bool> Step();
  // For statements without rows.
  absl::Status Run();

  bool IsNull() const;  // the next column; not passed over
  std::string ReadText();
  int64_t ReadInteger();
  uint64_t ReadUnsigned() { return static_cast<uint64_t>(ReadInteger()); }
  void Skip() { ++next_; }
  // The next column is the sum of those read before it in this row.
  bool SumMatches();

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  Statement(Database* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  void AddToSum(char type, absl::string_view bytes);
  void AddToSum(int64_t value);
  void Note(int code);  // of a bind
  int64_t Sum() const;

  Database* db_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_ = 0;  // argument bound, or column read
  int bind_code_ = SQLITE_OK;
  std::string summed_;
};

// Takes back what was not committed.
class Transaction {
 public:
  // Takes the right to write at once.
  static absl::StatusOr<Transaction> Begin(Database& db);
  Transaction(Transaction&& other) noexcept : db_(other.db_) { other.db_ = nullptr; }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // An error: nothing of it is stored.
  absl::Status Commit();

 private:
  explicit Transaction(Database* db) : db_(db) {}

  Database* db_;
};

}  // namespace dcp::state
