#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cmd/dcp/inspect.h"

namespace dcp::cmd {
namespace {

using Json = nlohmann::json;

TEST(InspectionJsonTest, OfNothingIsWhole) {
  const Json json = Json::parse(InspectionJson({}));
  EXPECT_EQ(json, Json::parse(R"j({"ok":true,"servers":[],"checks":[],"tags":[],"errors":[],
                                  "warnings":[]})j"));
}

TEST(InspectionJsonTest, HasAllThatIsPrintedForPeople) {
  Inspection inspection;
  inspection.servers.push_back({.name = "source",
                                .roles = {"source", "barrier"},
                                .address = "dcp@h:1",
                                .reached = true,
                                .version = "9.7",
                                .uuid = "u",
                                .server_id = 7,
                                .settings = "binlog \"ROW\""});
  InspectedTag tag;
  tag.tag = model::Tag("src");
  tag.collector = "source";
  InspectedTable table;
  table.name = "shop.orders_1";
  table.logical = "shop.orders";
  table.key = {"id", "na\"me"};
  table.left_out = "w (is not on dst)";
  tag.tables.push_back(table);
  inspection.tags.push_back(tag);
  inspection.pairs.push_back(
      {"orders", model::Tag("src"), model::Tag("dst"), config::Align::kGtid, "so it is"});
  inspection.problems.push_back({"target 'replica'", "log_bin", "it is off", "SET it"});
  inspection.warnings = {"a\nb"};

  const Json json = Json::parse(InspectionJson(inspection));
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["servers"][0],
            Json::parse(R"j({"name":"source","roles":["source","barrier"],"address":"dcp@h:1",
                            "reached":true,"version":"9.7","uuid":"u","server_id":7,
                            "settings":"binlog \"ROW\""})j"));
  EXPECT_EQ(json["tags"][0],
            Json::parse(R"j({"tag":"src","collector":"source","tables":[{"table":"shop.orders_1",
                            "as":"shop.orders","key":["id","na\"me"],
                            "not_compared":"w (is not on dst)"}]})j"));
  EXPECT_EQ(json["checks"][0], Json::parse(R"j({"check":"orders","source":"src","target":"dst",
                                               "align":"gtid","because":"so it is"})j"));
  EXPECT_EQ(json["errors"][0], Json::parse(R"j({"where":"target 'replica'","setting":"log_bin",
                                               "message":"it is off","fix":"SET it"})j"));
  EXPECT_EQ(json["warnings"], Json::array({"a\nb"}));
}

}  // namespace
}  // namespace dcp::cmd
