// What a StateStore says of a directory that is in use, damaged, full, foreign or newer.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "state/schema.h"
#include "state/state_store.h"
#include "tests/state/fixture.h"

namespace dcp::state {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class StateFilesTest : public StateTest {
 protected:
  // Reports 0 to `reports` - 1, all in state.db itself.
  void FillAndClose(uint64_t reports) {
    Open();
    for (uint64_t n = 0; n < reports; ++n) ASSERT_OK(Append(n));
    Close();
    ASSERT_FALSE(fs::exists(dir_.db() + "-wal"));
  }
  // Not changed by a refused Open().
  void ExpectRefusedAsItIs(absl::StatusCode code, const std::string& word) {
    const std::string before = ReadFile(dir_.db());
    EXPECT_THAT(TryOpen(), test::StatusIs(code, AllOf(HasSubstr(dir_.db()), HasSubstr(word))));
    EXPECT_TRUE(ReadFile(dir_.db()) == before);
  }
};

TEST_F(StateFilesTest, ASecondOneIsToldWhoHoldsTheDirectory) {
  Open();
  EXPECT_THAT(StateStore::Open(options_),
              test::StatusIs(absl::StatusCode::kFailedPrecondition,
                             AllOf(HasSubstr(dir_.path() + "/lock"),
                                   HasSubstr(absl::StrCat("process ", getpid())))));
  Close();
  EXPECT_OK(TryOpen());
}

TEST_F(StateFilesTest, ADirectoryThatCannotBeMadeIsNamed) {
  WriteFile(dir_.path(), "a file");
  EXPECT_THAT(TryOpen(),
              test::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(dir_.path())));
}

TEST_F(StateFilesTest, NewerVersionIsRefused) {
  FillAndClose(1);
  Query("PRAGMA user_version = 99");
  ExpectRefusedAsItIs(absl::StatusCode::kFailedPrecondition, "newer dcp");
}

TEST_F(StateFilesTest, DatabaseOfAnotherProgramIsRefused) {
  fs::create_directories(dir_.path());
  {
    ASSERT_OK_AND_ASSIGN(const auto other, Database::Open(dir_.db(), Database::Mode::kCreate));
    ASSERT_OK(other->Execute("CREATE TABLE t (a)"));
  }
  ExpectRefusedAsItIs(absl::StatusCode::kDataLoss, "not a database of dcp");
}

TEST_F(StateFilesTest, FileThatIsNoDatabaseIsRefusedWithTheCure) {
  fs::create_directories(dir_.path());
  WriteFile(dir_.db(), std::string(8192, 'x'));
  ExpectRefusedAsItIs(absl::StatusCode::kDataLoss, "move it and the files");
}

TEST_F(StateFilesTest, EmptyFileIsDamageAndNotANewState) {
  FillAndClose(1);
  WriteFile(dir_.db(), "");
  ExpectRefusedAsItIs(absl::StatusCode::kDataLoss, "");
}

TEST_F(StateFilesTest, LogWithoutItsDatabaseIsDamage) {
  Open();
  ASSERT_OK(Append(1));
  const std::string log = ReadFile(dir_.db() + "-wal");
  Close();
  fs::remove(dir_.db());
  WriteFile(dir_.db() + "-wal", log);
  EXPECT_THAT(TryOpen(), test::StatusIs(absl::StatusCode::kDataLoss, HasSubstr("is missing")));
}

TEST_F(StateFilesTest, RestOfACreationThatWasCutOffIsReplaced) {
  fs::create_directories(dir_.path());
  WriteFile(dir_.db() + ".new", "half");
  EXPECT_OK(TryOpen());
  EXPECT_TRUE(store_->is_new());
}

TEST_F(StateFilesTest, CutFileIsNeverTakenForWhole) {
  FillAndClose(50);
  const std::string whole = ReadFile(dir_.db());
  for (size_t size = 0; size < whole.size(); size += 1021) {
    WriteFile(dir_.db(), whole.substr(0, size));
    EXPECT_THAT(TryOpen(), test::HasCode(absl::StatusCode::kDataLoss)) << size;
  }
  WriteFile(dir_.db(), whole);
  EXPECT_OK(TryOpen());
}

// Damage is refused, or it is where nothing depends on it: in the history, or in free room.
TEST_F(StateFilesTest, DamagedBytesAreFoundOrDoNotMatter) {
  FillAndClose(100);
  Open();
  const model::StoredPair before = Load();
  const std::vector<std::string> waiting = Waiting("a");
  Close();
  const std::string whole = ReadFile(dir_.db());
  std::mt19937 random(20'240'501);
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    std::string damaged = whole;
    const size_t at = random() % whole.size();
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
    WriteFile(dir_.db(), damaged);
    const absl::Status status = TryOpen();
    if (!status.ok()) {
      ++refused;
      continue;
    }
    EXPECT_EQ(Load().state, before.state) << "byte " << at;
    EXPECT_EQ(Load().findings, before.findings) << "byte " << at;
    EXPECT_EQ(Waiting("a"), waiting) << "byte " << at;
    Append(1000).IgnoreError();
    Close();
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(dir_.db() + suffix);
  }
  EXPECT_GT(refused, 50);
}

TEST_F(StateFilesTest, ChangedValuesAreFound) {
  FillAndClose(5);
  const std::string whole = ReadFile(dir_.db());
  for (const char* sql :
       {"UPDATE pairs SET target = 'dsu'", "UPDATE pair_states SET said_to = said_to + 1",
        "UPDATE pair_states SET run_from = NULL", "UPDATE findings SET kind = 'stale'",
        "UPDATE findings SET source = 'unknown'", "UPDATE alarms SET json = '{}'",
        "UPDATE alarms SET type = 'same'", "UPDATE deliveries SET put_aside = 1",
        "UPDATE sinks SET name = name || 'x'"}) {
    Query(sql);
    EXPECT_THAT(TryOpen(),
                test::StatusIs(absl::StatusCode::kDataLoss, HasSubstr("is not what was written")))
        << sql;
    WriteFile(dir_.db(), whole);
  }
}

TEST_F(StateFilesTest, RowsWithoutThoseTheyBelongToAreFound) {
  FillAndClose(5);
  Query("PRAGMA foreign_keys = OFF");
  {
    ASSERT_OK_AND_ASSIGN(const auto db, Database::Open(dir_.db(), Database::Mode::kExisting));
    ASSERT_OK(db->Execute("PRAGMA foreign_keys = OFF; DELETE FROM alarms"));
  }
  ExpectRefusedAsItIs(absl::StatusCode::kDataLoss, "alone");
}

// Files of this process cannot grow beyond it, which stands for a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(size_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(StateFilesTest, FullDiskIsSaidAndNothingIsHalf) {
  Open();
  ASSERT_OK(Append(0));
  uint64_t stored = 1;
  {
    const FileSizeLimit limit(fs::file_size(dir_.db() + "-wal") + 100'000);
    absl::Status status;
    while (status.ok() && stored < 1000) {
      status = Append(stored);
      if (status.ok()) ++stored;
    }
    EXPECT_THAT(status, test::StatusIs(absl::StatusCode::kResourceExhausted,
                                       AllOf(HasSubstr(dir_.db()), HasSubstr("make room"))));
    EXPECT_EQ(Load().state, StateAt(stored));
    EXPECT_THAT(Waiting("a"), SizeIs(stored));
    EXPECT_THAT(Append(stored), test::HasCode(absl::StatusCode::kResourceExhausted));
  }
  EXPECT_OK(Append(stored));
  EXPECT_EQ(Load().state, StateAt(stored + 1));
  Open();
  EXPECT_EQ(Load().state, StateAt(stored + 1));
  EXPECT_THAT(Waiting("b"), SizeIs(stored + 1));
  EXPECT_EQ(Count("verdicts"), static_cast<int64_t>(stored + 1));
}

TEST_F(StateFilesTest, DeliveriesThatCannotBeNotedAreNotedLater) {
  Open();
  ASSERT_OK(AppendAlarm("1"));
  ASSERT_OK(AppendAlarm("2"));
  {
    const FileSizeLimit limit(1);
    store_->Acknowledge("a", store_->Heads("a").at(0).sequence);
    store_->PutAside("a", store_->Heads("a").at(0).sequence);
    EXPECT_THAT(store_->Heads("a"), IsEmpty());
    EXPECT_THAT(log_, ElementsAre(HasSubstr("no room to write")));
    EXPECT_EQ(Count("deliveries"), 2);
  }
  ASSERT_OK(AppendAlarm("3", {"b"}));
  EXPECT_EQ(Query("SELECT count(*) FROM deliveries WHERE put_aside = 0"), "1");
  store_->Acknowledge("b", store_->Heads("b").at(0).sequence);
  EXPECT_THAT(log_, SizeIs(2));
  EXPECT_THAT(log_, Contains(HasSubstr("is stored again")));
  Open();
  EXPECT_THAT(Waiting("a"), IsEmpty());
  EXPECT_EQ(store_->CountsOf("a").put_aside, 1u);
}

TEST_F(StateFilesTest, ABeginningOnAFullDiskIsSaidAndWorksLater) {
  {
    const FileSizeLimit limit(8192);
    EXPECT_THAT(TryOpen(), test::HasCode(absl::StatusCode::kResourceExhausted));
  }
  EXPECT_OK(TryOpen());
  EXPECT_TRUE(store_->is_new());
}

// Who may not mount may do it where he is root: in a namespace of his own (user_namespaces(7)).
bool BecomeRootOfNamespace() {
  const uid_t user = getuid();
  const gid_t group = getgid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
  std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
  return true;
}

// A tmpfs of its own. Check mounted().
class Mount {
 public:
  Mount(const std::string& at, const char* options) : at_(at) {
    fs::create_directories(at);
    const auto try_it = [&] { return mount("tmpfs", at.c_str(), "tmpfs", 0, options) == 0; };
    mounted_ = try_it() || (errno == EPERM && BecomeRootOfNamespace() && try_it());
  }
  ~Mount() {
    if (mounted_) umount2(at_.c_str(), MNT_DETACH);
  }
  bool Remount(unsigned long flags) const {
    return mount(nullptr, at_.c_str(), nullptr, flags | MS_REMOUNT, nullptr) == 0;
  }
  bool mounted() const { return mounted_; }

 private:
  const std::string at_;
  bool mounted_ = false;
};

TEST_F(StateFilesTest, FullFileSystemIsSaidAndWorksLater) {
  const Mount mount(dir_.path(), "size=512k");
  ASSERT_TRUE(mount.mounted()) << "no right to mount, nor a namespace: " << std::strerror(errno);
  Open();
  WriteFile(dir_.path() + "/ballast", std::string(100'000, 'x'));
  absl::Status status;
  uint64_t stored = 0;
  for (; status.ok() && stored < 2000; ++stored) status = Append(stored);
  EXPECT_THAT(status, test::HasCode(absl::StatusCode::kResourceExhausted));
  fs::remove(dir_.path() + "/ballast");
  EXPECT_OK(Append(--stored));
  EXPECT_EQ(Load().state, StateAt(stored + 1));
  Close();
}

TEST_F(StateFilesTest, ReadOnlyFileSystemIsSaid) {
  const Mount mount(dir_.path(), "size=4m");
  ASSERT_TRUE(mount.mounted()) << "no right to mount, nor a namespace: " << std::strerror(errno);
  Open();
  Close();
  ASSERT_TRUE(mount.Remount(MS_RDONLY)) << std::strerror(errno);
  EXPECT_THAT(TryOpen(), test::StatusIs(absl::StatusCode::kFailedPrecondition,
                                        AllOf(HasSubstr(dir_.path()), HasSubstr("[state]"))));
  ASSERT_TRUE(mount.Remount(0));
  EXPECT_OK(TryOpen());
  Close();
}

TEST_F(StateFilesTest, DatabaseThatMayNotBeWrittenIsSaid) {
  const Mount mount(dir_.path(), "size=4m");
  ASSERT_TRUE(mount.mounted()) << "no right to mount, nor a namespace: " << std::strerror(errno);
  Open();
  Close();
  ASSERT_TRUE(mount.Remount(MS_RDONLY)) << std::strerror(errno);
  EXPECT_THAT(Database::Open(dir_.db(), Database::Mode::kExisting),
              test::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(dir_.db())));
}

// Appends reports until it is killed; tells each that is stored by one byte.
[[noreturn]] void AppendForEver(const StateStore::Options& options, int told) {
  auto store = StateStore::Open(options);
  if (!store.ok()) _exit(1);
  const auto stored = (*store)->Load("orders", "dst");
  uint64_t n = stored.ok() && *stored ? (*stored)->state.said_to : 0;
  for (;; ++n) {
    if (!(*store)->Append(ReportOf(n), AlarmsOf(n)).ok()) _exit(2);
    for (const auto& head : (*store)->Heads("b")) (*store)->Acknowledge("b", head.sequence);
    if (write(told, "x", 1) != 1) _exit(3);
  }
}

TEST_F(StateFilesTest, KilledAtAnyInstantNoReportIsTornAndNoneIsLost) {
  std::mt19937 random(7);
  uint64_t least = 0;
  for (int round = 0; round < 20; ++round) {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(pipe2(pipe_ends.data(), O_CLOEXEC), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) AppendForEver(options_, pipe_ends[1]);
    close(pipe_ends[1]);
    const uint64_t wanted = random() % 100;
    uint64_t told = 0;
    for (char byte; told < wanted && read(pipe_ends[0], &byte, 1) == 1;) ++told;
    kill(child, SIGKILL);
    for (char byte; read(pipe_ends[0], &byte, 1) == 1;) ++told;
    close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
    least += told;

    Open();
    const auto stored = store_->Load("orders", "dst");
    ASSERT_OK(stored);
    if (!stored->has_value()) {
      ASSERT_EQ(least, 0u);
      Close();
      continue;
    }
    const uint64_t n = (*stored)->state.said_to;
    EXPECT_GE(n, least);
    EXPECT_LE(n, least + 1);
    least = n;
    EXPECT_EQ((*stored)->state, StateAt(n));
    EXPECT_EQ((*stored)->findings.size(), std::min<uint64_t>(n, 2));
    EXPECT_EQ((*stored)->findings.back(), Finding(n - 1));
    EXPECT_EQ(Count("verdicts"), static_cast<int64_t>(n));
    EXPECT_EQ(Count("alarm_ids"), static_cast<int64_t>(n));
    EXPECT_THAT(Waiting("a"), SizeIs(n));
    EXPECT_LE(store_->CountsOf("b").waiting, 1u);
    for (const auto& head : store_->Heads("b")) store_->Acknowledge("b", head.sequence);
    Close();
  }
  EXPECT_GT(least, 200u);
}

class MigrationTest : public StateTest {
 protected:
  MigrationTest() { fs::create_directories(dir_.path()); }
  std::unique_ptr<Database> Version1() {
    auto db = Database::Open(dir_.db(), Database::Mode::kCreate);
    EXPECT_OK(db);
    EXPECT_OK((*db)->Execute(ReadFile(DCP_SOURCE_DIR "/tests/state/version1.sql").c_str()));
    return *std::move(db);
  }
};

TEST_F(MigrationTest, StateOfVersion1IsReadAsItWasWritten) {
  Version1();
  Open();
  EXPECT_FALSE(store_->is_new());
  EXPECT_EQ(Load().state, StateAt(3));
  EXPECT_THAT(Load().findings, ElementsAre(Finding(1), Finding(2)));
  EXPECT_THAT(Waiting("a"), ElementsAre("alarm-0", "alarm-1", "alarm-2"));
  EXPECT_THAT(Waiting("b"), ElementsAre("alarm-2"));
  EXPECT_EQ(store_->CountsOf("b").put_aside, 1u);
  EXPECT_EQ(Count("history"), 3);
  // Version 1 kept keys as they are: they may be masked now.
  EXPECT_EQ(Count("finding_records"), 2);
  EXPECT_EQ(Count("finding_records WHERE key_text <> 'shop.orders[?]'"), 0);
  ASSERT_OK(Append(2));  // known
  EXPECT_EQ(store_->CountsOf("a").waiting, 3u);
}

TEST_F(MigrationTest, StepsAreRunFromTheStoredVersionOn) {
  const auto db = Version1();
  const std::array<const char*, 3> steps = {"not run again", "CREATE TABLE two (a)",
                                            "CREATE TABLE three (a)"};
  ASSERT_OK(Migrate(*db, steps));
  EXPECT_EQ(*db->ReadInteger("PRAGMA user_version"), 3);
  EXPECT_EQ(*db->ReadInteger("SELECT count(*) FROM two, three"), 0);
  EXPECT_OK(CheckVersion(*db, steps));
}

TEST_F(MigrationTest, AStepThatFailsLeavesTheVersionBeforeIt) {
  const auto db = Version1();
  const std::array<const char*, 2> steps = {"", "CREATE TABLE two (a); CREATE TABLE two (a)"};
  EXPECT_THAT(Migrate(*db, steps), test::HasCode(absl::StatusCode::kInternal));
  EXPECT_EQ(*db->ReadInteger("PRAGMA user_version"), 1);
  EXPECT_EQ(*db->ReadInteger("SELECT count(*) FROM sqlite_schema WHERE name = 'two'"), 0);
}

}  // namespace
}  // namespace dcp::state
