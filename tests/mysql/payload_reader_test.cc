#include "mysql/payload_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/mysql/test_events.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using test::StatusIs;
using ::testing::HasSubstr;

class PayloadReaderTest : public ::testing::Test {
 protected:
  PayloadReaderTest() {
    for (const std::string& event : EventsOf("minimal.binlog")) {
      if (static_cast<uint8_t>(event[4]) != kTransactionPayloadEvent) continue;
      body_ = event.substr(kEventHeaderSize, event.size() - kEventHeaderSize - kChecksumSize);
    }
    auto fields = ParseTransactionPayload(AsBytes(body_));
    EXPECT_OK(fields);
    if (fields.ok()) fields_ = *fields;
  }

  // The events up to the end, or up to the error.
  absl::Status Unpack(std::vector<std::string>* events) {
    events->clear();
    PayloadReader reader;
    absl::Status status = reader.Start(fields_);
    while (status.ok()) {
      const auto event = reader.Next();
      if (!event.ok()) return event.status();
      if (event->empty()) break;
      events->emplace_back(AsText(*event));
    }
    return status;
  }

  std::string body_;
  TransactionPayloadFields fields_;
  std::vector<std::string> events_;
};

TEST_F(PayloadReaderTest, GivesTheEventsOneByOne) {
  ASSERT_OK(Unpack(&events_));
  EXPECT_GE(events_.size(), 4u);
  size_t size = 0;
  for (const std::string& event : events_) size += event.size();
  EXPECT_EQ(size, fields_.uncompressed_size);
}

// The rest of the transaction would be missing without a word.
TEST_F(PayloadReaderTest, ASizeThatEndsBetweenTwoEventsIsRefused) {
  ASSERT_OK(Unpack(&events_));
  const std::vector<std::string> events = events_;
  uint64_t told = 0;
  for (const std::string& event : events) {
    fields_.uncompressed_size = told;
    EXPECT_THAT(Unpack(&events_),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another size than it says")))
        << told;
    told += event.size();
  }
  for (const uint64_t other : {told - 1, told + 1, told + 1000000, ~uint64_t{0}}) {
    fields_.uncompressed_size = other;
    EXPECT_THAT(Unpack(&events_), test::HasCode(absl::StatusCode::kDataLoss)) << other;
  }
}

TEST_F(PayloadReaderTest, EveryCutIsRefusedOrGivesAll) {
  ASSERT_OK(Unpack(&events_));
  const std::vector<std::string> whole = events_;
  const Bytes payload = fields_.payload;
  size_t refused = 0;
  for (size_t size = 0; size < payload.size(); ++size) {
    fields_.payload = payload.first(size);
    const absl::Status status = Unpack(&events_);
    if (status.ok()) {
      EXPECT_EQ(events_, whole) << size;  // only the end of the frame is missing
    } else {
      EXPECT_THAT(status, test::HasCode(absl::StatusCode::kDataLoss)) << size;
      ++refused;
    }
  }
  EXPECT_GT(refused, payload.size() / 2);
}

TEST_F(PayloadReaderTest, WithoutCompressionEventsStandAsTheyAre) {
  ASSERT_OK(Unpack(&events_));
  const std::vector<std::string> events = events_;
  std::string plain;
  for (const std::string& event : events) plain += event;
  fields_ = {.compression = TransactionPayloadFields::kNone,
             .uncompressed_size = plain.size(),
             .payload = AsBytes(plain)};
  ASSERT_OK(Unpack(&events_));
  EXPECT_EQ(events_, events);
  fields_.payload = AsBytes(plain).first(plain.size() - 1);
  EXPECT_THAT(Unpack(&events_), test::HasCode(absl::StatusCode::kDataLoss));
  fields_.compression = 7;
  EXPECT_THAT(Unpack(&events_),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("compression type 7")));
}

// An inner event says that it has 1 GiB: nothing is allocated for what does not come.
TEST_F(PayloadReaderTest, AFalseSizeOfAnInnerEventIsRefused) {
  std::string event = MakeEvent(kXidEvent, Le(1, 8));
  for (const uint64_t size : {uint64_t{0}, uint64_t{18}, uint64_t{1} << 30, uint64_t{0xffffffff}}) {
    event.replace(9, 4, Le(size, 4));
    fields_ = {.compression = TransactionPayloadFields::kNone,
               .uncompressed_size = event.size(),
               .payload = AsBytes(event)};
    EXPECT_THAT(Unpack(&events_), test::HasCode(absl::StatusCode::kDataLoss)) << size;
  }
}

}  // namespace
}  // namespace dcp::mysql
