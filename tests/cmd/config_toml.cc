#include "tests/cmd/config_toml.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace dcp::test {

std::string ConnectionToml(const MysqlServer& server) {
  return absl::StrCat("host = \"127.0.0.1\"\nport = ", server.port(),
                      "\nuser = \"dcp\"\npassword_env = \"DCP_TEST_PASSWORD\"\n");
}

std::string BarrierToml(const MysqlServer& server, int id) {
  return absl::StrCat("[[barrier]]\ninterval = \"100ms\"\nid = ", id, "\n", ConnectionToml(server));
}

std::string CollectorToml(const std::string& name, int server_id, const MysqlServer& server,
                          const std::vector<TagToml>& tags, const std::string& more) {
  const std::string list = absl::StrJoin(tags, ", ", [](std::string* out, const TagToml& tag) {
    absl::StrAppend(out, "{ tag = \"", tag.tag, "\", tables = [\"", tag.tables, "\"] }");
  });
  return absl::StrCat("[[collector]]\ntype = \"mysql\"\nname = \"", name,
                      "\"\nserver_id = ", server_id, "\n", ConnectionToml(server), "tags = [", list,
                      "]\n", more);
}

std::string CheckToml(const std::string& name, const std::string& source, const std::string& target,
                      const std::string& more) {
  return absl::StrCat("[[check]]\nname = \"", name, "\"\nsource = \"", source, "\"\ntargets = [\"",
                      target, "\"]\ntimeout = \"60s\"\n", more);
}

std::string LivePairToml(const MysqlServer& source, const MysqlServer& replica,
                         const std::string& check) {
  return absl::StrCat(BarrierToml(source), CollectorToml("source", 4201, source, {{.tag = "src"}}),
                      CollectorToml("replica", 4202, replica, {{.tag = "dst"}}),
                      "[[check]]\nname = \"orders\"\nsource = \"src\"\ntargets = [\"dst\"]\n",
                      check);
}

}  // namespace dcp::test
