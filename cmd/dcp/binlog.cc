#include "cmd/dcp/binlog.h"

#include <algorithm>
#include <csignal>
#include <memory>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "cmd/dcp/binlog_filter.h"
#include "cmd/dcp/binlog_output.h"
#include "cmd/dcp/binlog_printer.h"
#include "cmd/dcp/binlog_writer.h"
#include "mysql/file_binlog_reader.h"
#include "mysql/gtid_codec.h"
#include "mysql/server_binlog_reader.h"

namespace dcp::cmd {
namespace {

using ReaderOrStatus = absl::StatusOr<std::unique_ptr<mysql::BinlogReader>>;

// A closed pipe is an error of write(), not the end of the process.
class IgnoreSigpipe {
 public:
  IgnoreSigpipe() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, &before_);
  }
  ~IgnoreSigpipe() { sigaction(SIGPIPE, &before_, nullptr); }
  IgnoreSigpipe(const IgnoreSigpipe&) = delete;
  IgnoreSigpipe& operator=(const IgnoreSigpipe&) = delete;

 private:
  struct sigaction before_ = {};
};

absl::Status CheckArgs(const BinlogArgs& args) {
  if (args.server.has_value() == !args.files.empty()) {
    return absl::InvalidArgumentError("give a server (--host, --port) or binlog files, not both");
  }
  if (args.from_gtid.has_value() && args.from_position.has_value()) {
    return absl::InvalidArgumentError("--from-gtid and --from-file exclude each other");
  }
  if (args.server.has_value() && args.from_position.has_value() &&
      args.from_position->file.empty()) {
    return absl::InvalidArgumentError("--from-pos needs --from-file to say of which binlog");
  }
  return absl::OkStatus();
}

uint32_t ServerId(const BinlogArgs& args) {
  if (args.server_id != 0) return args.server_id;
  // The upper half, where people seldom choose.
  constexpr uint32_t kFirst = 0x80000000, kLast = 0xfffffffe;
  std::random_device random;
  return std::uniform_int_distribution<uint32_t>(kFirst, kLast)(random);
}

ReaderOrStatus OpenServer(const BinlogArgs& args, mysql::TableFilter wants) {
  mysql::BinlogStart start = model::BinlogPosition();
  if (args.from_gtid.has_value()) start = *args.from_gtid;
  if (args.from_position.has_value()) start = *args.from_position;
  mysql::ServerBinlogReader::Options options;
  options.connection = *args.server;
  options.server_id = ServerId(args);
  options.start = std::move(start);
  options.until_now = args.until_now;
  options.wants = std::move(wants);
  return mysql::ServerBinlogReader::Open(options);
}

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

ReaderOrStatus OpenFiles(const BinlogArgs& args, mysql::TableFilter wants) {
  mysql::FileBinlogReader::Options options;
  options.files = args.files;
  options.wants = std::move(wants);
  if (args.from_position.has_value()) {
    const std::string& name = args.from_position->file;
    const auto first = std::find_if(
        options.files.begin(), options.files.end(),
        [&](const std::string& path) { return name.empty() || BaseName(path) == BaseName(name); });
    if (first == options.files.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--from-file ", name, " is none of the files given"));
    }
    options.files.erase(options.files.begin(), first);
    options.start_offset = args.from_position->offset;
  }
  return mysql::FileBinlogReader::Open(std::move(options));
}

std::unique_ptr<BinlogWriter> MakeWriter(BinlogArgs::Format format, std::string* out,
                                         std::ostream& err) {
  switch (format) {
    case BinlogArgs::Format::kJsonl:
      return MakeJsonlWriter(out);
    case BinlogArgs::Format::kSummary:
      return MakeSummaryWriter(out);
    case BinlogArgs::Format::kDigest:
      return MakeDigestWriter(out, err);
  }
  return nullptr;
}

// A lost connection's error, with the way to go on.
absl::Status WithResume(const absl::Status& status, const model::BinlogPosition& resume) {
  if (resume.file.empty()) return status;
  return absl::Status(
      status.code(), absl::StrCat(status.message(), "; all before ", resume.file, ":",
                                  resume.offset, " was given: go on with --from-file ", resume.file,
                                  " --from-pos ", resume.offset));
}

ReaderOrStatus Open(const BinlogArgs& args) {
  DCP_RETURN_IF_ERROR(CheckArgs(args));
  DCP_ASSIGN_OR_RETURN(mysql::TableFilter wants, MakeTableFilter(args.tables));
  return args.server.has_value() ? OpenServer(args, std::move(wants))
                                 : OpenFiles(args, std::move(wants));
}

}  // namespace

BinlogResult RunBinlog(const BinlogArgs& args, int out, std::ostream& err,
                       const std::atomic<bool>& stop) {
  const ReaderOrStatus reader = Open(args);
  if (!reader.ok()) return {.started = false, .status = reader.status()};
  const bool from_server = args.server.has_value();
  const IgnoreSigpipe ignore_sigpipe;
  BinlogOutput output(out, stop);
  const auto writer = MakeWriter(args.format, &output.buffer(), err);
  // A server passes over them itself.
  const bool skips = !from_server && args.from_gtid.has_value();
  BinlogPrinter printer(
      {.reader = **reader, .writer = *writer, .output = output, .err = err, .stop = stop},
      {.skip = skips ? *args.from_gtid : model::GtidSet(),
       .skip_behind = skips ? mysql::PositionBehind(*args.from_gtid) : model::GtidPosition(),
       .endless = from_server && !args.until_now});
  absl::Status status = printer.Run();
  if (from_server && absl::IsUnavailable(status)) status = WithResume(status, printer.resume());
  return {.started = true, .status = std::move(status)};
}

}  // namespace dcp::cmd
