#include "tests/bench/micro/binlog_input.h"

#include <cstring>

#include "mysql/event.h"
#include "tests/mysql/event_bytes.h"

namespace dcp::bench {
namespace {

using mysql::LittleEndian;
using mysql::MakeEvent;

constexpr uint64_t kRowsPerTxn = 100, kTxnsPerBarrier = 10;
constexpr uint64_t kTableId = 108, kBarrierTableId = 90;

// Types and metadata: "Table_map_event" of MySQL's Doxygen pages.
struct ColumnBytes {
  std::string name;
  uint8_t type;
  std::string meta;
  bool numeric = false, text = false;
};

std::string Char(uint32_t characters) {
  const uint32_t bytes = 4 * characters;
  return {static_cast<char>(0xfe ^ ((bytes & 0x300) >> 4)), static_cast<char>(bytes & 0xff)};
}

std::vector<ColumnBytes> ColumnsOf(RowShape shape) {
  if (shape == RowShape::kNarrow) {
    return {{"id", 3, "", true},
            {"k", 3, "", true},
            {"c", 254, Char(120), false, true},
            {"pad", 254, Char(60), false, true}};
  }
  return {{"id", 8, "", true},
          {"price", 246, "\x14\x04", true},   // DECIMAL(20,4)
          {"weight", 246, "\x0c\x02", true},  // DECIMAL(12,2)
          {"at", 18, "\x06"},
          {"ratio", 5, "\x08", true},
          {"doc", 245, "\x04"},
          {"note", 15, LittleEndian(2000, 2), false, true}};
}

std::string Query(const std::string& sql) {
  return MakeEvent(mysql::kQueryEvent, LittleEndian(1, 4) + LittleEndian(0, 4) + '\x05' +
                                           LittleEndian(0, 2) + LittleEndian(0, 2) + "bench" +
                                           '\0' + sql);
}

std::string Text(const std::string& text) { return static_cast<char>(text.size()) + text; }

std::string Field(uint8_t type, const std::string& value) {
  return static_cast<char>(type) + Text(value);
}

std::string TableMap(uint64_t id, const std::string& database, const std::string& table,
                     const std::vector<ColumnBytes>& columns) {
  std::string types, meta, names;
  size_t numeric = 0;
  bool text = false;
  for (const ColumnBytes& column : columns) {
    types += static_cast<char>(column.type);
    meta += column.meta;
    names += Text(column.name);
    numeric += column.numeric ? 1 : 0;
    text |= column.text;
  }
  std::string body = LittleEndian(id, 6) + LittleEndian(1, 2) + Text(database) + '\0' +
                     Text(table) + '\0' + Text(types) + Text(meta) +
                     std::string((columns.size() + 7) / 8, '\0');
  if (numeric > 0) body += Field(1, std::string((numeric + 7) / 8, '\0'));  // SIGNEDNESS
  // DEFAULT_CHARSET: utf8mb4_0900_ai_ci, which is 255, as an integer of variable length
  if (text) body += Field(2, std::string("\xfc\xff\0", 3));
  body += Field(4, names);                 // COLUMN_NAME
  body += Field(8, std::string(1, '\0'));  // SIMPLE_PRIMARY_KEY
  return MakeEvent(mysql::kTableMapEvent, body);
}

std::string Rows(uint8_t type, uint64_t id, size_t columns, const std::string& images) {
  const std::string present(1, static_cast<char>((1U << columns) - 1));
  const bool update = type == mysql::kUpdateRowsEvent;
  return MakeEvent(type, LittleEndian(id, 6) + LittleEndian(1, 2) + LittleEndian(2, 2) +
                             static_cast<char>(columns) + present + (update ? present : "") +
                             images);
}

// `size` characters that depend on both numbers: digits in groups, as sysbench's.
std::string Digits(uint64_t row, uint64_t salt, size_t size) {
  std::string text;
  uint64_t state = row * 0x9e3779b97f4a7c15 + salt;
  while (text.size() < size) {
    state = state * 6364136223846793005 + 1442695040888963407;
    text += std::to_string(state >> 28) + "-";
  }
  text.resize(size);
  return text;
}

std::string BigEndian(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

// A small object: {"id": 7, "name": "..."}. Source: sql-common/json_binary.h of MySQL.
std::string Json(uint64_t row) {
  const std::string name = Text(Digits(row, 5, 24));
  std::string object = LittleEndian(2, 2) + LittleEndian(18 + 6 + name.size(), 2) +
                       LittleEndian(18, 2) + LittleEndian(2, 2) +  // key "id"
                       LittleEndian(20, 2) + LittleEndian(4, 2) +  // key "name"
                       '\x05' + LittleEndian(row % 30'000, 2) +    // INT16, inlined
                       '\x0c' + LittleEndian(24, 2) + "idname" + name;
  return LittleEndian(object.size() + 1, 4) + '\0' + object;
}

// DECIMAL: groups of nine digits; the sign bit of a number that is not negative is set.
std::string Price(uint64_t row) {  // (20,4): 7 + 9 digits, then 4
  return BigEndian(0x80000000 | row % 9'999'999, 4) + BigEndian(row % 999'999'999, 4) +
         BigEndian(row % 9'999, 2);
}
std::string Weight(uint64_t row) {  // (12,2): 1 + 9 digits, then 2
  return BigEndian(0x80 | row % 9, 1) + BigEndian(row % 999'999'999, 4) + BigEndian(row % 99, 1);
}

// DATETIME(6): 2023-11-14 22:13:20 and microseconds. Source: mysys/my_time.cc of MySQL.
std::string At(uint64_t row) {
  const uint64_t days = ((2023 * 13 + 11) << 5) | 14, time = (22 << 12) | (13 << 6) | 20;
  return BigEndian(((days << 17) | time) + 0x8000000000, 5) + BigEndian(row % 1'000'000, 3);
}

std::string Image(RowShape shape, uint64_t row, uint64_t version) {
  std::string image(1, '\0');  // no NULL
  if (shape == RowShape::kNarrow) {
    return image + LittleEndian(row, 4) + LittleEndian(row * 7 + version, 4) +
           LittleEndian(119, 2) + Digits(row, version, 119) + Text(Digits(row, version + 9, 59));
  }
  const double ratio = static_cast<double>(row) / 7 + static_cast<double>(version);
  std::string bits(sizeof(ratio), '\0');
  std::memcpy(bits.data(), &ratio, sizeof(ratio));
  return image + LittleEndian(row, 8) + Price(row + version) + Weight(row) + At(row) + bits +
         Json(row) + LittleEndian(180, 2) + Digits(row, version, 180);
}

std::string Xid(uint64_t number) { return MakeEvent(mysql::kXidEvent, LittleEndian(number, 8)); }

void AddBarrier(uint64_t offset, std::vector<std::string>* events) {
  static const std::vector<ColumnBytes> kColumns = {{"id", 3, "", true}, {"offset", 8, "", true}};
  const auto image = [](uint64_t value) {
    return '\0' + LittleEndian(1, 4) + LittleEndian(value, 8);
  };
  events->push_back(Query("BEGIN"));
  events->push_back(TableMap(kBarrierTableId, "drc", "barrier", kColumns));
  events->push_back(Rows(mysql::kUpdateRowsEvent, kBarrierTableId, kColumns.size(),
                         image(offset - 1) + image(offset)));
  events->push_back(Xid(offset));
}

}  // namespace

BinlogInput MakeBinlog(RowShape shape, uint64_t rows) {
  BinlogInput input;
  const std::vector<ColumnBytes> columns = ColumnsOf(shape);
  for (uint64_t txn = 0; txn * kRowsPerTxn < rows; ++txn) {
    const bool update = txn % 2 == 1;
    std::string images;
    for (uint64_t i = 0; i < kRowsPerTxn; ++i, ++input.rows) {
      const uint64_t row = txn / 2 * kRowsPerTxn + i;
      if (update) images += Image(shape, row, 0);
      images += Image(shape, row, update ? 1 : 0);
    }
    input.events.push_back(Query("BEGIN"));
    input.events.push_back(TableMap(kTableId, "bench", "t", columns));
    input.events.push_back(Rows(update ? mysql::kUpdateRowsEvent : mysql::kWriteRowsEvent, kTableId,
                                columns.size(), images));
    input.events.push_back(Xid(txn));
    if ((txn + 1) % kTxnsPerBarrier == 0) AddBarrier((txn + 1) / kTxnsPerBarrier, &input.events);
  }
  return input;
}

}  // namespace dcp::bench
