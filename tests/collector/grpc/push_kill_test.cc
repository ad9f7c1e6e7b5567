// Either end of Push is killed, again and again: every message is in the log once, in order.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "tests/collector/grpc/durable_fixture.h"

namespace dcp::collector {
namespace {

constexpr int kMessages = 30000;

// A child process that dies with this.
class Child {
 public:
  // `input`: a file for its standard input, or empty. Its standard output is read by us.
  Child(std::vector<std::string> command, const std::string& input) {
    int pipe[2];
    EXPECT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    const int in = ::open(input.empty() ? "/dev/null" : input.c_str(), O_RDONLY | O_CLOEXEC);
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in, 0);
      ::dup2(pipe[1], 1);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(in);
    ::close(pipe[1]);
    out_ = OpenFile(FileIo::Real(), pipe[0]);
  }
  ~Child() { Kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Waits for a byte of its output; false when it ends before.
  bool WaitReady() {
    char byte = 0;
    return ::read(out_.fd(), &byte, 1) == 1;
  }
  void Kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    Wait();
  }
  // Its exit status; -1 when it was killed.
  int Wait() {
    if (pid_ <= 0) return status_;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return status_;
  }

 private:
  pid_t pid_ = -1;
  int status_ = -1;
  OpenFile out_;
};

// A port that is free at present.
int FreePort() {
  FakeSink sink;
  GrpcCollectorOptions options;
  options.listen = "127.0.0.1:0";
  options.tags = {model::Tag("x")};
  auto collector = GrpcCollector::Create(options, sink);
  EXPECT_OK(collector);
  EXPECT_OK((*collector)->Start());
  const int port = (*collector)->port();
  EXPECT_OK((*collector)->Stop(absl::Seconds(5)));
  return port;
}

class PushKillTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir_.path());
    std::ofstream out(input_);
    for (int i = 1; i <= kMessages; ++i) {
      out << "{\"id\":\"" << i << "\",\"key\":\"k\",\"content\":\""
          << std::string(static_cast<size_t>(i % 50), 'x') << "\"}\n";
    }
  }
  std::unique_ptr<Child> StartServer() {
    auto server = std::make_unique<Child>(
        std::vector<std::string>{DCP_PUSH_PEER, "serve", dir_.path(), absl::StrCat(port_)}, "");
    EXPECT_TRUE(server->WaitReady());
    return server;
  }
  std::unique_ptr<Child> StartClient() {
    const std::string target = absl::StrCat("127.0.0.1:", port_);
    std::vector<std::string> command = {DCP_PUSH_PEER, "push", target, "src", "s"};
    if (GetParam()) {
      command = {"/usr/bin/python3",
                 DCP_SOURCE_DIR "/docs/clients/dcp_push.py",
                 "--target",
                 target,
                 "--tag",
                 "src",
                 "--session",
                 "s",
                 "--patience",
                 "60"};
    }
    return std::make_unique<Child>(std::move(command), input_);
  }
  uint64_t Stored() {
    uint64_t bytes = 0;
    std::error_code ignored;
    for (const auto& file : std::filesystem::directory_iterator(dir_.path() + "/src", ignored)) {
      bytes += file.file_size(ignored);
    }
    return bytes;
  }
  // Lets so many more bytes be stored, unless all are (a fast client sends much at once).
  void Progress(uint64_t bytes) {
    const uint64_t from = Stored();
    const absl::Duration end = Clock::Real().Monotonic() + absl::Seconds(3);
    EXPECT_TRUE(test::Eventually(
        [&] { return Stored() >= from + bytes || Clock::Real().Monotonic() >= end; }));
  }
  void ExpectEachOnce() {
    ASSERT_OK_AND_ASSIGN(const auto log, IntakeLog::Open({.directory = dir_.path() + "/src"}));
    IntakeReader reader(*log, 1);
    int expected = 0;
    for (auto block = reader.Next(); block.ok() && block->has_value(); block = reader.Next()) {
      ASSERT_EQ((*block)->lost, 0u);
      for (const IntakeEntry& entry : (*block)->body.entries) {
        Message message;
        ASSERT_TRUE(
            message.ParseFromArray(entry.bytes.data(), static_cast<int>(entry.bytes.size())));
        ASSERT_EQ(message.id(), absl::StrCat(++expected));
      }
    }
    EXPECT_EQ(expected, kMessages);
  }

  IntakeDirectory dir_;
  std::string input_ = dir_.path() + "/input.jsonl";
  const int port_ = FreePort();
  std::mt19937 random_{4711};
};

INSTANTIATE_TEST_SUITE_P(, PushKillTest, ::testing::Bool(),
                         [](const auto& c) { return c.param ? "python" : "cpp"; });

TEST_P(PushKillTest, TheServerIsKilled) {
  auto server = StartServer();
  const auto client = StartClient();
  for (int i = 0; i < 4; ++i) {
    Progress(1 + random_() % 150'000);
    server = nullptr;
    server = StartServer();
  }
  EXPECT_EQ(client->Wait(), 0);
  server = nullptr;
  ExpectEachOnce();
}

TEST_P(PushKillTest, TheClientIsKilled) {
  auto server = StartServer();
  for (int i = 0; i < 4; ++i) {
    const auto client = StartClient();
    Progress(1 + random_() % 150'000);
  }
  EXPECT_EQ(StartClient()->Wait(), 0);
  server = nullptr;
  ExpectEachOnce();
}

}  // namespace
}  // namespace dcp::collector
