#include "cmd/dcp/check_config.h"

#include <csignal>
#include <iostream>
#include <optional>

#include "base/clock.h"
#include "base/status.h"
#include "cmd/dcp/binlog_opener.h"
#include "cmd/dcp/convert.h"
#include "cmd/dcp/exit_code.h"
#include "cmd/dcp/load_config.h"
#include "cmd/dcp/sinks.h"

namespace dcp::cmd {
namespace {

constexpr absl::Duration kFirstEvent = absl::Seconds(2);

// The server answers a request for its binlog with the first event, or an error.
absl::Status TryStart(const config::MysqlCollectorOptions& collector) {
  BinlogServers servers = ToBinlogServers(collector);
  servers.wants = [](absl::string_view, absl::string_view) { return false; };
  const collector::BinlogOpener open = MakeBinlogOpener(std::move(servers));
  auto stream = open(ToStartPoint(collector.start));
  DCP_RETURN_IF_ERROR(stream.status());
  const absl::Status first = stream->reader->Next(kFirstEvent).status();
  return absl::IsDeadlineExceeded(first) ? absl::OkStatus() : first;
}

// A place that was asked for by name has to be there: what lies between it and the
// present would be passed over.
bool StartsExist(const config::Config& config, std::ostream& messages) {
  bool exist = true;
  for (const config::MysqlCollectorOptions& collector : config.mysql_collectors) {
    if (!collector.files.empty()) continue;  // the inspection looked
    const bool named = collector.start.kind == config::StartPoint::Kind::kGtid ||
                       collector.start.kind == config::StartPoint::Kind::kPosition;
    if (!named) continue;
    const absl::Status status = TryStart(collector);
    if (status.ok()) continue;
    messages << "dcp: error: collector '" << collector.name
             << "': the server cannot begin at 'start': " << status.message() << "\n";
    exist = false;
  }
  return exist;
}

}  // namespace

int CheckConfig(const CheckConfigCommand& command) {
  const std::optional<config::Config> config = LoadConfig(command.config, std::cerr);
  if (!config) return kExitConfig;
  const Inspection inspection = Inspect(*config);
  if (command.json) {
    std::cout << InspectionJson(inspection) << std::endl;
  } else {
    PrintInspection(inspection, std::cout);
    std::cout.flush();
    PrintFaults(inspection, std::cerr);
  }
  if (inspection.exit_status() != kExitOk) return inspection.exit_status();
  if (!StartsExist(*config, std::cerr)) return kExitConfig;
  if (!command.send_test_alarm) return kExitOk;
  signal(SIGPIPE, SIG_IGN);  // a command need not read its alarm
  return SendTestAlarms(*config, Clock::Real(), command.json ? std::cerr : std::cout) ? kExitOk
                                                                                      : kExitConfig;
}

std::optional<Inspection> InspectServers(const config::Config& config, std::ostream& messages) {
  Inspection inspection = Inspect(config, Scope::kServers);
  PrintFaults(inspection, messages);
  if (inspection.exit_status() != kExitOk || !StartsExist(config, messages)) return std::nullopt;
  return inspection;
}

}  // namespace dcp::cmd
