#include "tests/alarm/receiver.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/support/eventually.h"

namespace dcp::alarm {

std::string ReadWhole(const std::string& path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Receiver::Receiver(const std::string& dir, std::vector<std::string> arguments, int port)
    : log_(dir + "/taken") {
  const std::string said = dir + "/receiver.out";
  std::filesystem::remove(said);
  std::vector<std::string> command = {"/usr/bin/python3",
                                      DCP_SOURCE_DIR "/tests/alarm/webhook_receiver.py", log_,
                                      "--port", absl::StrCat(port)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto process = test::Process::Start(command, said);
  EXPECT_TRUE(process.ok()) << process.status();
  if (process.ok()) process_.emplace(*std::move(process));
  EXPECT_TRUE(test::Eventually([&] {
    const std::string text = ReadWhole(said);
    return !text.empty() && text.back() == '\n' && absl::SimpleAtoi(text, &port_);
  })) << ReadWhole(said);
}

std::string Receiver::Url(const std::string& scheme, const std::string& host) const {
  return absl::StrCat(scheme, "://", host, ":", port_, "/hook");
}

std::vector<nlohmann::json> Receiver::Taken() const {
  std::vector<nlohmann::json> taken;
  for (absl::string_view line : absl::StrSplit(ReadWhole(log_), '\n', absl::SkipEmpty())) {
    auto parsed = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
    if (!parsed.is_discarded()) taken.push_back(std::move(parsed));
  }
  return taken;
}

std::set<std::string> Receiver::Modes() const {
  const std::string text = ReadWhole(log_ + ".modes");
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

HeldPort::HeldPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;  // the receiver says so too, then both may have it
  EXPECT_EQ(setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
}

HeldPort::~HeldPort() { close(fd_); }

Alertmanager::Alertmanager(std::string dir) : dir_(std::move(dir)) {
  std::ofstream(dir_ + "/config.yml") << "route: {receiver: none}\n"
                                         "receivers: [{name: none}]\n";
}

void Alertmanager::Start() {
  Stop();
  auto process = test::Process::Start(
      {"/usr/bin/prometheus-alertmanager", absl::StrCat("--config.file=", dir_, "/config.yml"),
       absl::StrCat("--storage.path=", dir_, "/data"),
       absl::StrCat("--web.listen-address=127.0.0.1:", port_.port()), "--cluster.listen-address="},
      dir_ + "/server.out");
  ASSERT_TRUE(process.ok()) << process.status();
  process_.emplace(*std::move(process));
  ASSERT_TRUE(test::Eventually([&] { return Alerts().is_array(); }))
      << ReadWhole(dir_ + "/server.out");
}

std::string Alertmanager::Url() const {
  return absl::StrCat("http://127.0.0.1:", port_.port(), "/");
}

nlohmann::json Alertmanager::Alerts() const {
  const std::string out = dir_ + "/alerts.json";
  std::filesystem::remove(out);
  auto asked = test::Process::Start(
      {"/usr/bin/python3", "-c",
       "import sys,urllib.request;print(urllib.request.urlopen(sys.argv[1],timeout=5)"
       ".read().decode())",
       Url() + "api/v2/alerts"},
      out);
  if (!asked.ok() || !test::Eventually([&] { return !asked->running(); })) return nullptr;
  return nlohmann::json::parse(ReadWhole(out), nullptr, false);
}

std::set<std::string> Alertmanager::Firing(const std::vector<std::string>& labels) const {
  const nlohmann::json alerts = Alerts();
  if (!alerts.is_array()) return {"?"};
  std::set<std::string> firing;
  for (const nlohmann::json& alert : alerts) {
    std::vector<std::string> words;
    for (const std::string& label : labels) words.push_back(alert["labels"].value(label, "-"));
    firing.insert(absl::StrJoin(words, " "));
  }
  return firing;
}

int FreePort() { return HeldPort().port(); }

}  // namespace dcp::alarm
