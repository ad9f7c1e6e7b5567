#include "mysql/file_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/mysql/test_events.h"
#include "tests/support/status_matchers.h"

namespace dcp::mysql {
namespace {

using test::HasCode;

class FileSurveyTest : public ::testing::Test {
 protected:
  ~FileSurveyTest() override { std::remove(path_.c_str()); }

  // The file of server 1 has a transaction of server `writer` under the uuid that ends in `uuid`.
  void Add(uint32_t writer, uint8_t uuid, uint64_t number) {
    std::string body(1 + 15, '\0');
    body += static_cast<char>(uuid);
    std::string event = MakeEvent(kGtidEvent, body + Le(number, 8), true);
    event.replace(5, 4, Le(writer, 4));
    FixChecksum(&event);
    bytes_ += event;
  }

  absl::StatusOr<FileSurvey> Survey(const model::BinlogPosition& start = {}) {
    std::string head = EventsOf("minimal.binlog")[0];
    head.replace(5, 4, Le(1, 4));
    FixChecksum(&head);
    std::ofstream(path_, std::ios::binary) << "\xfe"
                                              "bin"
                                           << head << bytes_;
    return SurveyFiles({path_}, start);
  }

  static model::Uuid Uuid(uint8_t last) {
    model::Uuid uuid{};
    uuid.back() = last;
    return uuid;
  }

  const std::string path_ =
      absl::StrCat(::testing::TempDir(), "/dcp_survey_", ::getpid(), ".000001");
  std::string bytes_;
};

TEST_F(FileSurveyTest, TheServersOwnUuidIsThatOfItsOwnTransactions) {
  Add(2, 0xbb, 1);
  Add(1, 0xaa, 1);
  ASSERT_OK_AND_ASSIGN(const FileSurvey survey, Survey());
  EXPECT_EQ(survey.server_id, 1U);
  EXPECT_EQ(survey.server_uuid, Uuid(0xaa));
  EXPECT_TRUE(survey.has_gtids);
  EXPECT_TRUE(survey.executed.empty());
}

TEST_F(FileSurveyTest, ATransactionPutInByHandDoesNotMakeAnothersUuidItsOwn) {
  Add(2, 0xbb, 1);
  Add(1, 0xbb, 2);  // SET gtid_next = 'bb:2' on server 1, to skip it
  ASSERT_OK_AND_ASSIGN(const FileSurvey survey, Survey());
  EXPECT_EQ(survey.server_uuid, model::Uuid{});
}

TEST_F(FileSurveyTest, OfSeveralNoneIsGuessed) {
  Add(1, 0xaa, 1);
  Add(1, 0xcc, 1);  // a group's
  ASSERT_OK_AND_ASSIGN(const FileSurvey survey, Survey());
  EXPECT_EQ(survey.server_uuid, model::Uuid{});
}

TEST_F(FileSurveyTest, WhatStandsBeforeTheStartWasExecuted) {
  Add(2, 0xbb, 1);
  const uint64_t second = 4 + EventsOf("minimal.binlog")[0].size() + bytes_.size();
  Add(2, 0xbb, 2);
  ASSERT_OK_AND_ASSIGN(const FileSurvey survey,
                       Survey({path_.substr(path_.rfind('/') + 1), second}));
  EXPECT_TRUE(survey.executed.Contains(model::Gtid{{.uuid = Uuid(0xbb), .label = ""}, 1}));
  EXPECT_EQ(survey.executed.size(), 1U);
  EXPECT_THAT(Survey({"dcp_survey.000002", 4}), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST_F(FileSurveyTest, CapturedFilesTellTheirServer) {
  ASSERT_OK_AND_ASSIGN(const FileSurvey mysql, SurveyFiles({TestFile("full.binlog")}, {}));
  EXPECT_FALSE(mysql.mariadb);
  EXPECT_NE(mysql.server_uuid, model::Uuid{});
  ASSERT_OK_AND_ASSIGN(const FileSurvey maria, SurveyFiles({TestFile("mariadb_types.binlog")}, {}));
  EXPECT_TRUE(maria.mariadb);
  EXPECT_TRUE(maria.has_gtids);
  EXPECT_EQ(maria.server_uuid, model::Uuid{});
}

}  // namespace
}  // namespace dcp::mysql
