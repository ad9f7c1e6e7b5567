// A client in another language, written from gravity's message format alone,
// against the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string>

#include "tests/collector/grpc/collector_fixture.h"

namespace dcp::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PythonClientTest : public CollectorFixture {
 protected:
  // Runs the script with `lines` on standard input; `output_` gets what it prints.
  int Run(const std::string& lines, const std::string& target) {
    const std::string file = absl::StrCat(::testing::TempDir(), "/lines-", ::getpid(), ".jsonl");
    std::ofstream(file) << lines;
    const std::string command =
        absl::StrCat("/usr/bin/python3 " DCP_SOURCE_DIR
                     "/tests/clients/python/gravity_client.py --timeout 30 --target ",
                     target, " < '", file, "' 2>&1");
    FILE* pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> buffer{};
    while (const size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
      output_.append(buffer.data(), size);
    }
    const int status = ::pclose(pipe);
    std::remove(file.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string output_;
};

TEST_F(PythonClientTest, AClientOfGravitysFormatWorks) {
  EXPECT_EQ(Run(R"({"tag":"src","id":"1","barrier":7}
{"tag":"src","id":"2","key":"42","content":"INSERT [42,\"ü\"]","timestamp":1700000000}
{"tag":"src","id":"3","barrier":8}
)",
                target()),
            0)
      << output_;
  EXPECT_EQ(output_,
            "{\"id\": \"1\", \"code\": 0, \"msg\": \"\"}\n"
            "{\"id\": \"2\", \"code\": 0, \"msg\": \"\"}\n"
            "{\"id\": \"3\", \"code\": 0, \"msg\": \"\"}\n");
  EXPECT_THAT(sink_.log("src"),
              ElementsAre("open", "barrier 7", "42=INSERT [42,\"ü\"]", "barrier 8"));
  const model::ChangeBatchPtr batch = sink_.batches("src").back();
  EXPECT_EQ(batch->txns.back().pushed_id, "3");
}

TEST_F(PythonClientTest, RefusedMessagesArePrintedAndFailTheRun) {
  EXPECT_EQ(Run("{\"tag\":\"nope\",\"id\":\"x\",\"barrier\":7}\n{\"tag\":\"src\",\"id\":\"y\"}\n"
                "{\"tag\":\"src\",\"id\":\"z\",\"barrier\":1}\n",
                target()),
            1);
  EXPECT_THAT(output_, HasSubstr("\"id\": \"x\", \"code\": 1"));
  EXPECT_THAT(output_, HasSubstr("\"id\": \"y\", \"code\": 2"));
  EXPECT_THAT(output_, HasSubstr("\"id\": \"z\", \"code\": 0"));
}

TEST_F(PythonClientTest, ABadLineFailsTheRun) {
  EXPECT_EQ(Run("{\"tag\":\"src\",\"barrier\":1}\nnonsense\n", target()), 2);
  EXPECT_THAT(output_, HasSubstr("line 2"));
}

}  // namespace
}  // namespace dcp::collector
