// Parts of a configuration for real servers under test.
#pragma once

#include <string>
#include <vector>

#include "tests/servers/mysql_server.h"

namespace dcp::test {

// The connection keys for the user dcp of `server`.
std::string ConnectionToml(const MysqlServer& server);
// Source and replica, all tables of `shop`, a barrier every 100 ms and the check "orders", to which
// the lines of `check` are added.
std::string LivePairToml(const MysqlServer& source, const MysqlServer& replica,
                         const std::string& check = "");

// [[barrier]], written often.
std::string BarrierToml(const MysqlServer& server, int id = 1);

struct TagToml {
  std::string tag;
  std::string tables = "shop.*";
};

// A [[collector]]; `more`: other keys of it.
std::string CollectorToml(const std::string& name, int server_id, const MysqlServer& server,
                          const std::vector<TagToml>& tags, const std::string& more = "");

// A [[check]]; `more`: other keys of it.
std::string CheckToml(const std::string& name, const std::string& source, const std::string& target,
                      const std::string& more = "");

}  // namespace dcp::test
