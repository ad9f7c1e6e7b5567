// Programs that alarms are sent to: a webhook receiver of Python's standard
// library and Debian's Alertmanager, each on a free port of 127.0.0.1.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/servers/process.h"
#include "tests/support/test_dir.h"

namespace dcp::alarm {

// tests/alarm/webhook_receiver.py
class Receiver {
 public:
  // What it is started with; `port` 0: any. Appends to `dir`/taken.
  Receiver(const std::string& dir, std::vector<std::string> arguments, int port = 0);

  int port() const { return port_; }
  std::string Url(const std::string& scheme = "http", const std::string& host = "127.0.0.1") const;

  // What it has taken so far, oldest first.
  std::vector<nlohmann::json> Taken() const;
  // In which ways requests were treated badly so far.
  std::set<std::string> Modes() const;

 private:
  const std::string log_;
  int port_ = 0;
  std::optional<test::Process> process_;
};

// A port that stays free for who is told of it: connections are refused while nobody listens.
class HeldPort {
 public:
  HeldPort();
  ~HeldPort();
  HeldPort(const HeldPort&) = delete;
  HeldPort& operator=(const HeldPort&) = delete;
  int port() const { return port_; }

 private:
  int fd_ = -1;
  int port_ = 0;
};

// prometheus-alertmanager, which forgets what fires when it ends. Its files are in `dir`.
class Alertmanager {
 public:
  explicit Alertmanager(std::string dir);

  // Ends the one that runs, if any does, and runs another one at the same port.
  void Start();
  void Stop() { process_.reset(); }

  std::string Url() const;
  // What /api/v2/alerts says: what fires. Null when it cannot be asked.
  nlohmann::json Alerts() const;
  // The labels of each, one after the other; "-" for one that it has not. {"?"} when it cannot be
  // asked.
  std::set<std::string> Firing(const std::vector<std::string>& labels) const;

 private:
  const std::string dir_;
  HeldPort port_;
  std::optional<test::Process> process_;
};

// A port that nobody listens on now.
int FreePort();

std::string ReadWhole(const std::string& path);

}  // namespace dcp::alarm
