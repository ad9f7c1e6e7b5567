// Repairs while the source is written to and the target follows; and on every flavour of server.
#include "tests/verifier/live_writer.h"
#include "tests/verifier/repair_fixture.h"

namespace dcp::verifier {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr int kDifferences = 1000;

class RepairLiveTest : public RepairTest,
                       public ::testing::WithParamInterface<test::ReplicaPairOptions> {
 protected:
  RepairLiveTest() : RepairTest(GetParam()), rows_(Runs() > 1 ? Rows() : Rows() / 5) {}

  void SetUp() override {
    RepairTest::SetUp();
    options_.sync.timeout = absl::Minutes(1);  // however busy the replica's machine is
    FillLiveTable(pair(), rows_);
  }

  const int rows_;
};

TEST_P(RepairLiveTest, AThousandDifferencesAreRepairedAndTakenBackWhileOtherRowsAreWritten) {
  FullRate rate;
  for (int run = 0; run < Runs(); ++run) {
    const uint32_t seed = kWriterSeed + static_cast<uint32_t>(run);
    Injected injected(pair(), rows_, kDifferences, seed);
    const Writer writer(pair().source(), rows_, {.seed = seed});
    Repair();
    EXPECT_THAT(repaired_.open, IsEmpty());
    EXPECT_EQ(Repaired("shop.t").repaired, static_cast<uint64_t>(kDifferences));
    Run();
    EXPECT_THAT(events_.Found(), IsEmpty());
    Undo();
    Run();
    EXPECT_THAT(events_.Found(), ElementsAreArray(injected.expected()));
    std::cout << "run " << run << ": ";
    rate.Add(writer);
    injected.TakeBack();
  }
}

// The wrong rows themselves are written to, while they are repaired: no write is lost. The replica
// goes on where a row is missing, or is there already, as many do.
TEST_P(RepairLiveTest, RowsThatAreWrittenMeanwhileEndAsTheSourceHasThem) {
  ASSERT_OK(pair().replica().Execute("SET GLOBAL slave_exec_mode = 'IDEMPOTENT'"));
  const Injected injected(pair(), rows_, kDifferences / 5, kWriterSeed);
  {
    const Writer writer(pair().source(), rows_, {.all = true});
    const RepairReport report = Report();
    ASSERT_OK(TryRepair(report));
    // What changed in every round is looked at once more.
    for (int i = 0; i < 20 && !repaired_.open.empty(); ++i) ASSERT_OK(TryRepair(report));
    EXPECT_THAT(repaired_.open, IsEmpty());
  }
  ASSERT_OK(pair().WaitForReplica());
  EXPECT_EQ(Bytes(pair().replica(), "shop.t", {"id", "v", "t"}),
            Bytes(pair().source(), "shop.t", {"id", "v", "t"}));
}

INSTANTIATE_TEST_SUITE_P(, RepairLiveTest, ReplicatingPairs(), NameOfPair);

class RepairFlavourTest : public RepairTest, public ::testing::WithParamInterface<test::Flavour> {
 protected:
  RepairFlavourTest() : RepairTest(test::PairOf(GetParam())) {}
};

TEST_P(RepairFlavourTest, EveryTypeIsRepairedAndTakenBack) {
  OnBoth(
      "CREATE TABLE shop.t (a INT UNSIGNED, b VARCHAR(9) CHARACTER SET latin1, v VARCHAR(20), c "
      "CHAR(5), f FLOAT, d DOUBLE, n DECIMAL(20,6), dt DATETIME(3), ti TIME, y YEAR, x BINARY(4), "
      "y2 VARBINARY(9), e ENUM('q','p'), s SET('m','n'), bi BIT(12), ts TIMESTAMP NULL, u INT "
      "UNIQUE, PRIMARY KEY (b, a)) DEFAULT CHARSET=utf8mb4");
  const std::vector<std::string> columns = {"a",    "b",  "v", "c",   "f+0e0",    "d", "n",
                                            "dt",   "ti", "y", "x",   "y2",       "e", "s",
                                            "bi+0", "ts", "u", "e+0", "LENGTH(v)"};
  OnSourceOnly(
      "INSERT INTO shop.t VALUES (1, '''; --', 'Gr\xc3\xbc\xc3\x9f', 'x', 0.1, 0.1, 1.5, "
      "'2026-01-02 03:04:05.5', '-10:00:00', 2026, x'01', x'ff00', 'p', 'n,m', 5, '2026-01-02 "
      "03:04:05', 2), (2, 'a', '', '', 16777216, 1e100, -0.000001, '1999-12-31', '838:59:59', "
      "1999, "
      "'', '', 'q', '', 4095, NULL, 1), (4294967295, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
      "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
  OnTarget(
      "INSERT INTO shop.t VALUES (1, '''; --', 'Grub', 'X', 0.2, 0.30000000000000004, 1.500001, "
      "'2026-01-02 03:04:05.501', '10:00:00', 2025, x'0100ff', x'ff', 'q', 'n', 6, NULL, 1), (2, "
      "'a', ' ', NULL, 16777218, 1e101, 0, '0000-00-00', '00:00:00', 0, NULL, x'00', NULL, NULL, "
      "0, "
      "'1999-12-31 23:59:59', 2), (3, '\xe2\x82\xac', '', '', 0, 0, 0, '2026-01-01', '0:0:0', "
      "2000, "
      "x'ff', x'27', 'p', 'm', 0, '2038-01-19 03:14:07', 3)");
  const std::string before = Bytes(pair().replica(), "shop.t", columns);
  Repair();
  EXPECT_THAT(repaired_.open, IsEmpty());
  EXPECT_EQ(Repaired("shop.t").repaired, 4u);
  ExpectEqual();
  EXPECT_EQ(Bytes(pair().replica(), "shop.t", columns), Bytes(pair().source(), "shop.t", columns));
  Undo();
  EXPECT_EQ(Bytes(pair().replica(), "shop.t", columns), before);
}

TEST_P(RepairFlavourTest, ForeignKeysAndCascadesAreHeeded) {
  OnBoth(
      "CREATE TABLE shop.p (id INT PRIMARY KEY, v INT) ENGINE=InnoDB; CREATE TABLE shop.c (id INT "
      "PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES shop.p (id) ON DELETE CASCADE ON UPDATE "
      "CASCADE) ENGINE=InnoDB");
  OnSourceOnly("INSERT INTO shop.p VALUES (1, 1); INSERT INTO shop.c VALUES (1, 1)");
  OnTarget("INSERT INTO shop.p VALUES (9, 1); INSERT INTO shop.c VALUES (9, 9)");
  options_.tables = {{{"shop.p", "", {}}, ""}};
  Repair();
  EXPECT_EQ(Repaired("shop.p").failed, 1u);  // its child would go with it
  options_.tables = {{{"shop.*", "", {}}, ""}};
  Repair();
  EXPECT_THAT(repaired_.open, IsEmpty());
  ExpectEqual();
}

INSTANTIATE_TEST_SUITE_P(, RepairFlavourTest,
                         ::testing::Values(test::Flavour::kMariaDb, test::Flavour::kMysql56),
                         [](const auto& tested) { return test::NameOf(tested.param); });

}  // namespace
}  // namespace dcp::verifier
