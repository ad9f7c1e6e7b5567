#include "mysql/json_diff.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/mysql/test_events.h"

namespace dcp::mysql {
namespace {

enum : uint8_t { kReplace = 0, kInsert = 1, kRemove = 2 };

std::string Packed(const std::string& bytes) { return Le(bytes.size(), 1) + bytes; }

// Values as JSONB: a string, a small array of the literals true and false.
std::string String(const std::string& text) { return "\x0c" + Packed(text); }
std::string TrueFalse() {
  return "\x02" + Le(2, 2) + Le(10, 2) + "\x04" + Le(1, 2) + "\x04" + Le(2, 2);
}

std::string Diff(uint8_t operation, const std::string& path, const std::string& value = "") {
  return Le(operation, 1) + Packed(path) + (operation == kRemove ? "" : Packed(value));
}

// The document after `diffs`, or what became of them.
std::string After(std::string document, const std::string& diffs) {
  switch (ApplyJsonDiffs(AsBytes(diffs), &document)) {
    case JsonDiffResult::kApplied:
      return document;
    case JsonDiffResult::kRejected:
      return "rejected";
    case JsonDiffResult::kDamaged:
      return "damaged";
  }
  return "";
}

std::string Replaced(const std::string& document, const std::string& path) {
  return After(document, Diff(kReplace, path, String("x")));
}
std::string Inserted(const std::string& document, const std::string& path) {
  return After(document, Diff(kInsert, path, String("x")));
}
std::string Removed(const std::string& document, const std::string& path) {
  return After(document, Diff(kRemove, path));
}

TEST(JsonDiffTest, NoDiffsLeaveTheDocument) {
  const std::string document =
      R"({"":null,"b":[1,-2.5,1e+20,[],{}],"\"q\\\u0001":"a\"\\\n\u0001é😀","bb":{"a":true}})";
  EXPECT_EQ(After(document, ""), document);
}

TEST(JsonDiffTest, ReplacesWhatIsThere) {
  EXPECT_EQ(Replaced("1", "$"), R"("x")");
  EXPECT_EQ(Replaced(R"({"a":1,"b":[1,2]})", "$.b[1]"), R"({"a":1,"b":[1,"x"]})");
  EXPECT_EQ(Replaced(R"({"a":1})", "$.a[0]"), R"({"a":"x"})");  // a scalar is its own cell 0
  EXPECT_EQ(Replaced("[1,2,3]", "$[last]"), R"([1,2,"x"])");
  EXPECT_EQ(Replaced("[1,2,3]", "$[last-2]"), R"(["x",2,3])");
  EXPECT_EQ(Replaced(R"({"a":1})", "$.b"), "rejected");
  EXPECT_EQ(Replaced("[1]", "$[1]"), "rejected");
  EXPECT_EQ(Replaced("[1]", "$[last-1]"), "rejected");
  EXPECT_EQ(Replaced("[1]", "$.a"), "rejected");
}

TEST(JsonDiffTest, InsertsWhereNothingIs) {
  EXPECT_EQ(Inserted(R"({"a":1,"cc":2})", "$.b"), R"({"a":1,"b":"x","cc":2})");
  EXPECT_EQ(Inserted(R"({"b":1,"cc":2})", "$.aa"), R"({"b":1,"aa":"x","cc":2})");
  EXPECT_EQ(Inserted("{}", "$.a"), R"({"a":"x"})");
  EXPECT_EQ(Inserted("[1,2]", "$[0]"), R"(["x",1,2])");
  EXPECT_EQ(Inserted("[1,2]", "$[9]"), R"([1,2,"x"])");
  EXPECT_EQ(Inserted("[1,2]", "$[last]"), R"([1,"x",2])");
  EXPECT_EQ(Inserted(R"({"a":1})", "$.a"), "rejected");
  EXPECT_EQ(Inserted(R"({"a":1})", "$.b.c"), "rejected");
  EXPECT_EQ(Inserted("1", "$[0]"), "rejected");
  EXPECT_EQ(Inserted("1", "$"), "rejected");
}

TEST(JsonDiffTest, RemovesWhatIsThere) {
  EXPECT_EQ(Removed(R"({"a":1,"b":2})", "$.a"), R"({"b":2})");
  EXPECT_EQ(Removed(R"([1,{"a":[1]}])", "$[1].a[0]"), R"([1,{"a":[]}])");
  EXPECT_EQ(Removed("[1]", "$[1]"), "rejected");
  EXPECT_EQ(Removed("[1]", "$"), "rejected");
}

TEST(JsonDiffTest, QuotedNamesArePartsOfAPath) {
  EXPECT_EQ(Replaced(R"({"a.b[0]*":1})", R"($."a.b[0]*")"), R"({"a.b[0]*":"x"})");
  EXPECT_EQ(Replaced(R"({"q\"\\é":1})", R"($."q\"\\\u00e9")"), R"({"q\"\\é":"x"})");
  EXPECT_EQ(Replaced(R"({"😀":1})", R"($."\ud83d\ude00")"), R"({"😀":"x"})");
  EXPECT_EQ(Replaced(R"({"":1})", R"($."")"), R"({"":"x"})");
}

TEST(JsonDiffTest, PathsOfOtherFormsAreRejected) {
  for (const char* path : {"", "a", "$a", "$.", "$.*", "$[*]", "$**.a", "$[1 to 2]", "$[-1]", "$[",
                           "$[]", "$[last+1]", "$[99999999999999999999]", "$.\"a", "$.\"\\x\"",
                           "$.\"\\ud83d\"", "$.\"\\ud83dzz\"", "$.\"\\u00g0\""}) {
    EXPECT_EQ(Replaced(R"({"a":[1]})", path), "rejected") << path;
  }
}

TEST(JsonDiffTest, DiffsAreAppliedOneAfterTheOther) {
  EXPECT_EQ(After(R"({"a":1})", Diff(kInsert, "$.b", TrueFalse()) + Diff(kRemove, "$.b[0]") +
                                    Diff(kReplace, "$.a", String("é"))),
            R"({"a":"é","b":[false]})");
}

TEST(JsonDiffTest, DamageIsRefusedAtEveryByte) {
  const std::string diffs = Diff(kInsert, "$.b", TrueFalse()) + Diff(kReplace, "$.a", String("x"));
  const size_t first = Diff(kInsert, "$.b", TrueFalse()).size();
  for (size_t size = 1; size < diffs.size(); ++size) {
    if (size == first) continue;
    EXPECT_EQ(After(R"({"a":1})", diffs.substr(0, size)), "damaged") << size;
  }
  EXPECT_EQ(After("1", Le(3, 1) + Packed("$") + Packed(String("x"))), "damaged");
  EXPECT_EQ(After("1", Diff(kReplace, "$", "\x63")), "damaged");
}

TEST(JsonDiffTest, NoDocumentGetsDeeperThanTheServersOwn) {
  const std::string document = std::string(100, '[') + std::string(100, ']');
  std::string path = "$";
  for (int i = 1; i < 100; ++i) path += "[0]";
  EXPECT_EQ(After(document, Le(kInsert, 1) + "\xfc" + Le(path.size() + 3, 2) + path + "[0]" +
                                Packed(String("x"))),
            std::string(100, '[') + "\"x\"" + std::string(100, ']'));
  EXPECT_EQ(After(document, Le(kInsert, 1) + "\xfc" + Le(path.size() + 3, 2) + path + "[0]" +
                                Packed(TrueFalse())),
            "rejected");
}

}  // namespace
}  // namespace dcp::mysql
