#!/usr/bin/env python3
"""Measures whole paths of dcp on real servers, each beside its limit in the same run.

    paths.py BUILD_DIR [--only PART]... [--rows N] [--pairs N] [--json FILE]

Parts: stream, checker, memory, latency, verify. Prints a table in Markdown; --json writes all that was
measured. Of each pair both are measured one behind the other, so that a busy machine hits both.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]

NARROW = """CREATE TABLE bench.narrow (id INT NOT NULL PRIMARY KEY AUTO_INCREMENT, k INT NOT NULL,
    c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL)"""
NARROW_ROW = """SELECT n, n * 7, RPAD(CONCAT(SHA2(n, 224), '-', SHA2(n + 1, 224)), 119, '-1'),
    RPAD(SHA2(n + 2, 224), 59, '-2')"""
WIDE = """CREATE TABLE bench.wide (id BIGINT NOT NULL PRIMARY KEY AUTO_INCREMENT, price DECIMAL(20,4),
    weight DECIMAL(12,2), total DECIMAL(30,10), at DATETIME(6), seen TIMESTAMP(3) NULL, ratio DOUBLE,
    doc JSON, note VARCHAR(500))"""
WIDE_ROW = """SELECT n, n * 1.0375, n / 100, n * 12345.6789012345, '2024-02-28 13:14:15.123456' + INTERVAL n SECOND,
    '2024-02-28 13:14:15.125', n / 7, JSON_OBJECT('id', n, 'name', SHA2(n, 224), 'tags', JSON_ARRAY('a', n, 1.5),
    'deep', JSON_OBJECT('x', n / 3, 'y', 'text of it')), REPEAT(SHA2(n, 224), 3)"""


class Pair:
    """A source and its replica."""

    def __init__(self, flavour, directory):
        self.dir = directory
        words = [f"--{flavour}"] if flavour != "mysql" else []
        out = subprocess.run([ROOT / "tests/servers/launch", "start-pair", *words, directory],
                             capture_output=True, text=True, check=True).stdout
        self.words = dict(shlex.split(line)[0].split("=", 1) for line in out.splitlines() if line)

    def stop(self):
        subprocess.run([ROOT / "tests/servers/launch", "stop", self.dir], check=False,
                       capture_output=True)

    def sql(self, side, text):
        done = subprocess.run([self.words["MYSQL"], f"--socket={self.words[side + '_SOCKET']}", "-uroot", "-N"],
                              input=text, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{text[:200]}: {done.stderr}")
        return done.stdout.strip()


@contextlib.contextmanager
def pair_of(flavour):
    with tempfile.TemporaryDirectory(prefix="dcp-bench-") as directory:
        pair = Pair(flavour, directory)
        try:
            yield pair
        finally:
            pair.stop()


def measure(command, **more):
    """Runs it to its end: seconds, CPU seconds, and the most memory in MiB."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=errors,
                                   **{"stdout": subprocess.DEVNULL, **more})
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begin
        if process.returncode != 0:
            errors.seek(0)
            sys.exit(f"{command}: ended with {process.returncode}: {errors.read().decode()[-500:]}")
    return {"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime,
            "mib": used.ru_maxrss / 1024}


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def text_of(figure, digits=2):
    return f"{figure['median']:.{digits}f} ({figure['min']:.{digits}f} to {figure['max']:.{digits}f})"


def fill(pair, table, create, select, rows):
    """In transactions of 100,000 rows, a thousand by each statement."""
    pair.sql("REPLICA", "STOP " + ("SLAVE" if "mariadb" in pair.words["MYSQL"] else "REPLICA"))
    digits = ",".join(f"({d})" for d in range(10))
    pair.sql("SOURCE", f"CREATE DATABASE bench; {create}; CREATE TABLE bench.d (d INT PRIMARY KEY);"
                       f"INSERT INTO bench.d VALUES {digits}; CREATE TABLE bench.m (m INT PRIMARY KEY);"
                       "INSERT INTO bench.m SELECT a.d + 10 * b.d + 100 * c.d FROM bench.d a, bench.d b, bench.d c")
    statements = [f"INSERT INTO bench.{table} {select} FROM (SELECT {first} + m AS n FROM bench.m) u;"
                  for first in range(1, rows + 1, 1000)]
    for i in range(0, len(statements), 100):
        pair.sql("SOURCE", "USE bench; BEGIN;" + "".join(statements[i:i + 100]) + "COMMIT")


def stream(args):
    """The binlog of a server, digested, against the same client that drops it."""
    results = []
    for flavour in args.flavours:
        for table, create, select in (("narrow", NARROW, NARROW_ROW), ("wide", WIDE, WIDE_ROW)):
            rows = args.rows
            with pair_of(flavour) as pair:
                fill(pair, table, create, select, rows)
                port = pair.words["SOURCE_PORT"]
                digest = [args.build / "cmd/dcp/dcp", "binlog", "--port", port, "--user", "dcp",
                          "--until-now", "--format", "digest"]
                printer = [pair.words["MYSQLBINLOG"], "-v", "--read-from-remote-server",
                           "--host=127.0.0.1", f"--port={port}", "--user=dcp", "--password=dcp",
                           "--to-last-log", "binlog.000001"]
                raw_dir = tempfile.mkdtemp(dir=pair.dir)
                copier = [*printer[:1], "--raw", f"--result-file={raw_dir}/", *printer[2:]]
                one = {"flavour": flavour, "rows": rows, "table": table, "pairs": []}
                for _ in range(args.pairs):
                    dropped = json.loads(subprocess.run(
                        [args.build / "tests/bench/paths/drop_packets", port],
                        capture_output=True, text=True, check=True).stdout)
                    one["bytes"] = dropped["bytes"]
                    digested = measure(digest, env={**os.environ, "MYSQL_PWD": "dcp"})
                    one["pairs"].append({"dropped": dropped, "digested": digested,
                                         "printed": measure(printer), "copied": measure(copier)})
                results.append(one)
    return results


def show_stream(results):
    lines = ["| server, rows | MB | dropped | `dcp binlog --format digest` | share of dropped | printed (`-v`) | "
             "× printed | copied (`--raw`) | dcp: CPU s, MiB |", "|---|---|---|---|---|---|---|---|---|"]
    for one in results:
        rows, mb = one["rows"], one["bytes"] / 1e6
        def of(name): return [p[name]["seconds"] for p in one["pairs"]]
        share = spread([p["dropped"]["seconds"] / p["digested"]["seconds"] for p in one["pairs"]])
        times = spread([p["printed"]["seconds"] / p["digested"]["seconds"] for p in one["pairs"]])
        speed = spread([rows / s / 1e6 for s in of("digested")])
        cpu = statistics.median(p["digested"]["cpu_seconds"] for p in one["pairs"])
        mib = max(p["digested"]["mib"] for p in one["pairs"])
        lines.append(
            f"| {one['flavour']}, {one['table']}, {rows / 1e6:g} M | {mb:.0f} | "
            f"{mb / statistics.median(of('dropped')):.0f} MB/s | {text_of(speed)} M rows/s, "
            f"{mb / statistics.median(of('digested')):.0f} MB/s | {text_of(share)} | "
            f"{rows / statistics.median(of('printed')) / 1e6:.2f} M rows/s | {text_of(times, 1)} | "
            f"{mb / statistics.median(of('copied')):.0f} MB/s | {cpu:.2f}, {mib:.0f} |")
    return lines


def rate(args, mode, changes):
    out = subprocess.run([args.build / "tests/bench/paths/checker_rate", mode, str(changes)],
                         capture_output=True, text=True, check=True).stdout
    return json.loads(out)


def checker(args):
    return [rate(args, "rate", 5_000_000) for _ in range(args.pairs)]


def show_checker(results):
    figure = spread([one["changes"] / one["cpu_seconds"] / 1e6 for one in results])
    return [f"Checker, two tags, one core: {text_of(figure)} M changes/s."]


def memory(args):
    return {mode: rate(args, mode, 10_000_000) for mode in ("pending", "agreed")}


def show_memory(results):
    def each(one, name): return one[name] / one["changes"] - one["key_bytes"]
    pending, agreed = results["pending"], results["agreed"]
    return [f"Checker, 10 M changes of the source that wait, beside their keys: {each(pending, 'held_bytes'):.0f} bytes "
            f"each, {each(pending, 'peak_bytes'):.0f} at the peak. When both sides agree, all in all: "
            f"{agreed['held_bytes'] / agreed['changes']:.0f} bytes for each key that is remembered."]


DAEMON = """[state]
dir = "{dir}/state"
[[collector]]
name = "source"
type = "mysql"
host = "127.0.0.1"
port = {source}
user = "dcp"
password_env = "DCP_BENCH_PASSWORD"
server_id = 4000000011
tags = [{{ tag = "src", tables = ["bench.*"] }}]
[[collector]]
name = "target"
type = "mysql"
host = "127.0.0.1"
port = {target}
user = "dcp"
password_env = "DCP_BENCH_PASSWORD"
server_id = 4000000012
tags = [{{ tag = "dst", tables = ["bench.*"] }}]
[barrier]
host = "127.0.0.1"
port = {source}
user = "dcp"
password_env = "DCP_BENCH_PASSWORD"
interval = "{interval}ms"
[[check]]
name = "bench"
source = "src"
targets = ["dst"]
lateness = {lateness}
[[alarm]]
type = "file"
path = "{dir}/alarms"
"""


def wait_for_alarm(path, kind, known):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        lines = path.read_text().splitlines() if path.exists() else []
        for line in lines[known:]:
            if json.loads(line)["type"] == kind:
                return time.monotonic(), len(lines)
        time.sleep(0.002)
    sys.exit(f"no {kind} came within two minutes")


def latency(args):
    """From the commit on the target to the line in the file of a sink."""
    interval, lateness = 500, 1
    taken = []
    with pair_of("mysql") as pair:
        pair.sql("SOURCE", "CREATE DATABASE bench; CREATE TABLE bench.t (id INT PRIMARY KEY, v INT);"
                           "INSERT INTO bench.t VALUES (1, 0)")
        directory = pathlib.Path(pair.dir)
        config = directory / "dcp.toml"
        config.write_text(DAEMON.format(dir=pair.dir, source=pair.words["SOURCE_PORT"], lateness=lateness,
                                        target=pair.words["REPLICA_PORT"], interval=interval))
        with open(directory / "log", "wb") as log:
            daemon = subprocess.Popen([args.build / "cmd/dcp/dcp", "run", "--config", config],
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                      env={**os.environ, "DCP_BENCH_PASSWORD": "dcp"})
        try:
            known, alarms = 0, directory / "alarms"
            time.sleep(3 * interval / 1000)
            for i in range(1, 4 * args.pairs + 1):
                pair.sql("SOURCE", f"UPDATE bench.t SET v = {i}")
                time.sleep(0.137 * (i % 8) + 3 * interval / 1000)
                begin = time.monotonic()
                pair.sql("REPLICA", f"UPDATE bench.t SET v = {-i}")
                at, known = wait_for_alarm(alarms, "diff", known)
                taken.append(at - begin)
                pair.sql("REPLICA", f"UPDATE bench.t SET v = {i}")
                _, known = wait_for_alarm(alarms, "resolved", known)
        finally:
            daemon.terminate()
            daemon.wait()
    return {"interval": interval / 1000, "lateness": lateness, "seconds": taken}


def show_latency(results):
    limit = results["interval"] * (1 + 2 * results["lateness"]) + 0.1
    figure = spread(results["seconds"])
    return [f"Divergence committed on the target → alarm in a file, barriers every {results['interval']} s, lateness "
            f"{results['lateness']}: {text_of(figure)} s over {len(results['seconds'])}; to reach: {limit:.1f} s at the median."]


def verify(args):
    """A full verification, on every kind of server; tests/bench/verify_bench has the ways to do without it."""
    program = pathlib.Path(__file__).parent.parent / "verify_bench"
    results = []
    for flavour in ("mysql", "mysql56", "mariadb"):
        done = subprocess.run([program, "--dcp", args.build / "cmd/dcp/dcp", "--server", flavour,
                               "--pairs", str(args.pairs)], check=True, stdout=subprocess.PIPE)
        results.append(json.loads(done.stdout))
    return results


def show_verify(results):
    lines = ["| 1 M rows, both sides equal | `CHECKSUM TABLE`, source | target | `pt-table-checksum` | `dcp verify`, both "
             "| by both servers' `CHECKSUM TABLE` | to reach |", "|---|---|---|---|---|---|---|"]
    for one in results:
        cells = [text_of(one["seconds"][name]) + " s" if one["seconds"][name] else "-"
                 for name in ("checksum_source", "checksum_target", "pt_table_checksum", "dcp")]
        cells.append(text_of(one["ratios"]["side_to_checksum"]))
        lines.append(f"| {one['server']} {one['version']} | {' | '.join(cells)} | ≤ {one['reach']} |")
    return lines


PARTS = {"stream": (stream, show_stream), "checker": (checker, show_checker),
         "memory": (memory, show_memory), "latency": (latency, show_latency),
         "verify": (verify, show_verify)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--flavours", nargs="+", default=["mysql", "mariadb"])
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    measured = {}
    for name in args.only or PARTS:
        run, show = PARTS[name]
        measured[name] = run(args)
        print("\n".join(show(measured[name])) + "\n", flush=True)
    if args.json:
        args.json.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
