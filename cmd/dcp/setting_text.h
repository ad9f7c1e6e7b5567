// Words about a server's settings, for Inspect().
//
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "mysql/server_settings.h"

namespace dcp::cmd {

// "a, b, c": at most five names, then how many more.
std::string ListNames(const std::vector<std::string>& names);

// The settings that matter, in a few words.
std::string Summary(const mysql::ServerSettings& settings);

// "`dcp`@`%`", in the server's own spelling.
std::string AccountOf(const mysql::ServerSettings& settings);

// Removes what follows from another problem of the list: without a binlog nothing else
// about it can be right.
void DropConsequences(std::vector<mysql::SettingProblem>* problems);

}  // namespace dcp::cmd
