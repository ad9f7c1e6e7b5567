// Dates and times: from MySQL's packed forms to ISO-like text.
//
// DATE "YYYY-MM-DD"; TIME "[-]HH:MM:SS[.f]" with at least two hour digits;
// DATETIME "YYYY-MM-DDTHH:MM:SS[.f]"; TIMESTAMP the same in UTC with "Z".
// Trailing fraction zeros are cut; zero dates stay as they are.
// Source: mysys/my_time.cc (my_*_packed_from_binary) of MySQL; "Date and Time
// Data Type Representation" of the MySQL Internals Manual.
//
// All replace `*out` and return false for bytes that are no such value.
#pragma once

#include <cstdint>
#include <string>

namespace dcp::mysql {

struct Civil {
  uint32_t year = 0, month = 0, day = 0;
  uint32_t hour = 0, minute = 0, second = 0, micros = 0;
  bool negative = false;  // TIME only
};

void DateToText(const Civil& civil, std::string* out);
void TimeToText(const Civil& civil, std::string* out);
void DatetimeToText(const Civil& civil, std::string* out);
// `seconds` since 1970 in UTC; 0 with no fraction is the zero timestamp.
bool TimestampToText(uint64_t seconds, uint32_t micros, std::string* out);

// The packed longlong forms of DATETIME and TIME, used in JSON and, split into
// integer part and fraction, in rows.
bool UnpackDatetime(int64_t packed, Civil* civil);
bool UnpackTime(int64_t packed, Civil* civil);

// Bytes of a fraction of `digits` (0 to 6) digits, and its value in
// microseconds.
constexpr uint32_t FractionBytes(uint32_t digits) { return (digits + 1) / 2; }
uint32_t FractionMicros(const uint8_t* p, uint32_t digits);

// TIME2 of 3 + FractionBytes(digits) bytes at `p`.
bool Time2ToText(const uint8_t* p, uint32_t digits, std::string* out);
// DATETIME2 of 5 + FractionBytes(digits) bytes.
bool Datetime2ToText(const uint8_t* p, uint32_t digits, std::string* out);
// TIMESTAMP2 of 4 + FractionBytes(digits) bytes.
bool Timestamp2ToText(const uint8_t* p, uint32_t digits, std::string* out);
// DATE of 3 bytes.
bool DateBytesToText(const uint8_t* p, std::string* out);
// TIME (3 bytes) and DATETIME (8 bytes) of servers before 5.6.4.
bool OldTimeToText(const uint8_t* p, std::string* out);
bool OldDatetimeToText(const uint8_t* p, std::string* out);

// MariaDB's forms of before 10.1 of types with 1 to 6 fraction digits, which its tables keep until
// they are rebuilt: one number of units of the last digit, most significant byte first. Its
// TIMESTAMP is TIMESTAMP2 with another fraction, of as many bytes.
constexpr uint32_t HiresTimeBytes(uint32_t digits) { return digits == 6 ? 6 : digits < 3 ? 4 : 5; }
constexpr uint32_t HiresDatetimeBytes(uint32_t digits) {
  return digits == 6 ? 8 : digits < 3 ? 6 : 7;
}
bool HiresTimeToText(const uint8_t* p, uint32_t digits, std::string* out);
bool HiresDatetimeToText(const uint8_t* p, uint32_t digits, std::string* out);
bool HiresTimestampToText(const uint8_t* p, uint32_t digits, std::string* out);

}  // namespace dcp::mysql
