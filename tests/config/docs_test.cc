// docs/configuration.md and the example file against the parser.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "tests/config/config_fixture.h"

namespace dcp::config {
namespace {

using ::testing::IsEmpty;

std::string ReadFile(const std::string& path) {
  std::ifstream in(absl::StrCat(DCP_SOURCE_DIR, "/", path));
  EXPECT_TRUE(in.is_open()) << path;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// The first cells of the page's tables, with the heading above them.
std::set<KnownKey> DocumentedKeys() {
  std::set<KnownKey> keys;
  std::string section;
  const std::string page = ReadFile("docs/configuration.md");
  for (absl::string_view line : absl::StrSplit(page, '\n')) {
    if (absl::StartsWith(line, "## ")) section = std::string(line.substr(3));
    if (!absl::StartsWith(line, "| `")) continue;
    keys.insert({section, std::string(line.substr(3, line.find('`', 3) - 3))});
  }
  return keys;
}

TEST(ConfigDocsTest, PageHasEveryKeyAndNoOther) {
  const std::vector<KnownKey> known = KnownKeys();
  const std::set<KnownKey> documented = DocumentedKeys();
  for (const KnownKey& key : known) {
    EXPECT_TRUE(documented.contains(key)) << key.section << " " << key.key << " is not documented";
  }
  const std::set<KnownKey> parsed(known.begin(), known.end());
  for (const KnownKey& key : documented) {
    EXPECT_TRUE(parsed.contains(key)) << key.section << " " << key.key << " is not parsed";
  }
}

TEST(ConfigDocsTest, ExampleOfThePageLoads) {
  const std::string page = ReadFile("docs/configuration.md");
  const size_t begin = page.find("```toml\n") + 8;
  const std::string example = page.substr(begin, page.find("```", begin) - begin);
  const Loaded loaded =
      Parse(example, "example", Purpose::kRun, [](absl::string_view) { return std::string("x"); });
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

// What the package brings: as it is, and with its examples in comments.
TEST(ConfigDocsTest, ConfigurationOfThePackageLoads) {
  const std::string secret = absl::StrCat(::testing::TempDir(), "/dcp-docs-test-", getpid());
  std::ofstream(secret) << "secret";
  ASSERT_EQ(chmod(secret.c_str(), 0640), 0);
  const std::string file = std::regex_replace(ReadFile("packaging/dcp.toml.in"),
                                              std::regex("@DCP_SYSCONFDIR@/dcp/[a-z-]+"), secret);
  const std::string whole =
      std::regex_replace(file, std::regex("\n# (\\[\\[?[a-z]+\\]\\]?|[a-z_]+ = )"), "\n$1");
  EXPECT_NE(file, whole);
  for (const std::string& text : {file, whole}) {
    const Loaded loaded =
        Parse(text, "dcp.toml", Purpose::kRun, [](absl::string_view) { return std::nullopt; });
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_THAT(loaded->warnings, IsEmpty());
    EXPECT_EQ(loaded->config.alarms.size(), text == file ? 1u : 2u);
    EXPECT_EQ(loaded->config.jobs.size(), text == file ? 0u : 1u);
  }
  unlink(secret.c_str());
}

class FullExampleTest : public ConfigTest {
 protected:
  static Loaded Full() {
    return Load(absl::StrCat(DCP_SOURCE_DIR, "/tests/config/testdata/full.toml"), Purpose::kRun,
                [](absl::string_view) { return std::string(kSecret); });
  }
};

TEST_F(FullExampleTest, NamesEveryKey) {
  const std::string text = ReadFile("tests/config/testdata/full.toml");
  for (const KnownKey& key : KnownKeys()) {
    EXPECT_TRUE(std::regex_search(text, std::regex("\\b" + key.key + "\\b"))) << key.key;
  }
}

TEST_F(FullExampleTest, CollectorsAreRead) {
  const Loaded loaded = Full();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const BarrierOptions& barrier = loaded->config.barriers.at(0);
  EXPECT_EQ(barrier.interval, absl::Milliseconds(500));
  EXPECT_EQ(barrier.id, 7u);
  EXPECT_EQ(barrier.connection.password, kSecret);
  EXPECT_EQ(barrier.connection.tls.mode, model::TlsMode::kVerifyIdentity);
  EXPECT_EQ(barrier.connection.tls.key, "/etc/dcp/key.pem");
  const MysqlCollectorOptions& source = loaded->config.mysql_collectors.at(0);
  EXPECT_EQ(source.start.kind, StartPoint::Kind::kGtid);
  EXPECT_EQ(source.tags.at(1).key_format, KeyFormat::kGravity);
  const MysqlCollectorOptions& replica = loaded->config.mysql_collectors.at(1);
  EXPECT_EQ(replica.connection.socket, "/run/mysqld/mysqld.sock");
  EXPECT_EQ(replica.start.position, (model::BinlogPosition{"mysql-bin.000007", 4}));
  const GrpcCollectorOptions& pushed = loaded->config.grpc_collectors.at(0);
  EXPECT_EQ(pushed.listen, (Endpoint{"127.0.0.1", 9090}));
  EXPECT_EQ(pushed.tags.at(0).value(), "cache");
  EXPECT_EQ(pushed.intake_max_bytes, uint64_t{1} << 30);
}

TEST_F(FullExampleTest, ChecksAndServicesAreRead) {
  const Loaded loaded = Full();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const CheckOptions& check = loaded->config.checks.at(0);
  EXPECT_EQ(check.timeout, absl::Seconds(90));
  EXPECT_EQ(check.align, Align::kBarrier);
  EXPECT_EQ(check.lateness, 2u);
  EXPECT_EQ(check.history, 50u);
  EXPECT_TRUE(check.strict_columns);
  EXPECT_EQ(check.origin, Origin::kSource);
  EXPECT_EQ(check.ddl, Ddl::kIgnore);
  EXPECT_EQ(check.max_diff_rows, 10u);
  EXPECT_EQ(check.severity, model::Severity::kWarning);
  EXPECT_EQ(loaded->config.checks.at(1).severity, model::Severity::kCritical);
  EXPECT_EQ(loaded->config.checks.at(1).compare, Compare::kOrdered);
  EXPECT_EQ(loaded->config.checks.at(1).capture, Capture::kKey);
  const AlarmOptions& file = loaded->config.alarms.at(1);
  EXPECT_EQ(file.type, AlarmOptions::Type::kFile);
  EXPECT_EQ(file.path, "alarms.jsonl");
  EXPECT_EQ(file.max_bytes, 65536u);
  EXPECT_EQ(file.keep, 3u);
  EXPECT_TRUE(file.types.Contains(model::AlarmType::kSame));
  const AlarmOptions& webhook = loaded->config.alarms.at(2);
  EXPECT_EQ(webhook.url, "https://alarms.example.com/dcp");
  EXPECT_EQ(webhook.secret, kSecret);
  EXPECT_EQ(webhook.headers, std::vector<std::string>{"X-Team: storage"});
  EXPECT_EQ(webhook.ca, "/etc/dcp/ca.pem");
  EXPECT_EQ(webhook.connect_timeout, absl::Seconds(2));
  EXPECT_EQ(webhook.timeout, absl::Seconds(5));
  EXPECT_EQ(webhook.checks, std::vector<std::string>{"ord*"});
  EXPECT_EQ(webhook.tables, std::vector<std::string>{"shop.*"});
  EXPECT_EQ(webhook.kinds,
            (std::vector<model::DiffKind>{model::DiffKind::kMismatch, model::DiffKind::kExtra}));
  EXPECT_EQ(webhook.severities,
            (std::vector<model::Severity>{model::Severity::kCritical, model::Severity::kWarning}));
  EXPECT_EQ(webhook.min_interval, absl::Minutes(1));
  EXPECT_EQ(webhook.quiet.at(0), (model::DayHours{absl::Hours(22), absl::Hours(7)}));
  EXPECT_EQ(webhook.zone.name(), "UTC");
  EXPECT_EQ(webhook.body_template, "{{type}}\n{{text}}");
  EXPECT_EQ(webhook.content_type, "text/plain");
  const AlarmOptions& exec = loaded->config.alarms.at(3);
  EXPECT_EQ(exec.command, (std::vector<std::string>{"/usr/local/bin/page", "--team", "storage"}));
  EXPECT_EQ(exec.timeout, absl::Seconds(10));
  EXPECT_EQ(exec.min_interval, absl::Seconds(30));
  const AlarmOptions& alertmanager = loaded->config.alarms.at(4);
  EXPECT_EQ(alertmanager.resend, absl::Seconds(30));
  EXPECT_EQ(alertmanager.keep_alive, absl::Minutes(2));
  EXPECT_EQ(alertmanager.unverified_for, absl::Minutes(15));
  const MaskOptions& mask = loaded->config.masks.at(0);
  EXPECT_EQ(mask.tables, std::vector<std::string>{"crm.*"});
  EXPECT_EQ(mask.columns, (std::vector<std::string>{"email", "phone"}));
  EXPECT_EQ(mask.how, MaskOptions::How::kHash);
  EXPECT_EQ(mask.hash_key, kSecret);
  const JobOptions& job = loaded->config.jobs.at(0);
  EXPECT_EQ(job.target.port, 3307);
  EXPECT_EQ(job.sync, Sync::kBarrier);
  EXPECT_EQ(job.sync_timeout, absl::Seconds(20));
  EXPECT_EQ(job.tables.at(0).where, "region = 'eu'");
  EXPECT_EQ(job.tables.at(0).target_where, "zone = 'eu'");
  EXPECT_EQ(job.tables.at(0).columns,
            (std::vector<std::pair<std::string, std::string>>{{"region", "zone"}, {"a.b", "ab"}}));
  EXPECT_EQ(job.severity, model::Severity::kInfo);
  EXPECT_EQ(job.compare, JobCompare::kBytes);
  EXPECT_EQ(job.barrier_id, 2u);
  EXPECT_EQ(job.chunk_time, absl::Milliseconds(250));
  EXPECT_EQ(job.chunk_rows, 50'000u);
  EXPECT_EQ(job.unpaged_rows, 1000u);
  EXPECT_EQ(job.parallel, 4u);
  EXPECT_EQ(job.max_threads_running, 25u);
  EXPECT_EQ(job.max_rows_per_second, 200'000u);
  EXPECT_EQ(job.schedule, "30 2 * * mon-fri");
  EXPECT_TRUE(job.starts.has_value());
  EXPECT_EQ(job.zone.name(), "Europe/Berlin");
  EXPECT_EQ(job.window.size(), 1u);
  EXPECT_EQ(job.max_duration, absl::Hours(6));
  EXPECT_EQ(loaded->config.state.dir, "/var/lib/dcp");
  EXPECT_EQ(loaded->config.state.memory_bytes, uint64_t{1} << 30);
  EXPECT_EQ(loaded->config.log.level, LogOptions::Level::kWarning);
  EXPECT_EQ(loaded->config.log.format, LogOptions::Format::kJson);
}

TEST(LoadTest, MissingFileAndDirectoryAreSaid) {
  const Environment none = [](absl::string_view) { return std::nullopt; };
  EXPECT_EQ(ToString(Load("/nonexistent/dcp.toml", Purpose::kRun, none).errors().at(0)),
            "/nonexistent/dcp.toml: cannot read the configuration: No such file or directory");
  EXPECT_FALSE(Load("/", Purpose::kRun, none).ok());
}

// Whatever the file holds, there is an answer: the example cut at every byte.
TEST(LoadTest, TruncatedFileNeverCrashes) {
  const std::string text = ReadFile("tests/config/testdata/full.toml");
  const Environment any = [](absl::string_view) { return std::string("x"); };
  for (size_t size = 0; size < text.size(); ++size) {
    const Loaded loaded = Parse(text.substr(0, size), "cut", Purpose::kRun, any);
    EXPECT_EQ(loaded.ok(), loaded.errors().empty()) << size;
  }
}

}  // namespace
}  // namespace dcp::config
