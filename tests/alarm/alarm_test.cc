#include "alarm/alarm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

#include "absl/strings/str_cat.h"
#include "alarm/alarm_json.h"
#include "alarm/text.h"
#include "model/alarm_id.h"
#include "tests/alarm/fakes.h"
#include "tests/alarm/json_schema.h"

namespace dcp::alarm {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::vector<Alarm> Make(const model::Outcome& outcome) {
  std::vector<Alarm> alarms = MakeAlarms(outcome, FakeRenderer());
  for (const Alarm& alarm : alarms) EXPECT_EQ(WrongByManual(alarm.json), "") << alarm.json;
  return alarms;
}

// The only alarm of `outcome`.
Alarm One(const model::Outcome& outcome) {
  std::vector<Alarm> alarms = Make(outcome);
  EXPECT_THAT(alarms, SizeIs(1));
  return alarms.at(0);
}

nlohmann::json DiffOf(const model::RowDiff& diff) {
  return nlohmann::json::parse(One(Diff({diff})).json).at("diffs").at(0);
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(absl::StrCat(DCP_SOURCE_DIR, "/", path));
  EXPECT_TRUE(in.is_open()) << path;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

TEST(AlarmJsonTest, DiffIsTheContractsObject) {
  const model::Verdict verdict = Diff({Missing()});
  EXPECT_EQ(
      One(verdict).json,
      absl::StrCat(
          R"({"type":"diff","id":")", model::AlarmId(verdict.head, "diff"),
          R"(","check":"orders","source":"src","target":"dst","epoch":1,"from":12,"to":13,)",
          R"("at":"2024-05-01T12:00:00.123Z","severity":"critical","late":false,"rows":{"source":10,"target":9},)",
          R"("diffs":[{"kind":"missing","table":"shop.orders","key":[42],)",
          R"("source":{"op":"INSERT","txn":"uuid:7","file":"bin.000007","pos":1234,)",
          R"("ts":"2024-05-01T11:59:58.000Z","row":[42,"x"]},"target":null,"columns":[],"row_columns":["id","v"]}],)",
          R"("diff_count":1,"known":0})"));
}

TEST(AlarmJsonTest, AStatementIsToldOrThatItIsNot) {
  model::RowDiff diff = Missing();
  EXPECT_FALSE(DiffOf(diff)["source"].contains("statement"));
  diff.source->statement = "INSERT INTO orders VALUES (42, 'x\n\xff')";
  diff.source->statement_size = diff.source->statement.size();
  EXPECT_EQ(DiffOf(diff)["source"]["statement"], "INSERT INTO orders VALUES (42, 'x\n\ufffd')");
  EXPECT_FALSE(DiffOf(diff)["source"].contains("statement_bytes"));
  diff.source->statement_size = 5000;
  EXPECT_EQ(DiffOf(diff)["source"]["statement_bytes"], 5000);
  diff.source->statement.clear();
  EXPECT_TRUE(DiffOf(diff)["source"]["statement"].is_null());
  EXPECT_FALSE(DiffOf(diff)["source"].contains("statement_bytes"));
}

TEST(AlarmJsonTest, TheRowBeforeIsToldWhereItIsKnown) {
  model::RowDiff diff = Mismatch();
  EXPECT_FALSE(DiffOf(diff)["source"].contains("before"));
  diff.source = Change(model::Op::kUpdate, "uuid:7", "[42,\"x\"]\n[42,\"w\"]");
  EXPECT_EQ(DiffOf(diff)["source"]["before"].dump(), R"([42,"w"])");
  EXPECT_EQ(DiffOf(diff)["source"]["row"].dump(), R"([42,"x"])");
  EXPECT_EQ(DiffOf(diff)["columns"].dump(), R"(["v"])");
}

TEST(AlarmJsonTest, SameHasCountsAndNoDiffs) {
  model::Verdict verdict = Same();
  verdict.late = true;
  EXPECT_THAT(One(verdict).json, StartsWith(R"({"type":"same","id":")"));
  EXPECT_THAT(One(verdict).json, EndsWith(R"("late":true,"rows":{"source":10,"target":9}})"));
}

TEST(AlarmJsonTest, UnverifiedNamesItsTableOrNull) {
  EXPECT_THAT(One(Unverified("gap", "binlogs purged", "")).json,
              EndsWith(R"("reason":"gap","detail":"binlogs purged","table":null})"));
  EXPECT_THAT(One(Unverified("image", "", "shop.orders")).json,
              EndsWith(R"("reason":"image","detail":"","table":"shop.orders"})"));
}

TEST(AlarmJsonTest, TimeoutAndResolved) {
  EXPECT_THAT(One(Late()).json, EndsWith(R"("last_barrier":20,"lag_seconds":30.500,)"
                                         R"("detail":"sends data but no barrier"})"));
  EXPECT_THAT(One(Ended()).json, EndsWith(absl::StrCat(R"("resolves":[")", std::string(32, 'a'),
                                                       R"("],"keys":["shop.orders[42]"]})")));
}

TEST(AlarmJsonTest, OfManyResolvedKeysTheFirstAreShownAndAllCounted) {
  model::Resolved many = Ended();
  many.keys.assign(kMaxResolvedKeys, "shop.orders[1]");
  EXPECT_THAT(One(many).json, Not(HasSubstr("key_count")));
  many.keys.push_back("shop.orders[2]");
  EXPECT_THAT(One(many).json, EndsWith(R"(,"shop.orders[1]"],"key_count":1001})"));
  EXPECT_THAT(One(many).text, HasSubstr("1001 rows equal again"));
}

TEST(AlarmJsonTest, SilentSourceIsATimeoutOfItsOwn) {
  model::Timeout silent = Late();
  silent.of_source = true;
  const Alarm alarm = One(silent);
  EXPECT_THAT(alarm.json, EndsWith(R"("last_barrier":20,"lag_seconds":30.500,"side":"source",)"
                                   R"("detail":"sends data but no barrier"})"));
  EXPECT_EQ(alarm.id, model::AlarmId(Head(20, 21), "timeout", model::kOfSource));
  EXPECT_NE(alarm.id, One(Late()).id);
  EXPECT_THAT(alarm.text, HasSubstr("the source has sent no barrier for 30.5s, so nothing is "
                                    "compared; its last barrier is 20; sends data"));
  model::Resolved ended = Ended();
  ended.keys.clear();
  ended.of_source = true;
  EXPECT_THAT(One(ended).text, HasSubstr(": the source sends barriers again; ends timeout "));
}

TEST(AlarmJsonTest, DiffThatSawNotAllIsTwoAlarms) {
  model::Verdict verdict = Diff({Missing()});
  verdict.unverified_reason = "image";
  const std::vector<Alarm> alarms = Make(verdict);
  ASSERT_THAT(alarms, SizeIs(2));
  EXPECT_EQ(alarms[0].type, model::AlarmType::kDiff);
  EXPECT_EQ(alarms[1].type, model::AlarmType::kUnverified);
  EXPECT_NE(alarms[0].id, alarms[1].id);
  EXPECT_TRUE(TypesOf(verdict).Contains(model::AlarmType::kUnverified));
}

TEST(AlarmJsonTest, IdsAreTheCheckersAndStable) {
  EXPECT_EQ(One(Diff({Missing()})).id, model::AlarmId(Head(), "diff"));
  EXPECT_EQ(One(Late()).id, model::AlarmId(Head(20, 21), "timeout"));
  EXPECT_EQ(One(Diff({Missing()})).id, One(Diff({Mismatch()})).id);
  EXPECT_NE(One(Diff({Missing()})).id, One(Diff({Missing()}, 13, 14)).id);
}

TEST(AlarmJsonTest, ResolvedByAVerificationNamesIt) {
  model::Resolved seen = Ended();
  seen.resolves.clear();
  seen.keys = {"shop.orders[42]"};
  const Alarm by_streams = One(seen);
  seen.job = "nightly";
  const Alarm by_job = One(seen);
  EXPECT_NE(by_job.id, by_streams.id);
  EXPECT_THAT(by_job.json, HasSubstr(R"("keys":["shop.orders[42]"],"job":"nightly"})"));
  EXPECT_THAT(by_job.text, HasSubstr("1 row equal again: shop.orders[42]; seen by verification "
                                     "nightly"));
}

TEST(AlarmJsonTest, ResolvedOfOneSegmentDifferByWhatTheyEnd) {
  model::Resolved other = Ended();
  other.resolves = {std::string(32, 'b')};
  EXPECT_NE(One(Ended()).id, One(other).id);
  EXPECT_EQ(One(Ended()).id, One(Ended()).id);
}

// A statement's table is known by its name alone.
TEST(AlarmJsonTest, KeyOfADdlStatement) {
  model::RowDiff diff = Missing();
  diff.kind = model::DiffKind::kDdl;
  diff.table = nullptr;
  diff.table_name = "shop.orders";
  diff.key_text = "shop.orders[ddl]";
  EXPECT_EQ(DiffOf(diff).at("key").dump(), R"(["ddl"])");
  EXPECT_EQ(DiffOf(diff).at("table"), "shop.orders");
}

TEST(AlarmJsonTest, KeysAreArrays) {
  const auto key_of = [](const model::Table* table, std::string text) {
    model::RowDiff diff = Missing();
    diff.table = table;
    diff.key_text = std::move(text);
    return DiffOf(diff).at("key").dump();
  };
  EXPECT_EQ(key_of(&Orders(), R"(shop.orders[42,"eu"])"), R"([42,"eu"])");
  EXPECT_EQ(key_of(&Orders(), "shop.orders[18446744073709551615]"), "[18446744073709551615]");
  EXPECT_EQ(key_of(&Orders(), "map[id:42]"), R"(["map[id:42]"])");
  EXPECT_EQ(key_of(&Orders(), "shop.orders[1]]"), R"(["shop.orders[1]]"])");
  EXPECT_EQ(key_of(nullptr, "order-7"), R"(["order-7"])");
  EXPECT_EQ(key_of(nullptr, "[7]"), R"(["[7]"])");
}

// As the checker says it: without the table's columns, by its name.
TEST(AlarmJsonTest, TheKeyOfAStatementIsDdl) {
  model::RowDiff diff = Missing();
  diff.kind = model::DiffKind::kDdl;
  diff.table = nullptr;
  diff.table_name = "shop.orders";
  diff.key_text = "shop.orders[ddl]";
  EXPECT_EQ(DiffOf(diff).at("table"), "shop.orders");
  EXPECT_EQ(DiffOf(diff).at("key").dump(), R"(["ddl"])");
}

TEST(AlarmJsonTest, PushedKeyHasNoTable) {
  model::RowDiff diff = Missing();
  diff.table = nullptr;
  EXPECT_TRUE(DiffOf(diff).at("table").is_null());
}

TEST(AlarmJsonTest, WhatIsNotToldIsNull) {
  model::RowDiff diff = Missing();
  diff.source = model::ChangeEvidence{.op = model::Op::kOther,
                                      .txn = "",
                                      .file = "",
                                      .offset = 0,
                                      .timestamp_micros = 0,
                                      .content = ""};
  EXPECT_EQ(
      DiffOf(diff).at("source"),
      nlohmann::json::parse(R"({"op":"","txn":null,"file":null,"pos":null,"ts":null,"row":null})"));
}

TEST(AlarmJsonTest, ColumnsAreNamedWhereBothRowsAreKnown) {
  EXPECT_EQ(DiffOf(Mismatch()).at("columns"), nlohmann::json({"v"}));
  model::RowDiff unnamed = Mismatch();
  unnamed.table = nullptr;
  EXPECT_EQ(DiffOf(unnamed).at("columns"), nlohmann::json({"1"}));
}

TEST(AlarmJsonTest, DeleteLeavesNoRowToCompare) {
  model::RowDiff diff = Mismatch();
  diff.target->op = model::Op::kDelete;
  EXPECT_TRUE(DiffOf(diff).at("columns").empty());
}

TEST(AlarmJsonTest, PresentRowsNameTheColumnsOtherwise) {
  model::RowDiff diff = Missing();
  diff.source_present = model::PresentRow{.exists = true, .content = R"([42,"x"])"};
  diff.target_present = model::PresentRow{.exists = true, .content = R"([43,"z"])"};
  EXPECT_EQ(DiffOf(diff).at("columns"), nlohmann::json({"id", "v"}));
}

TEST(AlarmJsonTest, PresentTellsNoRowFromNotRead) {
  model::RowDiff diff = Missing();
  EXPECT_FALSE(DiffOf(diff).contains("present"));
  diff.target_present = model::PresentRow{};
  EXPECT_EQ(DiffOf(diff).at("present"), nlohmann::json::parse(R"({"target":null})"));
  diff.source_present = model::PresentRow{.exists = true, .content = R"([42,"x"])"};
  EXPECT_EQ(DiffOf(diff).at("present"),
            nlohmann::json::parse(R"({"source":[42,"x"],"target":null})"));
}

TEST(AlarmJsonTest, DetailIsThereWhenItIsSet) {
  model::RowDiff diff = Missing();
  EXPECT_FALSE(DiffOf(diff).contains("detail"));
  diff.detail = "DROP TABLE ran on the source";
  EXPECT_EQ(DiffOf(diff).at("detail"), "DROP TABLE ran on the source");
}

TEST(AlarmJsonTest, DdlHasNoOp) {
  model::RowDiff diff = Missing();
  diff.kind = model::DiffKind::kDdl;
  EXPECT_EQ(DiffOf(diff).at("source").at("op"), "");
}

TEST(AlarmJsonTest, AnyBytesGiveOneValidLine) {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  model::RowDiff diff = Missing();
  diff.table = nullptr;
  diff.key_text = bytes;
  diff.detail = bytes;
  diff.source->txn = bytes;
  model::Verdict verdict = Diff({diff});
  verdict.head.check = bytes;
  const Alarm alarm = One(verdict);
  EXPECT_TRUE(nlohmann::json::accept(alarm.json));
  EXPECT_EQ(alarm.json.find('\n'), std::string::npos);
  const bool printable = std::none_of(alarm.text.begin(), alarm.text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  EXPECT_TRUE(printable) << alarm.text;
}

// The schema.

std::vector<model::Outcome> AllOutcomes() {
  model::RowDiff full = Mismatch();
  full.source_present = model::PresentRow{.exists = true, .content = R"([42,"x"])"};
  full.target_present = model::PresentRow{};
  full.detail = "d";
  full.source->statement = "UPDATE";
  full.source->statement_size = 100;
  full.target->statement_size = 100;
  model::RowDiff pushed = Missing();
  pushed.table = nullptr;
  pushed.source->file.clear();
  pushed.source->timestamp_micros = 0;
  pushed.source->content = R"("free text")";
  model::Verdict both = Diff({Missing(), full, pushed});
  both.unverified_reason = "gap";
  both.diff_tables = {{"shop.orders", 2}};
  std::vector<model::Outcome> outcomes = {Same(), both, Unverified("image", "d", "t.t"), Late(),
                                          Ended()};
  for (auto kind : {model::DiffKind::kMissing, model::DiffKind::kStale, model::DiffKind::kMismatch,
                    model::DiffKind::kExtra, model::DiffKind::kHealed, model::DiffKind::kReordered,
                    model::DiffKind::kDdl}) {
    model::RowDiff diff = Mismatch();
    diff.kind = kind;
    outcomes.emplace_back(Diff({diff}));
  }
  return outcomes;
}

class AlarmSchemaTest : public ::testing::Test {
 protected:
  const nlohmann::json schema_ = nlohmann::json::parse(ReadFile("docs/alarm.schema.json"));
};

TEST_F(AlarmSchemaTest, HoldsForEveryAlarm) {
  std::set<std::string> types;
  for (const model::Outcome& outcome : AllOutcomes()) {
    for (const Alarm& alarm : Make(outcome)) {
      EXPECT_EQ(ValidateJson(schema_, nlohmann::json::parse(alarm.json)), "") << alarm.json;
      types.insert(model::ToString(alarm.type));
    }
  }
  EXPECT_THAT(types, SizeIs(model::kAllAlarmTypes.size()));
}

TEST_F(AlarmSchemaTest, RefusesEveryAlarmThatLosesAField) {
  for (const model::Outcome& outcome : AllOutcomes()) {
    for (const Alarm& alarm : Make(outcome)) {
      const auto object = nlohmann::json::parse(alarm.json);
      for (const auto& [name, value] : object.items()) {
        if (name == "detail" && alarm.type == model::AlarmType::kTimeout) continue;  // optional
        if (name == "tables" || name == "common") continue;                          // optional
        nlohmann::json less = object;
        less.erase(name);
        EXPECT_NE(ValidateJson(schema_, less), "") << name << " of " << alarm.json;
      }
    }
  }
}

TEST_F(AlarmSchemaTest, RefusesWrongValues) {
  const auto with = [this](const char* name, const nlohmann::json& value) {
    nlohmann::json object = nlohmann::json::parse(One(Diff({Missing()})).json);
    object[name] = value;
    return ValidateJson(schema_, object);
  };
  EXPECT_EQ(with("from", 11), "");
  EXPECT_NE(with("from", -1), "");
  EXPECT_NE(with("from", "11"), "");
  EXPECT_NE(with("id", "x"), "");
  EXPECT_NE(with("at", "2024-05-01 12:00:00"), "");
  EXPECT_NE(with("extra", 1), "");
  EXPECT_NE(with("type", "same"), "");
}

TEST(AlarmDocsTest, PageNamesEveryWord) {
  const std::string page = ReadFile("docs/alarms.md");
  for (model::AlarmType type : model::kAllAlarmTypes) {
    EXPECT_THAT(page, HasSubstr(absl::StrCat("`", model::ToString(type), "`")));
  }
  const auto schema = nlohmann::json::parse(ReadFile("docs/alarm.schema.json"));
  for (const auto& [name, definition] : schema.at("$defs").items()) {
    if (!definition.contains("properties")) continue;
    for (const auto& [property, rule] : definition.at("properties").items()) {
      EXPECT_THAT(page, HasSubstr(absl::StrCat("`", property, "`"))) << name;
    }
  }
  for (const auto& kind :
       schema.at("$defs").at("difference").at("properties").at("kind").at("enum")) {
    EXPECT_THAT(page, HasSubstr(absl::StrCat("| `", kind.get<std::string>(), "` |")));
  }
}

// Lines for people.

TEST(AlarmTextTest, MissingRow) {
  EXPECT_EQ(One(Diff({Missing()})).text,
            "DIFF orders src->dst segment 12..13: 1 row: missing shop.orders[42]: source INSERT "
            "[42,\"x\"] in uuid:7; target did not touch it in this segment");
}

TEST(AlarmTextTest, UntouchedSourceIsNotSaidToHaveNothing) {
  model::RowDiff diff = Missing();
  diff.kind = model::DiffKind::kExtra;
  diff.target = Change(model::Op::kUpdate, "uuid:9", R"([42,"y"])");
  diff.source.reset();
  diff.source_present = model::PresentRow{.exists = true, .content = R"([42,"x"])"};
  diff.target_present = model::PresentRow{.exists = true, .content = R"([42,"y"])"};
  EXPECT_EQ(One(Diff({diff})).text,
            "DIFF orders src->dst segment 12..13: 1 row: extra shop.orders[42]: source did not "
            "touch it in this segment; target UPDATE to [42,\"y\"] in uuid:9; now: source "
            "[42,\"x\"], target "
            "[42,\"y\"]; differs in v");
}

TEST(AlarmTextTest, MismatchNamesColumnsAndPresentRows) {
  model::RowDiff diff = Mismatch();
  diff.source_present = model::PresentRow{.exists = true, .content = R"([42,"x"])"};
  diff.target_present = model::PresentRow{};
  EXPECT_EQ(One(Diff({diff})).text,
            "DIFF orders src->dst segment 12..13: 1 row: mismatch shop.orders[42]: source INSERT "
            "[42,\"x\"] in uuid:7; target INSERT [42,\"y\"] in uuid:9; now: source [42,\"x\"], "
            "target has no such row; differs in v");
}

TEST(AlarmTextTest, OnlyTheSideThatWasReadIsShown) {
  model::RowDiff diff = Missing();
  diff.target_present = model::PresentRow{.exists = true, .content = ""};
  EXPECT_THAT(One(Diff({diff})).text,
              EndsWith("; target did not touch it in this segment; now: target has the row"));
}

TEST(AlarmTextTest, ChangeWithoutTransactionIdHasItsPosition) {
  model::RowDiff diff = Missing();
  diff.source->txn.clear();
  EXPECT_THAT(One(Diff({diff})).text, HasSubstr("[42,\"x\"] at bin.000007:1234;"));
}

TEST(AlarmTextTest, DeleteIsOfTheRowThatWas) {
  model::RowDiff diff = Mismatch();
  diff.target = Change(model::Op::kDelete, "uuid:9", R"([42,"x"])");
  EXPECT_THAT(One(Diff({diff})).text, EndsWith("; target DELETE of [42,\"x\"] in uuid:9"));
  diff.target->content.clear();
  EXPECT_THAT(One(Diff({diff})).text, EndsWith("; target DELETE in uuid:9"));
}

TEST(AlarmTextTest, ManyRowsAreCut) {
  model::Verdict verdict = Diff({Missing(), Missing(), Missing(), Missing()});
  verdict.diff_count = 250;
  EXPECT_THAT(One(verdict).text, HasSubstr(": 250 rows: missing"));
  EXPECT_THAT(One(verdict).text,
              EndsWith("; and 247 more; in common: all missing; one source transaction "
                       "uuid:7"));
}

TEST(AlarmTextTest, OnlyKnownDifferences) {
  model::Verdict verdict = Diff({});
  verdict.known = 2;
  verdict.late = true;
  EXPECT_EQ(One(verdict).text,
            "DIFF orders src->dst segment 12..13: 2 rows known to differ touched again; the "
            "target was late");
}

TEST(AlarmTextTest, Ddl) {
  model::RowDiff diff = Missing();
  diff.kind = model::DiffKind::kDdl;
  diff.key_text = "shop.orders[ddl]";
  diff.detail = "TRUNCATE TABLE shop.orders";
  EXPECT_EQ(One(Diff({diff})).text,
            "DIFF orders src->dst segment 12..13: 1 row: ddl shop.orders[ddl]: source ran it in "
            "uuid:7; target did not: TRUNCATE TABLE shop.orders");
}

TEST(AlarmTextTest, TheOtherTypes) {
  EXPECT_EQ(One(Same()).text,
            "SAME orders src->dst segment 12..13: 10 rows changed on the source, 9 on the target");
  EXPECT_EQ(One(Unverified("gap", "binlogs purged", "")).text,
            "UNVERIFIED orders src->dst segment 12..13: what changed could not be compared (gap): "
            "binlogs purged");
  EXPECT_EQ(One(Late()).text,
            "TIMEOUT orders src->dst segment 20..21: the target is 30.5s behind; its last barrier "
            "is 20; sends data but no barrier");
  EXPECT_EQ(One(Ended()).text,
            "RESOLVED orders src->dst segment 15..16: 1 row equal again: shop.orders[42]");
  model::Resolved timeout = Ended();
  timeout.keys.clear();
  EXPECT_THAT(One(timeout).text,
              EndsWith(absl::StrCat(": the target is no longer late; ends timeout ",
                                    std::string(32, 'a'))));
}

TEST(AlarmTextTest, LineIsBoundedWhateverTheRowsAre) {
  model::RowDiff diff = Mismatch();
  diff.key_text = std::string(1'000'000, 'k');
  diff.source->content = absl::StrCat("[\"", std::string(1'000'000, 'x'), "\",1]");
  diff.detail = std::string(1'000'000, 'd');
  EXPECT_LT(One(Diff({diff, diff, diff, diff})).text.size(), 5'000u);
}

TEST(TextTest, ReadableCutsAtCharacters) {
  EXPECT_EQ(Readable("abc", 3), "abc");
  EXPECT_EQ(Readable("abcd", 3), "abc\xe2\x80\xa6");
  EXPECT_EQ(Readable("\xc3\xa4\xc3\xb6\xc3\xbc", 3), "\xc3\xa4\xc3\xb6\xe2\x80\xa6");
}

TEST(TextTest, ReadableEscapesWhatMovesACursor) {
  EXPECT_EQ(Readable("a\x1b[2Jb\n\x7f\xc2\x9b\xff"), "a\\x1b[2Jb\\x0a\\x7f\\x9b\\xff");
}

TEST(TextTest, JsonStringReplacesWhatIsNotUtf8) {
  EXPECT_EQ(JsonString("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(JsonString("\xc0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");  // overlong
  EXPECT_EQ(JsonString("\xed\xa0\x80").size(), 2u + 9u);              // surrogate
  EXPECT_EQ(JsonString("\xf4\x90\x80\x80").size(), 2u + 12u);         // beyond U+10FFFF
  EXPECT_EQ(JsonString("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");  // cut
  EXPECT_EQ(JsonString("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");
  EXPECT_EQ(JsonString("a\"\\\n\x01"), "\"a\\\"\\\\\\n\\u0001\"");
}

}  // namespace
}  // namespace dcp::alarm
