#include "mysql/temporal.h"

#include "mysql/bytes.h"
#include "mysql/digits.h"

namespace dcp::mysql {
namespace {

constexpr size_t kMaxTextSize = 32;

char* PutDate(const Civil& civil, char* p) {
  p = Put2(civil.year / 100, p);
  p = Put2(civil.year, p);
  *p++ = '-';
  p = Put2(civil.month, p);
  *p++ = '-';
  return Put2(civil.day, p);
}

// ":MM:SS[.f]"
char* PutMinutes(const Civil& civil, char* p) {
  *p++ = ':';
  p = Put2(civil.minute, p);
  *p++ = ':';
  p = Put2(civil.second, p);
  if (civil.micros == 0) return p;
  *p++ = '.';
  p = Put2(civil.micros / 10000, p);
  p = Put2(civil.micros / 100, p);
  p = Put2(civil.micros, p);
  while (p[-1] == '0') --p;
  return p;
}

char* PutDatetime(const Civil& civil, char* p) {
  p = PutDate(civil, p);
  *p++ = 'T';
  p = Put2(civil.hour, p);
  return PutMinutes(civil, p);
}

void Assign(const char* begin, const char* end, std::string* out) {
  out->assign(begin, static_cast<size_t>(end - begin));
}

// Days since 1970-01-01 to a date of the Gregorian calendar (the algorithm of
// H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
void CivilFromDays(uint64_t days, Civil* civil) {
  days += 719468;
  const auto era = static_cast<uint32_t>(days / 146097);
  const auto day_of_era = static_cast<uint32_t>(days % 146097);
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t month = (5 * day_of_year + 2) / 153;
  civil->day = day_of_year - (153 * month + 2) / 5 + 1;
  civil->month = month < 10 ? month + 3 : month - 9;
  civil->year = year_of_era + era * 400 + (civil->month <= 2 ? 1 : 0);
}

bool ValidClock(const Civil& civil) {
  return civil.minute < 60 && civil.second < 60 && civil.micros < 1000000;
}

// 10 to the power of `digits`.
uint32_t UnitsOfASecond(uint32_t digits) {
  static constexpr uint32_t kUnits[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
  return kUnits[digits];
}

// Takes the clock's part off a number of units of `digits` digits; what is left are days, of
// `hours`.
uint64_t TakeClock(uint64_t units, uint32_t digits, uint32_t hours, Civil* civil) {
  const uint32_t second = UnitsOfASecond(digits);
  civil->micros = static_cast<uint32_t>(units % second) * UnitsOfASecond(6 - digits);
  const uint64_t seconds = units / second;
  civil->second = static_cast<uint32_t>(seconds % 60);
  civil->minute = static_cast<uint32_t>(seconds / 60 % 60);
  civil->hour = static_cast<uint32_t>(seconds / 3600 % hours);
  return seconds / 3600 / hours;
}

}  // namespace

void DateToText(const Civil& civil, std::string* out) {
  char buffer[kMaxTextSize];
  Assign(buffer, PutDate(civil, buffer), out);
}

void TimeToText(const Civil& civil, std::string* out) {
  char buffer[kMaxTextSize];
  char* p = buffer;
  if (civil.negative) *p++ = '-';
  if (civil.hour >= 100) *p++ = static_cast<char>('0' + civil.hour / 100 % 10);
  p = Put2(civil.hour % 100, p);
  Assign(buffer, PutMinutes(civil, p), out);
}

void DatetimeToText(const Civil& civil, std::string* out) {
  char buffer[kMaxTextSize];
  Assign(buffer, PutDatetime(civil, buffer), out);
}

bool TimestampToText(uint64_t seconds, uint32_t micros, std::string* out) {
  Civil civil;
  civil.micros = micros;
  if (seconds != 0 || micros != 0) {
    CivilFromDays(seconds / 86400, &civil);
    const auto second_of_day = static_cast<uint32_t>(seconds % 86400);
    civil.hour = second_of_day / 3600;
    civil.minute = second_of_day / 60 % 60;
    civil.second = second_of_day % 60;
  }
  if (!ValidClock(civil)) return false;
  char buffer[kMaxTextSize];
  char* p = PutDatetime(civil, buffer);
  *p++ = 'Z';
  Assign(buffer, p, out);
  return true;
}

bool UnpackDatetime(int64_t packed, Civil* civil) {
  if (packed < 0) return false;
  const auto bits = static_cast<uint64_t>(packed);
  civil->micros = static_cast<uint32_t>(bits & 0xffffff);
  const uint64_t whole = bits >> 24;
  const uint64_t date = whole >> 17;
  const uint64_t clock = whole & 0x1ffff;
  civil->day = static_cast<uint32_t>(date & 31);
  civil->month = static_cast<uint32_t>((date >> 5) % 13);
  civil->year = static_cast<uint32_t>((date >> 5) / 13);
  civil->hour = static_cast<uint32_t>(clock >> 12);
  civil->minute = static_cast<uint32_t>(clock >> 6 & 63);
  civil->second = static_cast<uint32_t>(clock & 63);
  return civil->year <= 9999 && civil->hour < 24 && ValidClock(*civil);
}

bool UnpackTime(int64_t packed, Civil* civil) {
  civil->negative = packed < 0;
  const uint64_t bits =
      civil->negative ? uint64_t{0} - static_cast<uint64_t>(packed) : static_cast<uint64_t>(packed);
  civil->micros = static_cast<uint32_t>(bits & 0xffffff);
  const uint64_t clock = bits >> 24;
  civil->hour = static_cast<uint32_t>(clock >> 12 & 0x3ff);
  civil->minute = static_cast<uint32_t>(clock >> 6 & 63);
  civil->second = static_cast<uint32_t>(clock & 63);
  return clock >> 22 == 0 && ValidClock(*civil);
}

uint32_t FractionMicros(const uint8_t* p, uint32_t digits) {
  switch (FractionBytes(digits)) {
    case 1:
      return p[0] * 10000u;
    case 2:
      return static_cast<uint32_t>(LoadBe<2>(p)) * 100;
    case 3:
      return static_cast<uint32_t>(LoadBe<3>(p));
    default:
      return 0;
  }
}

bool Time2ToText(const uint8_t* p, uint32_t digits, std::string* out) {
  // Whole and fraction are one number with an offset, so that a negative value
  // borrows from its whole part.
  static constexpr uint32_t kUnits[] = {0, 10000, 100, 1};
  const uint32_t bytes = FractionBytes(digits);
  const auto raw = static_cast<int64_t>(LoadBe(p, 3 + bytes));
  const int64_t value = raw - (int64_t{0x800000} << (8 * bytes));
  const auto magnitude = static_cast<uint64_t>(value < 0 ? -value : value);
  const uint64_t fraction = magnitude & ((uint64_t{1} << (8 * bytes)) - 1);
  const uint64_t packed = magnitude >> (8 * bytes) << 24 | fraction * kUnits[bytes];
  Civil civil;
  if (fraction * kUnits[bytes] >= 1000000 || !UnpackTime(static_cast<int64_t>(packed), &civil)) {
    return false;
  }
  civil.negative = value < 0;
  TimeToText(civil, out);
  return true;
}

bool Datetime2ToText(const uint8_t* p, uint32_t digits, std::string* out) {
  const int64_t whole = static_cast<int64_t>(LoadBe<5>(p)) - 0x8000000000;
  const uint32_t micros = FractionMicros(p + 5, digits);
  Civil civil;
  if (whole < 0 || micros >= 1000000 || !UnpackDatetime(whole << 24 | micros, &civil)) return false;
  DatetimeToText(civil, out);
  return true;
}

bool Timestamp2ToText(const uint8_t* p, uint32_t digits, std::string* out) {
  return TimestampToText(LoadBe<4>(p), FractionMicros(p + 4, digits), out);
}

bool DateBytesToText(const uint8_t* p, std::string* out) {
  const auto bits = static_cast<uint32_t>(LoadLe<3>(p));
  Civil civil;
  civil.day = bits & 31;
  civil.month = bits >> 5 & 15;
  civil.year = bits >> 9;
  if (civil.month > 12 || civil.year > 9999) return false;
  DateToText(civil, out);
  return true;
}

bool OldTimeToText(const uint8_t* p, std::string* out) {
  auto value = static_cast<int32_t>(LoadLe<3>(p) << 8) >> 8;
  Civil civil;
  civil.negative = value < 0;
  const auto digits = static_cast<uint32_t>(value < 0 ? -value : value);
  civil.hour = digits / 10000;
  civil.minute = digits / 100 % 100;
  civil.second = digits % 100;
  if (!ValidClock(civil)) return false;
  TimeToText(civil, out);
  return true;
}

bool OldDatetimeToText(const uint8_t* p, std::string* out) {
  const uint64_t digits = LoadLe<8>(p);
  const auto date = static_cast<uint32_t>(digits / 1000000 % 100000000);
  const auto clock = static_cast<uint32_t>(digits % 1000000);
  Civil civil;
  civil.year = date / 10000;
  civil.month = date / 100 % 100;
  civil.day = date % 100;
  civil.hour = clock / 10000;
  civil.minute = clock / 100 % 100;
  civil.second = clock % 100;
  if (digits >= 100000000000000 || civil.month > 12 || civil.hour > 23 || !ValidClock(civil)) {
    return false;
  }
  DatetimeToText(civil, out);
  return true;
}

bool HiresTimeToText(const uint8_t* p, uint32_t digits, std::string* out) {
  constexpr uint32_t kHours = 839;  // all values are less, either way
  const int64_t zero = int64_t{kHours} * 3600 * UnitsOfASecond(digits);
  const int64_t units = static_cast<int64_t>(LoadBe(p, HiresTimeBytes(digits))) - zero;
  Civil civil;
  civil.negative = units < 0;
  const auto magnitude = static_cast<uint64_t>(units < 0 ? -units : units);
  if (TakeClock(magnitude, digits, kHours, &civil) != 0) return false;
  TimeToText(civil, out);
  return true;
}

bool HiresDatetimeToText(const uint8_t* p, uint32_t digits, std::string* out) {
  Civil civil;
  const uint64_t date = TakeClock(LoadBe(p, HiresDatetimeBytes(digits)), digits, 24, &civil);
  civil.day = static_cast<uint32_t>(date % 32);
  civil.month = static_cast<uint32_t>(date / 32 % 13);
  if (date / 32 / 13 > 9999) return false;
  civil.year = static_cast<uint32_t>(date / 32 / 13);
  DatetimeToText(civil, out);
  return true;
}

bool HiresTimestampToText(const uint8_t* p, uint32_t digits, std::string* out) {
  const auto fraction = static_cast<uint32_t>(LoadBe(p + 4, FractionBytes(digits)));
  if (fraction >= UnitsOfASecond(digits)) return false;
  return TimestampToText(LoadBe<4>(p), fraction * UnitsOfASecond(6 - digits), out);
}

}  // namespace dcp::mysql
