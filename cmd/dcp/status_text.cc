// /status for people.
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "alarm/text.h"
#include "cmd/dcp/ask.h"

namespace dcp::cmd {
namespace {

using Json = nlohmann::json;

// What the daemon has not, reads as nothing: it may be older or newer.
std::string Text(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return "";
  return alarm::Readable(found->is_string() ? found->get<std::string>() : found->dump(), 500);
}
uint64_t Number(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}
bool Flag(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}
std::string Age(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return "never";
  return absl::StrFormat("%.1f s ago", found->get<double>());
}
const Json& List(const Json& object, const char* name) {
  static const Json kNone = Json::array();
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : kNone;
}

std::string Named(const char* what, const Json& object, const char* name) {
  const std::string text = Text(object, name);
  return text.empty() ? "" : absl::StrCat("\n    ", what, text);
}

std::string CheckLine(const Json& check, const Colours& colours) {
  const uint64_t findings = Number(check, "open_findings");
  const uint64_t unverified = Number(check, "unverified");
  std::string line = absl::StrCat(
      "check ", Text(check, "check"), "  ", Text(check, "source"), " -> ", Text(check, "target"),
      "  ", Flag(check, "running") ? colours.Good("running") : colours.Unsure("not running"),
      "  verified up to ", Number(check, "verified_barrier"), " (",
      Age(check, "last_verdict_age_seconds"), ")");
  absl::StrAppend(&line, "  source at ", Number(check, "source_barrier"), ", target at ",
                  Number(check, "target_barrier"), "  ", Number(check, "pending_segments"),
                  " segments pending");
  const std::string open = absl::StrCat(findings, " open findings");
  absl::StrAppend(&line, "  ", findings > 0 ? colours.Bad(open) : open);
  const std::string not_verified = absl::StrCat(unverified, " unverified");
  absl::StrAppend(&line, "  same ", Number(check, "same"), ", diff ", Number(check, "diff"), ", ",
                  unverified > 0 ? colours.Unsure(not_verified) : not_verified);
  return line + Named("align: ", check, "align");
}

std::string CollectorLine(const Json& one, const Colours& colours) {
  if (Text(one, "type") == "grpc") {
    return absl::StrCat("collector ", Text(one, "collector"), "  pushed  ",
                        Number(one, "open_streams"), " streams open  ", Number(one, "messages"),
                        " messages, ", Number(one, "refused"), " refused");
  }
  std::string line = absl::StrCat("collector ", Text(one, "collector"), "  ",
                                  Flag(one, "connected") ? colours.Good("connected")
                                  : Flag(one, "ended")   ? std::string("ended")
                                                         : colours.Bad("not connected"));
  absl::StrAppend(&line, "  at ", Text(one, "file"), ":", Number(one, "position"), "  last commit ",
                  Age(one, "last_commit_age_seconds"), "  ", Number(one, "rows"), " rows");
  return absl::StrCat(line, Named("purge: ", one, "purge"), Named("error: ", one, "last_error"),
                      Named("warning: ", one, "warning"));
}

std::string BarrierLine(const Json& one, const Colours& colours) {
  return absl::StrCat(
      "barrier ", Number(one, "id"), " on ", Text(one, "server"), "  ",
      Flag(one, "connected") ? colours.Good("connected") : colours.Bad("not connected"), "  at ",
      Number(one, "offset"), Named("error: ", one, "last_error"));
}

std::string SinkLine(const Json& one, const Colours& colours) {
  return absl::StrCat("sink ", Text(one, "sink"), "  ",
                      Flag(one, "failing") ? colours.Bad("failing") : colours.Good("works"), "  ",
                      Number(one, "delivered"), " delivered, ", Number(one, "waiting"),
                      " waiting, ", Number(one, "lost"), " lost");
}

}  // namespace

std::string StatusText(const std::string& json, const Colours& colours) {
  const Json status = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!status.is_object()) return "";
  std::string text =
      absl::StrCat("dcp ", Text(status, "version"), "  since ", Text(status, "started"), "\n");
  using Line = std::string (*)(const Json&, const Colours&);
  const std::pair<const char*, Line> parts[] = {{"checks", CheckLine},
                                                {"collectors", CollectorLine},
                                                {"barriers", BarrierLine},
                                                {"sinks", SinkLine}};
  for (const auto& [name, line] : parts) {
    for (const Json& one : List(status, name)) {
      if (one.is_object()) absl::StrAppend(&text, line(one, colours), "\n");
    }
  }
  const auto state = status.find("state");
  if (state == status.end() || !state->is_object()) return text;
  absl::StrAppend(
      &text, "state ", Text(*state, "dir"), "  ",
      Flag(*state, "writable") ? colours.Good("writable") : colours.Bad("cannot be written"),
      Named("error: ", *state, "error"), "\n");
  return text;
}

}  // namespace dcp::cmd
