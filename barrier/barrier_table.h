// The barrier table: its names and what its rows mean. Gravity's shape, so that
// either program's barriers serve the other.
//
// `offset` is a reserved word in MariaDB 10.6 and later: it is always quoted.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace dcp::barrier {

inline constexpr char kDatabase[] = "drc";
inline constexpr char kTable[] = "barrier";
inline constexpr char kIdColumn[] = "id";
inline constexpr char kOffsetColumn[] = "offset";
// Where the columns stand, for streams that do not tell column names.
inline constexpr uint32_t kIdOrdinal = 0;
inline constexpr uint32_t kOffsetOrdinal = 1;
inline constexpr uint32_t kDefaultId = 1;

// Beside it, where several dcp take turns (barrier/lease_rows.h).
inline constexpr char kLeaderTable[] = "dcp_leader";
inline constexpr char kHandoverTable[] = "dcp_handover";

// Tables that dcp writes itself: never data to be compared.
inline bool IsOwnTable(absl::string_view database, absl::string_view table) {
  return database == kDatabase &&
         (table == kTable || table == kLeaderTable || table == kHandoverTable);
}

inline constexpr char kCreateDatabase[] = "CREATE DATABASE IF NOT EXISTS `drc`";
inline constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS `drc`.`barrier` ("
    "`id` int unsigned NOT NULL AUTO_INCREMENT, "
    "`offset` bigint unsigned NOT NULL DEFAULT 0, "
    "`ts` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, "
    "PRIMARY KEY (`id`)) ENGINE=InnoDB";

// Asks for the offset of the row `id`.
inline std::string SelectOffset(uint32_t id) {
  return absl::StrCat("SELECT `offset` FROM `drc`.`barrier` WHERE `id` = ", id);
}

// Sets the next barrier.
inline std::string AdvanceOffset(uint32_t id) {
  return absl::StrCat("UPDATE `drc`.`barrier` SET `offset` = `offset` + 1 WHERE `id` = ", id);
}

}  // namespace dcp::barrier
