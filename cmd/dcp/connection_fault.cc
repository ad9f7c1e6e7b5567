#include "cmd/dcp/connection_fault.h"

#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace dcp::cmd {
namespace {

constexpr absl::string_view kErrorMark = " (error ";

// "… (error 1045); cure" in its parts.
struct Parts {
  std::string message;
  uint32_t number = 0;  // 0: none
  std::string cure;
};

Parts Split(absl::string_view text) {
  Parts parts;
  const size_t mark = text.rfind(kErrorMark);
  if (mark == absl::string_view::npos) return {std::string(text), 0, ""};
  const absl::string_view behind = text.substr(mark + kErrorMark.size());
  const size_t end = behind.find(')');
  if (end == absl::string_view::npos || !absl::SimpleAtoi(behind.substr(0, end), &parts.number)) {
    return {std::string(text), 0, ""};
  }
  absl::string_view cure = behind.substr(end + 1);
  absl::ConsumePrefix(&cure, "; ");
  parts.cure = std::string(cure);
  parts.message = std::string(text.substr(0, text.size() - cure.size()));
  absl::string_view message = parts.message;
  if (!cure.empty()) absl::ConsumeSuffix(&message, "; ");
  parts.message = std::string(message);
  return parts;
}

bool IsTls(uint32_t number, absl::string_view message) {
  return number == 2026 || number == 3159 || absl::StrContains(message, "TLS");
}

// Which keys lead to the server.
ConnectionFault Address(absl::string_view section, const model::ConnectionOptions& options,
                        uint32_t number) {
  if (!options.socket.empty()) {
    return {"socket", "", absl::StrCat("correct socket in ", section, ", or start the server")};
  }
  const bool unknown_name = number == 2005;
  return {"host", "",
          absl::StrCat("correct ", unknown_name ? "host" : "host and port", " in ", section,
                       unknown_name ? "" : ", or start the server")};
}

ConnectionFault Account(absl::string_view section, uint32_t number, const std::string& cure) {
  switch (number) {
    case 1045:
    case 1698:
      return {"password", "",
              absl::StrCat("correct user and password_env or password_file in ", section,
                           ", or the account on the server: its password, and from which host it "
                           "may connect")};
    case 1130:
      return {"host of the account", "",
              absl::StrCat("create the account for the host that dcp runs on (CREATE USER "
                           "'user'@'host'), or correct host in ",
                           section)};
    default:
      return {
          "user", "",
          absl::StrCat(cure.empty() ? "see the message" : cure, ", or correct user in ", section)};
  }
}

ConnectionFault Explain(absl::string_view section, const model::ConnectionOptions& options,
                        absl::StatusCode code, const Parts& parts) {
  if (IsTls(parts.number, parts.message)) {
    return {"tls", "",
            absl::StrCat("correct tls (mode, ca, cert, key) in ", section,
                         ", or the server's certificate")};
  }
  if (code == absl::StatusCode::kPermissionDenied) {
    return Account(section, parts.number, parts.cure);
  }
  if (code == absl::StatusCode::kUnavailable) return Address(section, options, parts.number);
  return {"server", "", parts.cure.empty() ? "see the message" : parts.cure};
}

}  // namespace

ConnectionFault ExplainConnection(absl::string_view section,
                                  const model::ConnectionOptions& options,
                                  const absl::Status& status) {
  const Parts parts = Split(absl::string_view(status.message().data(), status.message().size()));
  ConnectionFault fault = Explain(section, options, status.code(), parts);
  absl::string_view message = parts.message;
  absl::ConsumePrefix(&message, absl::StrCat(model::Describe(options), ": "));
  fault.message = std::string(message);
  return fault;
}

}  // namespace dcp::cmd
