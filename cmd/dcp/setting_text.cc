#include "cmd/dcp/setting_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace dcp::cmd {
namespace {

using mysql::ServerSettings;
using mysql::SettingProblem;
using Names = std::vector<std::string>;

constexpr size_t kMaxNames = 5;

}  // namespace

std::string ListNames(const Names& names) {
  const size_t shown = std::min(names.size(), kMaxNames);
  std::string text =
      absl::StrJoin(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", ");
  if (shown < names.size()) absl::StrAppend(&text, " and ", names.size() - shown, " more");
  return text;
}

std::string Summary(const ServerSettings& s) {
  Names words;
  words.push_back(s.log_bin ? absl::StrCat("binlog ", s.binlog_format) : "no binlog");
  if (!s.binlog_row_image.empty()) words.push_back(absl::StrCat("image ", s.binlog_row_image));
  if (!s.gtid_mode.empty()) words.push_back(absl::StrCat("gtid_mode ", s.gtid_mode));
  if (s.mariadb) words.push_back(absl::StrCat("domain ", s.gtid_domain_id));
  if (!s.channels.empty()) {
    words.push_back(absl::StrCat(s.channels.size(), " channel", s.channels.size() == 1 ? "" : "s"));
    words.push_back(absl::StrCat(s.parallel_workers, " appliers",
                                 s.preserve_commit_order ? "" : " without commit order"));
  }
  return absl::StrJoin(words, ", ");
}

std::string AccountOf(const ServerSettings& settings) {
  for (const std::string& grant : settings.grants) {
    const size_t to = grant.rfind(" TO ");
    if (to == std::string::npos) continue;
    return grant.substr(to + 4, grant.find(" WITH ", to) - (to + 4));
  }
  return "this account";
}

void DropConsequences(std::vector<SettingProblem>* problems) {
  const auto is = [](absl::string_view setting) {
    return [setting](const SettingProblem& p) { return p.setting == setting; };
  };
  if (std::none_of(problems->begin(), problems->end(), is("log_bin"))) return;
  for (const absl::string_view setting : {"log_replica_updates", "log_slave_updates"}) {
    problems->erase(std::remove_if(problems->begin(), problems->end(), is(setting)),
                    problems->end());
  }
}

}  // namespace dcp::cmd
