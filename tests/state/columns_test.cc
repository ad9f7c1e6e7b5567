#include "state/columns.h"

#include <gtest/gtest.h>

namespace dcp::state {
namespace {

using model::Version;

TEST(ColumnsTest, VersionsAreReadBack) {
  for (const Version& version :
       {Version::Absent(), Version::Unknown(), Version::Content({1, ~uint64_t{0}})}) {
    EXPECT_EQ(VersionFromColumn(ToColumn(version)), version) << ToColumn(version);
  }
}

TEST(ColumnsTest, OtherTextIsNoVersion) {
  const std::string digest = ToColumn(Version::Content({1, 2}));
  for (const std::string& text :
       {std::string(), std::string("Absent"), digest + "0", digest.substr(1),
        "g" + digest.substr(1), "A" + digest.substr(1)}) {
    EXPECT_EQ(VersionFromColumn(text), std::nullopt) << text;
  }
}

TEST(ColumnsTest, ListsAreReadBack) {
  using Texts = std::vector<std::string>;
  for (const Texts& texts :
       {Texts(), Texts{""}, Texts{"", ""}, Texts{"a", "b"}, Texts{"a\nb", "\\", "\\n\n", "\n"}}) {
    EXPECT_EQ(TextsFromColumn(ToColumn(texts)), texts) << ToColumn(texts);
  }
}

TEST(ColumnsTest, CutListsAreRefused) {
  EXPECT_EQ(TextsFromColumn("a"), std::nullopt);
  EXPECT_EQ(TextsFromColumn("a\nb"), std::nullopt);
  EXPECT_EQ(TextsFromColumn("a\\"), std::nullopt);
}

TEST(ColumnsTest, EveryKindAndTypeIsReadBack) {
  for (int i = 0; i <= static_cast<int>(model::DiffKind::kDdl); ++i) {
    const auto kind = static_cast<model::DiffKind>(i);
    EXPECT_EQ(KindFromColumn(model::ToString(kind)), kind);
  }
  for (model::AlarmType type : model::kAllAlarmTypes) {
    EXPECT_EQ(TypeFromColumn(model::ToString(type)), type);
  }
  EXPECT_EQ(KindFromColumn("unknown"), std::nullopt);
  EXPECT_EQ(KindsFromColumn("missing\nno\n"), std::nullopt);
}

}  // namespace
}  // namespace dcp::state
