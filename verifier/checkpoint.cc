#include "verifier/checkpoint.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/file_io.h"
#include "base/status.h"

namespace dcp::verifier {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;

std::string LineOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::Status FileError(const std::string& path, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat("checkpoint ", path, ": ", what));
}

Json ToJson(const TableResult& result) {
  return {{"rows", result.rows},
          {"chunks", result.chunks},
          {"different", result.different},
          {"undecided", result.undecided},
          {"seconds", absl::ToDoubleSeconds(result.elapsed)},
          {"skipped", result.skipped},
          {"schema", result.schema_differences},
          {"all_columns", result.all_columns},
          {"reasons", result.reasons},
          {"incomplete", result.incomplete}};
}

TableResult ToResult(const std::string& table, const Json& json) {
  TableResult result;
  result.table = table;
  result.rows = json.at("rows").get<uint64_t>();
  result.chunks = json.at("chunks").get<uint64_t>();
  result.different = json.at("different").get<uint64_t>();
  result.undecided = json.at("undecided").get<uint64_t>();
  result.elapsed = absl::Seconds(json.at("seconds").get<double>());
  result.skipped = json.at("skipped").get<std::string>();
  result.schema_differences = json.at("schema").get<std::vector<std::string>>();
  // A file of an earlier version knows of columns only.
  result.all_columns = json.value("all_columns", result.schema_differences.empty());
  result.reasons = json.at("reasons").get<std::vector<std::string>>();
  result.incomplete = json.at("incomplete").get<std::string>();
  return result;
}

Json ToJson(const std::vector<SuspectPool::Entry>& suspects) {
  Json list = Json::array();
  for (const SuspectPool::Entry& entry : suspects) {
    list.push_back({absl::BytesToHexString(entry.key), model::ToHex(entry.digest), entry.rows});
  }
  return list;
}

std::vector<SuspectPool::Entry> ToSuspects(const Json& list) {
  std::vector<SuspectPool::Entry> suspects;
  for (const Json& json : list) {
    suspects.push_back({absl::HexStringToBytes(json.at(0).get<std::string>()),
                        model::FromHex(json.at(1).get<std::string>()).value(),
                        json.at(2).get<int64_t>()});
  }
  return suspects;
}

Json ToJson(const Difference& difference) {
  return {{"key", difference.key},
          {"kind", static_cast<int>(difference.kind)},
          {"columns", difference.columns},
          {"source", difference.source},
          {"target", difference.target}};
}

Difference ToDifference(const std::string& table, const Json& json) {
  Difference difference;
  difference.table = table;
  difference.key = json.at("key").get<std::string>();
  difference.kind = static_cast<Difference::Kind>(json.at("kind").get<int>());
  difference.columns = json.at("columns").get<std::vector<std::string>>();
  difference.source = json.at("source").get<std::string>();
  difference.target = json.at("target").get<std::string>();
  return difference;
}

// Reads the lines behind the first.
class Loader {
 public:
  // False: no line of ours. Throws what nlohmann::json does.
  void Take(const Json& line) {
    const std::string table = line.at("table").get<std::string>();
    if (line.contains("begin")) {
      Pending& pending = pending_[table];
      pending = {};
      if (!tables_.contains(table)) tables_[table].schema = line.at("begin").get<std::string>();
    } else if (line.contains("difference")) {
      Pending& pending = pending_[table];
      pending.differences.push_back(ToDifference(table, line.at("difference")));
      pending.reported.push_back(model::FromHex(line.at("id").get<std::string>()).value());
    } else {
      TableProgress& progress = tables_[table];
      if (line.contains("chunk")) {
        progress.after = absl::HexStringToBytes(line.at("chunk").get<std::string>());
        progress.suspects = ToSuspects(line.at("suspects"));
      }
      progress.done = line.contains("done");
      progress.result = ToResult(table, line.at("result"));
      Keep(&pending_[table], &progress);
    }
  }

  std::map<std::string, TableProgress> Tables() { return std::move(tables_); }

 private:
  // Found since the last finished chunk.
  struct Pending {
    std::vector<Difference> differences;
    std::vector<model::Digest> reported;
  };

  static void Keep(Pending* pending, TableProgress* progress) {
    for (Difference& difference : pending->differences) {
      progress->differences.push_back(std::move(difference));
    }
    progress->reported.insert(progress->reported.end(), pending->reported.begin(),
                              pending->reported.end());
    *pending = {};
  }

  std::map<std::string, Pending> pending_;
  std::map<std::string, TableProgress> tables_;
};

absl::StatusOr<std::string> ReadAll(const OpenFile& file, const std::string& path) {
  const int64_t size = file.io().Size(file.fd());
  std::string text(size < 0 ? 0 : static_cast<size_t>(size), '\0');
  const ssize_t got = size < 0 ? -1 : ReadAllAt(file, text.data(), text.size(), 0);
  if (got < 0) return FileError(path, absl::StrCat("cannot be read: ", std::strerror(errno)));
  text.resize(static_cast<size_t>(got));
  return text;
}

void AppendSchema(const mysql::TableSchema& schema, std::string* text) {
  absl::StrAppend(text, absl::CEscape(schema.database), ".", absl::CEscape(schema.name), "(");
  for (const mysql::Column& column : schema.columns) {
    absl::StrAppend(text, absl::CEscape(column.name), " ", static_cast<int>(column.type), " ",
                    column.meta, " ", static_cast<int>(column.form), " ", column.nullable,
                    column.is_unsigned, column.invisible, column.generated, " ", column.collation);
    for (const std::string& label : column.labels) {
      absl::StrAppend(text, " ", absl::CEscape(label), ",");
    }
    text->push_back(';');
  }
  absl::StrAppend(text, ")", static_cast<int>(schema.key_kind));
  for (const uint32_t i : schema.key_columns) absl::StrAppend(text, " ", i);
  text->push_back('\n');
}

}  // namespace

std::string FingerprintOf(const TableComparison& comparison) {
  std::string text;
  for (const auto* side : {&comparison.source_schemas, &comparison.target_schemas}) {
    for (const mysql::TableSchema& schema : *side) AppendSchema(schema, &text);
    text.push_back('\n');
  }
  return model::ToHex(model::Xxh3(text));
}

absl::StatusOr<std::unique_ptr<Checkpoint>> Checkpoint::Open(const std::string& path,
                                                             const std::string& job) {
  OpenFile file(FileIo::Real(), path, O_RDWR | O_CREAT | O_APPEND);
  if (!file.open())
    return FileError(path, absl::StrCat("cannot be opened: ", std::strerror(errno)));
  std::unique_ptr<Checkpoint> checkpoint(new Checkpoint(path, std::move(file)));
  if (FileIo::Real().Lock(checkpoint->file_.fd()) != 0) {
    return FileError(path, "another run uses it");
  }
  DCP_RETURN_IF_ERROR(checkpoint->Load(job));
  return checkpoint;
}

absl::Status Checkpoint::Load(const std::string& job) {
  DCP_ASSIGN_OR_RETURN(std::string text, ReadAll(file_, path_));
  // A torn last line is cut off, so that the next one stands alone.
  const size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  if (whole < text.size() && file_.io().Truncate(file_.fd(), whole) != 0) {
    return FileError(path_, "cannot be shortened");
  }
  text.resize(whole);
  if (text.empty()) {
    Write(LineOf({{"dcp_verify", kVersion}, {"job", job}}), /*sync=*/true);
    return error();
  }
  Loader loader;
  size_t number = 0;
  try {
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      ++number;
      const Json json = Json::parse(line.begin(), line.end());
      if (number > 1) {
        loader.Take(json);
      } else if (json.at("dcp_verify").get<int>() != kVersion) {
        return FileError(path_, "it is of another version of dcp: remove it to begin anew");
      } else if (json.at("job").get<std::string>() != job) {
        return FileError(path_,
                         absl::StrCat("the job is another one than when it was begun, then: ",
                                      json.at("job").get<std::string>(), "; now: ", job,
                                      ": remove it to begin anew"));
      }
    }
  } catch (const std::exception&) {
    return FileError(
        path_, absl::StrCat("line ", number, " is none of a checkpoint: remove it to begin anew"));
  }
  tables_ = loader.Tables();
  return absl::OkStatus();
}

const TableProgress* Checkpoint::Find(const std::string& table) const {
  const auto found = tables_.find(table);
  return found == tables_.end() ? nullptr : &found->second;
}

void Checkpoint::Begin(const std::string& table, const std::string& schema) {
  Write(LineOf({{"table", table}, {"begin", schema}}), /*sync=*/false);
}

void Checkpoint::Add(const Difference& difference, const model::Digest& key) {
  Write(LineOf({{"table", difference.table},
                {"difference", ToJson(difference)},
                {"id", model::ToHex(key)}}),
        /*sync=*/false);
}

void Checkpoint::Chunk(const std::string& after, const std::vector<SuspectPool::Entry>& suspects,
                       const TableResult& result) {
  Write(LineOf({{"table", result.table},
                {"chunk", absl::BytesToHexString(after)},
                {"suspects", ToJson(suspects)},
                {"result", ToJson(result)}}),
        /*sync=*/true);
}

void Checkpoint::Done(const TableResult& result) {
  Write(LineOf({{"table", result.table}, {"done", true}, {"result", ToJson(result)}}),
        /*sync=*/true);
}

absl::Status Checkpoint::error() const {
  const MutexLock lock(mu_);
  return error_;
}

void Checkpoint::Write(const std::string& line, bool sync) {
  const MutexLock lock(mu_);
  if (!error_.ok()) return;
  if (WriteAll(file_, line) != 0) {
    error_ = FileError(path_, absl::StrCat("cannot be written: ", std::strerror(errno)));
  } else if (sync && file_.io().Sync(file_.fd()) != 0) {
    error_ = FileError(path_, absl::StrCat("cannot be synced: ", std::strerror(errno)));
  }
}

absl::Status Checkpoint::Remove() {
  if (file_.io().Remove(path_) == 0) return absl::OkStatus();
  return FileError(path_, absl::StrCat("cannot be removed: ", std::strerror(errno)));
}

}  // namespace dcp::verifier
