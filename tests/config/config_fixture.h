// A small valid file that tests bend, and the environment it needs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "config/load.h"

namespace dcp::config {

// The value of DCP_PASSWORD; must never be seen in a message.
inline constexpr char kSecret[] = "s3cr3t-word";

inline constexpr char kSource[] = R"(
[[collector]]
type = "mysql"
name = "source"
host = "db1"
user = "dcp"
server_id = 1
tags = [{ tag = "src", tables = ["shop.orders"] }]
)";
inline constexpr char kTarget[] = R"(
[[collector]]
type = "mysql"
name = "target"
host = "db2"
user = "dcp"
server_id = 2
tags = [{ tag = "dst", tables = ["shop.orders"] }]
)";
inline constexpr char kPushed[] = R"(
[[collector]]
type = "grpc"
name = "pushed"
listen = "127.0.0.1:9090"
tags = ["cache"]
)";
inline constexpr char kCheck[] = R"(
[[check]]
name = "orders"
source = "src"
targets = ["dst"]
)";
inline constexpr char kPushedCheck[] = R"(
[[check]]
name = "pushes"
source = "src"
targets = ["cache"]
)";
inline constexpr char kJob[] = R"(
[[job]]
name = "full"
source = { host = "db1", user = "dcp" }
target = { host = "db2", user = "dcp" }
tables = ["shop.*"]
)";

class ConfigTest : public ::testing::Test {
 protected:
  Loaded ParseFor(Purpose purpose, const std::string& text) {
    return Parse(text, "dcp.toml", purpose, [this](absl::string_view name) {
      const auto it = environment_.find(std::string(name));
      return it == environment_.end() ? std::nullopt : std::optional(it->second);
    });
  }
  Loaded Run(const std::string& text) { return ParseFor(Purpose::kRun, text); }

  template <typename... Parts>
  Loaded Run(const char* first, const Parts&... parts) {
    return Run(absl::StrCat(first, parts...));
  }

  static std::vector<std::string> Lines(const std::vector<Diagnostic>& diagnostics) {
    std::vector<std::string> lines;
    for (const Diagnostic& d : diagnostics) lines.push_back(ToString(d));
    return lines;
  }
  // The errors of a file that must have some.
  template <typename... Parts>
  std::vector<std::string> Errors(const char* first, const Parts&... parts) {
    const Loaded loaded = Run(absl::StrCat(first, parts...));
    EXPECT_FALSE(loaded.ok());
    return Lines(loaded.errors());
  }
  template <typename... Parts>
  std::vector<std::string> Warnings(const char* first, const Parts&... parts) {
    const Loaded loaded = Run(absl::StrCat(first, parts...));
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return loaded.ok() ? Lines(loaded->warnings) : std::vector<std::string>{};
  }

  std::map<std::string, std::string> environment_ = {{"DCP_PASSWORD", kSecret}};
};

}  // namespace dcp::config
