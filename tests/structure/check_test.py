#!/usr/bin/python3
"""Shows that check.py sees each kind of violation, and is silent on a good tree."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import check

HERE = os.path.dirname(os.path.abspath(__file__))
CHECK = os.path.join(HERE, "check.py")
MANUAL = os.path.join(HERE, "..", "..", "docs", "structure.md")

GOOD = {
    "base/clock.h": "#pragma once\n#include <string>\n",
    "base/clock.cc": '#include "base/clock.h"\nauto a = absl::Now();\n',
    "model/tag.h": '#pragma once\n#include "base/clock.h"\n',
    "model/ports/sink.h": '#pragma once\n#include "model/tag.h"\n',
    "mysql/event.h": '#pragma once\n#include "model/tag.h"\n#include <mysql.h>\n',
    "row/key.h": '#pragma once\n#include "mysql/event.h"\n',
    "barrier/barrier_table.h": "#pragma once\n",
    "barrier/writer.h": '#pragma once\n#include "barrier/barrier_table.h"\n',
    "collector/mysql/a.cc": '#include "barrier/barrier_table.h"\n#include "row/key.h"\n',
    "collector/grpc/a.cc": '#include "proto/dcp.pb.h"\n#include <grpcpp/server.h>\n',
    "collector/grpc/CMakeLists.txt": "dcp_library(NAME collector_grpc DEPS dcp::proto dcp::row)\n",
    "checker/judge.cc": '// absl::Now() is not used: "#include <thread>"\n#include "model/tag.h"\n',
    "config/load.cc": "#include <toml++/toml.h>\n",
    "server/http.cc": '#include "proto/control.pb.h"\n',
    "cmd/dcp/main.cc": '#include <CLI/CLI.hpp>\n#include "checker/judge.h"\n',
    "checker/judge.h": "#pragma once\n",
    "tests/checker/judge_test.cc": '#include "checker/judge.h"\n#include "barrier/writer.h"\n',
    "build/release/generated.h": "",
    "other-build/CMakeCache.txt": "",
    "other-build/generated.h": "",
}


class CheckTest(unittest.TestCase):
    def check(self, **changes):
        """Output lines of check.py on the good tree with `changes` (path -> text)."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**GOOD, **changes}.items():
                file = os.path.join(root, path)
                os.makedirs(os.path.dirname(file), exist_ok=True)
                with open(file, "w", encoding="utf-8") as out:
                    out.write(text)
            done = subprocess.run([sys.executable, CHECK, root], stdout=subprocess.PIPE,
                                  universal_newlines=True, check=False)
        self.assertEqual(done.returncode, 1 if done.stdout else 0)
        return done.stdout.splitlines()

    def expect(self, path, text, *messages):
        lines = self.check(**{path: text})
        self.assertEqual(lines, list(messages))

    def test_the_manual_has_the_same_table(self):
        with open(MANUAL, encoding="utf-8") as file:
            rows = re.findall(r"^\| `([\w/]+)/` \|.*\| (.*) \|$", file.read(), re.MULTILINE)
        table = {folder: ["*"] if included == "everything" else
                 [] if included.startswith("nothing") else re.findall(r"`([\w/.]+)`", included)
                 for folder, included in rows}
        self.assertEqual(table, check.ALLOWED)

    def test_a_good_tree_is_silent(self):
        self.assertEqual(self.check(), [])

    def test_an_empty_tree_is_wrong(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertEqual(subprocess.run([sys.executable, CHECK, root], check=False,
                                            stdout=subprocess.DEVNULL).returncode, 1)

    def test_the_table_is_not_transitive(self):
        self.expect("verifier/a.cc", '#include "row/key.h"\n#include "collector/mysql/b.h"\n',
                    'verifier/a.cc:2: "collector/mysql/b.h" does not exist')
        self.expect("state/a.cc", '#include "mysql/event.h"\n',
                    'state/a.cc:1: state/ may not include "mysql/event.h"')
        self.expect("alarm/a.cc", '#include "checker/judge.h"\n',
                    'alarm/a.cc:1: alarm/ may not include "checker/judge.h"')

    def test_base_and_model_are_the_bottom(self):
        self.expect("base/a.cc", '#include "model/tag.h"\n',
                    'base/a.cc:1: base/ may not include "model/tag.h"',
                    "base:1: includes go round in a circle: base -> model -> base")
        self.expect("model/a.cc", '#include "mysql/event.h"\n',
                    'model/a.cc:1: model/ may not include "mysql/event.h"',
                    "model:1: includes go round in a circle: model -> mysql -> model")

    def test_the_collector_takes_only_the_names_of_the_barrier(self):
        self.expect("collector/mysql/b.cc", '#include "barrier/writer.h"\n',
                    'collector/mysql/b.cc:1: collector/ may not include "barrier/writer.h"')

    def test_the_wire_stays_at_the_edge(self):
        self.expect("collector/mysql/b.cc", '#include "proto/dcp.pb.h"\n',
                    'collector/mysql/b.cc:1: collector/ may not include "proto/dcp.pb.h"',
                    'collector/mysql/b.cc:1: "proto/dcp.pb.h" belongs to the wire: '
                    "only in proto, collector/grpc, server, cmd, tests")
        self.expect("alarm/a.cc", "#include <grpcpp/server.h>\n",
                    'alarm/a.cc:1: "grpcpp/server.h" belongs to the wire: '
                    "only in proto, collector/grpc, server, cmd, tests")

    def test_nothing_includes_tests(self):
        self.expect("row/a.cc", '#include "tests/support/fake.h"\n',
                    'row/a.cc:1: "tests/support/fake.h" does not exist')

    def test_pure_folders_do_no_io(self):
        self.expect("model/ports/a.h", "#pragma once\n#include <sys/socket.h>\n",
                    "model/ports/a.h:2: <sys/socket.h> in a folder that does no I/O")
        self.expect("checker/a.cc", "#include <thread>\nauto n = Clock::Real();\n",
                    "checker/a.cc:1: <thread> in a folder that does no I/O",
                    "checker/a.cc:2: Clock::Real: this folder has no clock of its own; "
                    "take an absl::Time")

    def test_paths_start_at_the_root(self):
        self.expect("row/a.cc", '#include "key.h"\n#include "absl/strings/str_cat.h"\n',
                    'row/a.cc:1: "key.h" is no path from the root')
        self.expect("row/a.cc", "#include <row/key.h>\n",
                    'row/a.cc:1: include "row/key.h" with quotes, as a header of the project')

    def test_an_unknown_folder_is_named(self):
        self.expect("utils/a.cc", "", "utils/a.cc:1: no folder of docs/structure.md")

    def test_cycles_between_files(self):
        lines = self.check(**{"row/a.h": '#pragma once\n#include "row/b.h"\n',
                              "row/b.h": '#pragma once\n#include "row/a.h"\n'})
        self.assertEqual(lines, ["row/a.h:1: includes go round in a circle: "
                                 "row/a.h -> row/b.h -> row/a.h"])

    def test_headers_have_pragma_once(self):
        self.expect("row/a.h", "#ifndef A\n#define A\n#endif\n",
                    "row/a.h:1: a header without #pragma once")

    def test_slow_headers_stay_in_few_sources(self):
        self.expect("config/a.h", "#pragma once\n#include <toml++/toml.h>\n",
                    "config/a.h:2: toml++ is slow to compile: only in sources")
        self.expect("config/a.cc", "#include <CLI/App.hpp>\n",
                    "config/a.cc:1: CLI11 only in cmd")
        lines = self.check(**{f"alarm/{n}.cc": "#include <spdlog/spdlog.h>\n" for n in "abc"})
        self.assertEqual(lines, ["alarm/a.cc:1: spdlog is slow to compile: at most 2 files, "
                                 "not alarm/a.cc, alarm/b.cc, alarm/c.cc"])

    def test_time_comes_from_the_clock(self):
        self.expect("row/a.cc", "\nauto t = absl::Now();\n",
                    "row/a.cc:2: absl::Now: time comes from Clock (base/clock.h)")
        for call in ("absl::SleepFor", "std::this_thread::sleep_for"):
            lines = self.check(**{"tests/a.cc": f"{call}(x);\n"})
            self.assertEqual(len(lines), 1, lines)
            self.assertIn("wait on a condition", lines[0])

    def test_mutexes_are_our_own(self):
        self.expect("row/a.cc", "absl::MutexLock l;\n",
                    "row/a.cc:1: absl::Mutex: Mutex is the one of base/mutex.h")

    def test_links_follow_the_table(self):
        self.expect("state/CMakeLists.txt", "dcp_library(NAME state DEPS dcp::base\n dcp::mysql)\n",
                    "state/CMakeLists.txt:2: state/ may not link dcp::mysql")
        self.expect("collector/CMakeLists.txt", "dcp_library(DEPS dcp::barrier dcp::proto)\n",
                    "collector/CMakeLists.txt:1: collector/ may not link dcp::proto")


if __name__ == "__main__":
    unittest.main()
