// A process to be killed: a server with durable tags, or a client of Push.
//
//   push_peer serve DIRECTORY PORT
//   push_peer push HOST:PORT TAG SESSION   JSON lines on standard input
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "cmd/dcp/push_client.h"
#include "collector/grpc/grpc_collector.h"

namespace dcp::collector {
namespace {

// Takes all: what counts is what the log holds.
class Nowhere final : public model::ChangeSink {
 public:
  absl::Status Open(const model::Tag&, model::StreamOrigin) override { return absl::OkStatus(); }
  absl::Status Append(const model::Tag&, model::ChangeBatchPtr) override {
    return absl::OkStatus();
  }
};

int Serve(const std::string& directory, const std::string& port) {
  Nowhere sink;
  GrpcCollectorOptions options;
  options.listen = absl::StrCat("127.0.0.1:", port);
  options.tags = {model::Tag("src")};
  options.durable = true;
  options.intake_directory = directory;
  auto collector = GrpcCollector::Create(options, sink);
  if (!collector.ok() || !(*collector)->Start().ok()) return 1;
  std::cout << "ready" << std::endl;
  while (true) ::pause();
}

int Push(const std::string& target, const std::string& tag, const std::string& session) {
  cmd::PushOptions options;
  options.channel.target = target;
  options.tag = tag;
  options.session = session;
  options.connect_timeout = absl::Seconds(60);
  const cmd::PushResult result = cmd::Push(options, std::cin, std::cerr, Clock::Real());
  if (!result.status.ok()) std::cerr << result.status.ToString() << std::endl;
  return result.status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace dcp::collector

int main(int argc, char** argv) {
  if (argc == 4 && std::string(argv[1]) == "serve") {
    return dcp::collector::Serve(argv[2], argv[3]);
  }
  if (argc == 5 && std::string(argv[1]) == "push") {
    return dcp::collector::Push(argv[2], argv[3], argv[4]);
  }
  return 64;
}
