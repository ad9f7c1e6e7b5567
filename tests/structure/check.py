#!/usr/bin/python3
"""Checks the structure of the source tree against the rules in docs/structure.md.

    check.py ROOT

Prints one line for each violation, FILE:LINE: what is wrong, and exits with 1 if
there is any.
"""

import os
import re
import sys
from dataclasses import dataclass

# Which folders a folder may include from, besides itself, `base` and `model`. A longer path wins
# over its parent. An entry that names a header allows this header alone.
ALLOWED = {
    "base": [],
    "model": ["base"],
    "proto": [],
    "mysql": [],
    "row": ["mysql"],
    "barrier": ["mysql"],
    "collector": ["mysql", "row", "barrier/barrier_table.h"],
    "collector/grpc": ["mysql", "row", "barrier/barrier_table.h", "proto"],
    "checker": [],
    "verifier": ["mysql", "row", "barrier"],
    "state": [],
    "alarm": [],
    "config": [],
    "server": ["proto"],
    "cmd": ["*"],
    "tests": ["*"],
}
# For all but these two.
ALLOWED_FOR_ALL = ["base", "model"]
WITHOUT_COMMON = {"base", "model"}

# Messages of the wire and their transport stay where the wire ends.
WIRE = re.compile(r"^(google/protobuf|grpc|grpcpp|grpc\+\+)/|\.pb\.h$")
WIRE_FOLDERS = ["proto", "collector/grpc", "server", "cmd", "tests"]

# Folders that do no I/O, and what would be some.
PURE_FOLDERS = ["model", "checker"]
IO_HEADERS = re.compile(
    r"^(fstream|iostream|filesystem|cstdio|stdio\.h|thread|unistd\.h|fcntl\.h|poll\.h|netdb\.h"
    r"|sys/(socket|stat|un|mman|epoll|file)\.h|(netinet|arpa)/.*|mysql\.h|mysql/.*|mariadb/.*"
    r"|cppconn/.*|mysql_driver\.h|sqlite3\.h|curl/.*|openssl/.*|spdlog/.*)$")


@dataclass
class SlowHeader:
    name: str
    pattern: re.Pattern
    files: int  # at most so many, sources only
    folders: list


# Headers that take many seconds to compile.
SLOW_HEADERS = [
    SlowHeader("CLI11", re.compile(r"^CLI/"), 2, ["cmd"]),
    SlowHeader("toml++", re.compile(r"^toml(\+\+/|\.hpp)"), 2, ["config"]),
    SlowHeader("spdlog", re.compile(r"^spdlog/"), 2, ["*"]),
    SlowHeader("nlohmann-json", re.compile(r"^nlohmann/"), 14, ["*"]),
]


@dataclass
class BannedWord:
    pattern: re.Pattern
    folders: list  # where it may stand
    why: str


BANNED_WORDS = [
    BannedWord(re.compile(r"\babsl::Now\b"), ["base"], "time comes from Clock (base/clock.h)"),
    BannedWord(re.compile(r"\b(absl::SleepFor|sleep_for|sleep_until|usleep|nanosleep|sleep\s*\()"),
               ["base"], "wait on a condition, not for a while (base/mutex.h)"),
    BannedWord(re.compile(r"\b(system|steady|high_resolution)_clock::now\b"), ["base", "tests"],
               "time comes from Clock (base/clock.h)"),
    BannedWord(re.compile(r"\bClock::Real\b"), [f for f in ALLOWED if f not in PURE_FOLDERS],
               "this folder has no clock of its own; take an absl::Time"),
    BannedWord(re.compile(r"\babsl::Mutex|absl/synchronization/mutex\.h"), [],
               "Mutex is the one of base/mutex.h"),
]

SOURCE = (".h", ".cc", ".cpp", ".hpp", ".c", ".cxx", ".hxx")
HEADER = (".h", ".hpp", ".hxx")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
LINKED = re.compile(r"\bdcp::(\w+)")
LITERAL_OR_COMMENT = re.compile(
    r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.DOTALL)


@dataclass
class Source:
    path: str
    includes: list  # (line, quoted, name)
    lines: list  # without comments and literals
    raw: str


def without_comments(text):
    """`text` with comments and literals blanked, line for line."""
    return LITERAL_OR_COMMENT.sub(lambda match: "\n" * match.group().count("\n") + " ", text)


def read_source(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        raw = file.read()
    includes = []
    for number, line in enumerate(raw.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            includes.append((number, match.group(1) == '"', match.group(2)))
    return Source(path, includes, without_comments(raw).splitlines(), raw)


def walk(root, wanted):
    """Paths of the tree that `wanted` accepts, without build trees and hidden folders."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith(".")
                            and not (folder == root and f.startswith("build"))
                            and not os.path.exists(os.path.join(folder, f, "CMakeCache.txt")))
        for file in sorted(files):
            if wanted(file):
                yield os.path.relpath(os.path.join(folder, file), root)


def inside(path, folders):
    return any(f == "*" or path == f or path.startswith(f + "/") for f in folders)


def rule_of(path):
    """The longest folder of ALLOWED that holds `path`, or None."""
    holding = [folder for folder in ALLOWED if inside(path, [folder])]
    return max(holding, key=len, default=None)


def may_include(path, included):
    folder = rule_of(path)
    own = folder.split("/")[0]
    common = [] if own in WITHOUT_COMMON else ALLOWED_FOR_ALL
    return inside(included, [own] + common + ALLOWED[folder])


def check_include(root, source, line, quoted, name):
    where = f"{source.path}:{line}"
    if not quoted:
        if rule_of(name) in ALLOWED and os.path.exists(os.path.join(root, name)):
            yield f"{where}: include \"{name}\" with quotes, as a header of the project"
    elif not inside(name, list(ALLOWED)):
        if os.path.exists(os.path.join(root, os.path.dirname(source.path), name)):
            yield f"{where}: \"{name}\" is no path from the root"
    elif not name.endswith(".pb.h") and not os.path.exists(os.path.join(root, name)):
        yield f"{where}: \"{name}\" does not exist"
    elif not may_include(source.path, name):
        yield f"{where}: {rule_of(source.path)}/ may not include \"{name}\""
    if WIRE.search(name) and not inside(source.path, WIRE_FOLDERS):
        yield f"{where}: \"{name}\" belongs to the wire: only in {', '.join(WIRE_FOLDERS)}"
    if not quoted and IO_HEADERS.match(name) and inside(source.path, PURE_FOLDERS):
        yield f"{where}: <{name}> in a folder that does no I/O"


def check_file(root, source):
    if rule_of(source.path) is None:
        yield f"{source.path}:1: no folder of docs/structure.md"
        return
    if source.path.endswith(HEADER) and "#pragma once" not in source.raw:
        yield f"{source.path}:1: a header without #pragma once"
    for line, quoted, name in source.includes:
        yield from check_include(root, source, line, quoted, name)
    for number, line in enumerate(source.lines, 1):
        for word in BANNED_WORDS:
            if word.pattern.search(line) and not inside(source.path, word.folders):
                yield f"{source.path}:{number}: {word.pattern.search(line).group()}: {word.why}"


def check_slow_headers(sources):
    for header in SLOW_HEADERS:
        users = []
        for source in sources:
            lines = [line for line, _, name in source.includes if header.pattern.search(name)]
            if not lines or source.path.startswith("tests/"):
                continue
            users.append(source.path)
            if source.path.endswith(HEADER):
                yield f"{source.path}:{lines[0]}: {header.name} is slow to compile: only in sources"
            if not inside(source.path, header.folders):
                yield f"{source.path}:{lines[0]}: {header.name} only in {', '.join(header.folders)}"
        if len(users) > header.files:
            yield (f"{users[0]}:1: {header.name} is slow to compile: at most {header.files} files, "
                   f"not {', '.join(users)}")


def find_cycle(graph):
    """One cycle of `graph` (node -> nodes) as a list that ends where it begins, or None."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for following in graph.get(node, []):
            cycle = visit(following)
            if cycle:
                return cycle
        path.pop()
        done.add(node)
        return None

    return next(filter(None, map(visit, list(graph))), None)


def check_cycles(sources):
    files = {s.path: [name for _, quoted, name in s.includes if quoted] for s in sources}
    folders = {}
    for path, names in files.items():
        own = path.split("/")[0]
        folders.setdefault(own, set()).update({n.split("/")[0] for n in names} - {own})
    for graph in (files, folders):
        cycle = find_cycle(graph)
        if cycle:
            yield f"{cycle[0]}:1: includes go round in a circle: {' -> '.join(cycle)}"


def folder_of_target(target):
    """dcp::collector_grpc -> collector/grpc; None for targets that are no folder's."""
    parts = target.split("_")
    return next((folder for folder in ("/".join(parts), parts[0]) if folder in ALLOWED), None)


def check_links(root, path):
    """What a folder links is what it may include."""
    folder = rule_of(path)
    if folder is None or "tests" in folder:
        return
    with open(os.path.join(root, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            for target in LINKED.findall(line.split("#")[0]):
                linked = folder_of_target(target)
                whole = {f.split("/")[0] for f in ALLOWED[folder]}
                if linked and not may_include(path, linked) and linked not in whole:
                    yield f"{path}:{number}: {folder}/ may not link dcp::{target}"


def check(root):
    sources = [read_source(root, path) for path in walk(root, lambda f: f.endswith(SOURCE))]
    if not sources:
        yield f"{root}:1: no source files"
    for source in sources:
        yield from check_file(root, source)
    yield from check_slow_headers(sources)
    yield from check_cycles(sources)
    for path in walk(root, lambda f: f == "CMakeLists.txt"):
        yield from check_links(root, path)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    violations = list(check(sys.argv[1]))
    for violation in violations:
        print(violation)
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
