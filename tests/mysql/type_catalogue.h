// The catalogue of column types and the edges of their values: what every server is asked, and how
// its own SELECT is read.
#pragma once

#include <string>
#include <vector>

#include "tests/mysql/canonical_text.h"
#include "tests/servers/flavour.h"

namespace dcp::mysql {

struct TypeCase {
  std::string name;  // of the table
  std::string type;
  TextForm form = TextForm::kPlain;
  const char* select = "$0";          // what SELECT shows of column $0
  std::vector<std::string> literals;  // SQL
  // The servers that have it.
  bool mysql97 = true, mysql56 = true, mariadb = true;
  bool blob = false;          // what binlog_row_image=NOBLOB leaves out
  const char* raw = "";       // kRaw: the charset that the bytes are no text of
  bool old_temporal = false;  // MariaDB: made with mysql56_temporal_format=OFF

  bool On(test::Flavour flavour) const;
};

// TIMESTAMPs are those of sessions in UTC, texts of sessions in utf8mb4; sql_mode is empty.
const std::vector<TypeCase>& TypeCatalogue();

// Tables of many columns, c0 and on, behind id: widths that no table each is worth, and columns
// that depend on others.
struct WideCase {
  struct Column {
    std::string type;
    TextForm form;
    const char* select = "$0";
  };
  std::string name;
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // literals
  bool mysql56 = true;

  bool On(test::Flavour flavour) const { return mysql56 || flavour != test::Flavour::kMysql56; }
};

const std::vector<WideCase>& WideCatalogue();

}  // namespace dcp::mysql
