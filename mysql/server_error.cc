#include "mysql/server_error.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace dcp::mysql {
namespace {

using Code = absl::StatusCode;

struct Entry {
  uint32_t number;
  Code code;
  const char* cure;  // "" where the server's own message says enough
};

constexpr const char* kCheckPassword = "check user, password and from which host it may connect";
constexpr const char* kCheckAddress = "check host and port, and that the server runs";
constexpr const char* kTryAgain = "the connection will be opened again";
constexpr const char* kGrant = "grant the missing privilege to this account";

constexpr const char* kOwnServerId =
    "another client or replica uses this server_id: give this collector a server_id of its own";

// Sorted by number. 2000 and up: the client library.
constexpr Entry kEntries[] = {
    {1040, Code::kResourceExhausted, "raise max_connections or close other connections"},
    {1042, Code::kUnavailable, kCheckAddress},
    {1043, Code::kUnavailable, ""},
    {1044, Code::kPermissionDenied, kGrant},
    {1045, Code::kPermissionDenied, kCheckPassword},
    {1046, Code::kInvalidArgument, ""},
    {1049, Code::kNotFound, "create the database or correct its name"},
    {1053, Code::kUnavailable, kTryAgain},
    {1054, Code::kInvalidArgument, ""},
    {1062, Code::kAlreadyExists, ""},
    {1064, Code::kInvalidArgument, ""},
    {1129, Code::kPermissionDenied, "run FLUSH HOSTS on the server"},
    {1130, Code::kPermissionDenied, kCheckPassword},
    {1142, Code::kPermissionDenied, kGrant},
    {1143, Code::kPermissionDenied, kGrant},
    {1146, Code::kNotFound, "create the table or correct its name"},
    {1153, Code::kResourceExhausted, "raise max_allowed_packet"},
    {1158, Code::kUnavailable, kTryAgain},
    {1159, Code::kUnavailable, kTryAgain},
    {1160, Code::kUnavailable, kTryAgain},
    {1161, Code::kUnavailable, kTryAgain},
    {1193, Code::kNotFound, ""},
    {1203, Code::kResourceExhausted, "raise max_user_connections"},
    {1205, Code::kAborted, ""},
    {1213, Code::kAborted, ""},
    {1226, Code::kResourceExhausted, "raise the limits of this account"},
    {1227, Code::kPermissionDenied, kGrant},
    {1236, Code::kFailedPrecondition, ""},
    {1251, Code::kFailedPrecondition, ""},
    {1290, Code::kFailedPrecondition, "SET GLOBAL read_only = OFF there, or use another server"},
    {1305, Code::kNotFound, ""},
    {1317, Code::kAborted, ""},
    {1370, Code::kPermissionDenied, kGrant},
    {1396, Code::kPermissionDenied, ""},
    {1698, Code::kPermissionDenied, kCheckPassword},
    {1792, Code::kFailedPrecondition, ""},
    {1820, Code::kPermissionDenied, "the password has expired: set a new one with ALTER USER"},
    {1836, Code::kFailedPrecondition, ""},
    {1862, Code::kPermissionDenied, "the password has expired: set a new one with ALTER USER"},
    {1927, Code::kUnavailable, kTryAgain},
    {1969, Code::kDeadlineExceeded, ""},  // MariaDB
    {2002, Code::kUnavailable, kCheckAddress},
    {2003, Code::kUnavailable, kCheckAddress},
    {2004, Code::kUnavailable, kCheckAddress},
    {2005, Code::kUnavailable, kCheckAddress},
    {2006, Code::kUnavailable, kTryAgain},
    {2012, Code::kUnavailable, kTryAgain},
    {2013, Code::kUnavailable, kTryAgain},
    {2020, Code::kResourceExhausted, ""},
    {2026, Code::kFailedPrecondition,
     "check tls (mode, ca, cert, key) and the server's certificate"},
    {2027, Code::kUnavailable, kTryAgain},
    {2055, Code::kUnavailable, kTryAgain},
    {2059, Code::kFailedPrecondition, "give the account another authentication plugin"},
    {2061, Code::kFailedPrecondition, ""},
    {3024, Code::kDeadlineExceeded, ""},
    {3118, Code::kPermissionDenied, "the account is locked"},
    {3159, Code::kFailedPrecondition, "the server demands TLS: set tls mode to required"},
    {4031, Code::kUnavailable, kTryAgain},
    {4052, Code::kFailedPrecondition, kOwnServerId},  // MariaDB
};

const Entry* Find(uint32_t number) {
  const auto found = std::lower_bound(std::begin(kEntries), std::end(kEntries), number,
                                      [](const Entry& e, uint32_t n) { return e.number < n; });
  return found != std::end(kEntries) && found->number == number ? found : nullptr;
}

// 1236 is every refusal to send the binlog; its text tells which.
const char* CureOfDumpError(absl::string_view message) {
  if (absl::StrContains(message, "same server_uuid") ||
      absl::StrContains(message, "same server_id") || absl::StrContains(message, "same slave_id")) {
    return kOwnServerId;
  }
  if (absl::StrContains(message, "purged")) {
    return "the server no longer has the binlogs needed: start from now, and raise "
           "binlog_expire_logs_seconds";
  }
  if (absl::StrContains(message, "is not in the master's binlog")) {
    return "correct the GTID, or start from now";
  }
  if (absl::StrContains(message, "Could not find first log file")) {
    return "the binlog file asked for does not exist any more: start from now";
  }
  if (absl::StrContains(message, "log-bin") ||
      absl::StrContains(message, "Binary log is not open")) {
    return "start the server with log_bin";
  }
  if (absl::StrContains(message, "max_allowed_packet")) return "raise max_allowed_packet";
  for (const char* damage : {"crc check", "truncated", "bogus data", "corrupted", "ecksum"}) {
    if (!absl::StrContains(message, damage)) continue;
    return "the server's binlog file is damaged (mysqlbinlog says where): what it holds is lost to "
           "the stream; start from now, and compare the tables with dcp verify";
  }
  if (absl::StrContains(message, "GTID_MODE")) return "set gtid_mode=ON, or start from a file";
  return "see the server's error log";
}

bool BreaksConnection(absl::string_view message) {
  for (const char* words : {"timed out", "reset by peer", "Broken pipe", "unexpected eof"}) {
    if (absl::StrContains(message, words)) return true;
  }
  return false;
}

}  // namespace

absl::StatusCode CodeOfServerError(uint32_t number) {
  const Entry* entry = Find(number);
  return entry == nullptr ? Code::kUnknown : entry->code;
}

absl::Status ServerError(absl::string_view server, absl::string_view doing, uint32_t number,
                         absl::string_view message) {
  // What happens to the connection under TLS, not to TLS.
  if (number == 2026 && BreaksConnection(message)) number = 2013;
  const Entry* entry = Find(number);
  absl::string_view cure = entry == nullptr ? "" : entry->cure;
  if (number == 1236) cure = CureOfDumpError(message);
  // MariaDB: it may be our own connection that was lost, which the server is ending.
  const bool being_ended = number == 4052 && absl::StrContains(message, "already connected");
  return absl::Status(being_ended ? Code::kUnavailable : CodeOfServerError(number),
                      absl::StrCat(server, ": ", doing, ": ", message, " (error ", number, ")",
                                   cure.empty() ? "" : "; ", cure));
}

}  // namespace dcp::mysql
