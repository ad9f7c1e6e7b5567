#include "mysql/file_survey.h"

#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mysql/file_binlog_reader.h"

namespace dcp::mysql {
namespace {

using Kind = BinlogEvent::Kind;

// Who writes under which uuid. A server's own is one that its own id alone writes: a
// transaction that was put in by hand has the id of this server and the uuid of another.
class Writers {
 public:
  void Add(const model::Uuid& uuid, bool by_this_server) {
    (by_this_server ? own_ : others_).insert(uuid);
  }
  model::Uuid Own() const {
    std::set<model::Uuid> own = own_;
    for (const model::Uuid& uuid : others_) own.erase(uuid);
    return own.size() == 1 ? *own.begin() : model::Uuid{};
  }

 private:
  std::set<model::Uuid> own_, others_;
};

class Surveyor {
 public:
  Surveyor(const FileBinlogReader& reader, model::BinlogPosition start)
      : reader_(reader), start_(std::move(start)), before_start_(!start_.file.empty()) {}

  void Add(const BinlogEvent& event) {
    if (before_start_ && event.start.file == start_.file && event.start.offset >= start_.offset) {
      before_start_ = false;
    }
    if (event.kind == Kind::kPreviousGtids || event.kind == Kind::kGap) OnPrevious(event.gtids);
    if (event.kind == Kind::kGroupStart && !event.gtid.empty()) OnGroup(event);
  }

  FileSurvey Finish() {
    survey_.server_id = server_id_;
    survey_.mariadb = mariadb_;
    survey_.server_uuid = writers_.Own();
    return survey_;
  }

  void BeginFile() {
    if (server_id_ != 0) return;
    server_id_ = reader_.server_id();
    mariadb_ = reader_.mariadb();
  }

 private:
  void OnPrevious(const model::GtidSet& gtids) {
    survey_.has_gtids = survey_.has_gtids || !gtids.empty();
    if (!first_ && !before_start_) return;
    survey_.executed.Add(gtids);
    first_ = false;
  }

  void OnGroup(const BinlogEvent& event) {
    survey_.has_gtids = true;
    first_ = false;
    if (before_start_) survey_.executed.Add(event.gtid);
    if (!event.gtid.source.mariadb()) {
      writers_.Add(event.gtid.source.uuid, event.server_id == reader_.server_id());
    }
  }

  const FileBinlogReader& reader_;
  const model::BinlogPosition start_;
  bool before_start_;
  bool first_ = true;  // of the first file nothing but its head was seen
  uint32_t server_id_ = 0;
  bool mariadb_ = false;
  Writers writers_;
  FileSurvey survey_;
};

}  // namespace

absl::StatusOr<size_t> FindFile(const std::vector<std::string>& files, const std::string& name) {
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i].substr(files[i].rfind('/') + 1) == name) return i;
  }
  return absl::InvalidArgumentError(absl::StrCat(name, " is none of the files given"));
}

absl::StatusOr<FileSurvey> SurveyFiles(const std::vector<std::string>& files,
                                       const model::BinlogPosition& start) {
  if (!start.file.empty()) DCP_RETURN_IF_ERROR(FindFile(files, start.file).status());
  FileBinlogReader::Options options;
  options.files = files;
  options.wants = [](absl::string_view, absl::string_view) { return false; };
  options.pass_damage = true;
  options.refuse_relay_logs = true;
  DCP_ASSIGN_OR_RETURN(const auto reader, FileBinlogReader::Open(std::move(options)));
  Surveyor surveyor(*reader, start);
  while (true) {
    const auto event = reader->Next(absl::ZeroDuration());
    if (!event.ok()) return surveyor.Finish();
    surveyor.BeginFile();
    surveyor.Add(**event);
  }
}

}  // namespace dcp::mysql
