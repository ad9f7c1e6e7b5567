#!/usr/bin/python3
"""Plays an application that writes to a MySQL source, and an applier that pushes the
same rows to dcp, written from docs/push.md and docs/canonical-row.md alone.

    pushed_applier.py --socket MYSQL --target HOST:PORT --tag TAG --scenario NAME

It writes drc.barrier itself and pushes each offset that the source holds then, so
that it controls what stands between two barriers. Scenarios:

    types        all column types, keys and operations; every segment is the same
    merged       the applier makes one change of several, and is one barrier late; the same
    differences  each kind of difference, then the repair. What it did wrong is
                 printed, one JSON line per key:
                 {"kind": "stale", "key": ["eu", 1], "columns": ["v"]}
    ddl          statements on the table, which a pushed tag cannot have

Exit status 0 when every message was accepted.
"""

import argparse
import datetime
import decimal
import json
import os
import queue
import sys

import pymysql

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../clients/python"))
from canonical_row import JSON_NULL, content, key  # noqa: E402
from gravity_client import GravityClient, Message  # noqa: E402

D = decimal.Decimal
TIMEOUT_SECONDS = 60


class Stream:
    """One call of Process; each message waits for its response."""

    def __init__(self, target, tag):
        self._tag = tag
        self._queue = queue.Queue()
        self._client = GravityClient(target)
        self._responses = self._client.process(iter(self._queue.get, None), TIMEOUT_SECONDS)
        self._sent = 0

    def _send(self, **fields):
        self._sent += 1
        message = Message(id="applier:%d" % self._sent, tag=self._tag)
        if "barrier" in fields:
            message.barrier = fields["barrier"]
        else:
            message.payload.id = fields["key"]
            message.payload.content = fields["content"]
        self._queue.put(message)
        response = next(self._responses)
        if response.code != 0:
            raise SystemExit("refused: %s" % response)

    def barrier(self, offset):
        self._send(barrier=offset)

    def push(self, key_text, text):
        self._send(key=key_text, content=text)

    def end(self):
        self._queue.put(None)
        for _ in self._responses:
            pass
        self._client.close()


class Table:
    """A table by the words of canonical_row. Rows are lists of Python values."""

    def __init__(self, app, name, columns, key_columns):
        self.app, self.name = app, name
        self.names = [column for column, _, _ in columns]
        self.kinds = [kind for _, _, kind in columns]
        self.keys = [self.names.index(column) for column in key_columns]
        app.sql("CREATE TABLE %s (%s, PRIMARY KEY (%s))" % (
            name, ", ".join("`%s` %s" % (column, sql) for column, sql, _ in columns),
            ", ".join(key_columns)))

    def key(self, row):
        return key(self.name, [self.kinds[i] for i in self.keys], [row[i] for i in self.keys])

    def push(self, op, row):
        self.app.stream.push(self.key(row), content(op, self.kinds, row))

    def _literals(self, row):
        return [literal(kind, value) for kind, value in zip(self.kinds, row)]

    def write_insert(self, row):
        self.app.sql("INSERT INTO %s (%s) VALUES (%s)" % (
            self.name, ", ".join("`%s`" % n for n in self.names), ", ".join(self._literals(row))))

    def write_update(self, old, new):
        self.app.sql("UPDATE %s SET %s WHERE %s" % (self.name, ", ".join(
            "`%s` = %s" % pair for pair in zip(self.names, self._literals(new))), self._where(old)))

    def write_delete(self, row):
        self.app.sql("DELETE FROM %s WHERE %s" % (self.name, self._where(row)))

    def _where(self, row):
        literals = self._literals(row)
        return " AND ".join("`%s` = %s" % (self.names[i], literals[i]) for i in self.keys)

    # Both: the application's write, and the applier's push.
    def insert(self, row):
        self.write_insert(row)
        self.push("INSERT", row)

    def update(self, old, new):
        self.write_update(old, new)
        if self.key(old) == self.key(new):
            self.push("UPDATE", new)
        else:
            self.push("DELETE", old)
            self.push("INSERT", new)

    def delete(self, row):
        self.write_delete(row)
        self.push("DELETE", row)


def literal(kind, value):
    """`value` in SQL."""
    if value is None:
        return "NULL"
    if kind == "json":
        document = "null" if value is JSON_NULL else json.dumps(value, ensure_ascii=False)
        return "CAST(%s AS JSON)" % pymysql.converters.escape_str(document)
    if kind in ("bytes", "binary"):
        return "x'%s'" % value.hex() if value else "''"
    if kind == "set":
        value = ",".join(value)
    if kind in ("int", "decimal"):
        return str(value)
    if kind in ("float", "double"):
        return repr(value)
    if isinstance(value, datetime.timedelta):
        seconds = abs(value)
        return "'%s%02d:%02d:%02d.%06d'" % (
            "-" if value < datetime.timedelta(0) else "", seconds.days * 24 + seconds.seconds // 3600,
            seconds.seconds // 60 % 60, seconds.seconds % 60, seconds.microseconds)
    if isinstance(value, datetime.datetime):
        return "'%s'" % value.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, datetime.date):
        return "'%s'" % value.isoformat()
    return pymysql.converters.escape_str(value)


class App:
    def __init__(self, options):
        self._mysql = pymysql.connect(unix_socket=options.socket, user="root", charset="utf8mb4",
                                      autocommit=True)
        self.sql("SET SESSION sql_mode = '', time_zone = '+00:00'")
        self.sql("CREATE DATABASE shop")
        self.sql("CREATE DATABASE drc")
        self.sql("CREATE TABLE drc.barrier (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, "
                 "`offset` BIGINT UNSIGNED NOT NULL, ts TIMESTAMP DEFAULT CURRENT_TIMESTAMP "
                 "ON UPDATE CURRENT_TIMESTAMP)")
        self.sql("INSERT INTO drc.barrier (id, `offset`) VALUES (1, 100)")
        self.stream = Stream(options.target, options.tag)

    def sql(self, statement):
        with self._mysql.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def barrier(self):
        """One more barrier on the source, and what it holds then on the target."""
        self.sql("UPDATE drc.barrier SET `offset` = `offset` + 1 WHERE id = 1")
        self.stream.barrier(self.sql("SELECT `offset` FROM drc.barrier WHERE id = 1")[0][0])

    def end(self):
        self.stream.end()
        self._mysql.close()


# name, SQL, kind of canonical_row, and values of which two neighbours differ by as little as
# the type knows (the last one by less than a neighbouring type would).
COLUMNS = [
    ("tiny", "TINYINT", "int", [-128, -127, 127, 0]),
    ("utiny", "TINYINT UNSIGNED", "int", [255, 254, 0, 128]),
    ("small", "SMALLINT", "int", [-32768, -32767, 32767, 1]),
    ("umedium", "MEDIUMINT UNSIGNED", "int", [16777215, 16777214, 8388608, 0]),
    ("medium", "MEDIUMINT", "int", [-8388608, -8388607, 8388607, -1]),
    ("int_", "INT", "int", [-2147483648, -2147483647, 2147483647, 0]),
    ("big", "BIGINT", "int", [-2**63, -2**63 + 1, 2**63 - 1, 2**53 + 1]),
    ("ubig", "BIGINT UNSIGNED", "int", [2**64 - 1, 2**64 - 2, 2**63, 0]),
    ("year_", "YEAR", "int", [1901, 1902, 2155, 0]),
    ("bits", "BIT(10)", "int", [0, 1, 1023, 512]),
    ("bits64", "BIT(64)", "int", [2**64 - 1, 2**64 - 2, 0, 2**63]),
    ("flag", "BOOLEAN", "int", [0, 1, 2, 1]),
    ("num", "DECIMAL(20,6)", "decimal", [D("9.99"), D("9.990001"), D("-0.5"), D("0")]),
    ("num65", "DECIMAL(65,30)", "decimal",
     [D("1" * 35 + "." + "2" * 30), D("1" * 35 + "." + "2" * 29 + "3"), D("-0." + "0" * 29 + "1"),
      D("100")]),
    ("num0", "DECIMAL(10,0)", "decimal", [D("-9999999999"), D("100"), D("0"), D("10")]),
    ("f", "FLOAT", "float", [0.1, 0.10000001, -3.4028235e38, 16777216.0]),
    ("fu", "FLOAT UNSIGNED", "float", [123456.79, 1.5e-7, 1e-45, 0.0]),
    ("d", "DOUBLE", "double", [0.1, 0.10000000000000002, -1.7976931348623157e308, 5e-324]),
    ("d2", "DOUBLE", "double", [1e21, 1e20, 123456789012345680.0, 0.000001]),
    ("day", "DATE", "date",
     [datetime.date(2026, 2, 28), datetime.date(2026, 3, 1), "0000-00-00", "2026-00-31"]),
    ("moment", "DATETIME(6)", "datetime",
     [datetime.datetime(2026, 2, 28, 13, 14, 15, 250000),
      datetime.datetime(2026, 2, 28, 13, 14, 15, 250001), datetime.datetime(1000, 1, 1),
      "0000-00-00 00:00:00"]),
    ("moment0", "DATETIME", "datetime",
     [datetime.datetime(9999, 12, 31, 23, 59, 59), datetime.datetime(9999, 12, 31, 23, 59, 58),
      "2026-02-00 00:00:00", datetime.datetime(2000, 2, 29)]),
    ("stamp", "TIMESTAMP(3) NULL", "timestamp",
     [datetime.datetime(2026, 7, 1, 12, 0, 0, 500000), datetime.datetime(2026, 7, 1, 12, 0, 0, 501000),
      datetime.datetime(1970, 1, 1, 0, 0, 1), "0000-00-00 00:00:00"]),
    ("clock", "TIME(6)", "time",
     [datetime.timedelta(hours=8, microseconds=500000), datetime.timedelta(hours=8),
      -datetime.timedelta(hours=838, minutes=59, seconds=59), -datetime.timedelta(microseconds=1)]),
    ("clock0", "TIME", "time",
     [datetime.timedelta(hours=100), datetime.timedelta(hours=100, seconds=1),
      datetime.timedelta(0), -datetime.timedelta(seconds=1)]),
    ("c", "CHAR(10) CHARACTER SET utf8mb4", "char", ["Straße", "strasse", "", "  two  "]),
    ("latin", "VARCHAR(50) CHARACTER SET latin1", "text", ["grün €", "grun €", "", "blank "]),
    ("t", "TEXT CHARACTER SET utf8mb4", "text",
     ["\b\f\n\r\t\"\\/\x00\x1b\x7f", "\b\f\n\r\t\"\\/\x00\x1b", "x" * 60000, " "]),
    ("lt", "LONGTEXT CHARACTER SET utf8mb4", "text", ["NULL", "null", "[1]", "\u2028"]),
    ("e", "ENUM('small','large','x,y')", "text", ["small", "large", "x,y", ""]),
    ("s", "SET('a','b','c')", "set", [["a", "c"], ["a", "b", "c"], [], ["b"]]),
    ("bin", "BINARY(6)", "binary", [b"\x00\x01", b"\x00\x02", b"", b"abcdef"]),
    ("vbin", "VARBINARY(20)", "bytes", [b"\x00\x01\x00", b"\x00\x01", b"", b"\xff\xfe"]),
    ("b", "BLOB", "bytes", [b"\xfb\xff\xbf", b"\xfb\xff\xbe", b"", b"\0" * 3]),
    ("j", "JSON", "json", [{"b": 1, "a": [1, 2.5, None, True]}, {"b": 1, "a": [1, 2.5, None, False]},
                           JSON_NULL, "text"]),
    ("j2", "JSON", "json",
     [{"long": 1e5, "k": 0.0001, "ä\"\n": "\U0001F363/\t", "z": {}, "": []}, [1.0, -0.5, 1e300],
      2**64 - 1, [-2**63, 12345678901234567890, 1e-7, "\\", 100.0, 12345.678]]),
    ("p", "POINT", "bytes",
     [b"\0\0\0\0" + bytes.fromhex("0101000000") + bytes(8) + bytes.fromhex("000000000000f03f"),
      b"\0\0\0\0" + bytes.fromhex("0101000000") + bytes(16),
      b"\0\0\0\0" + bytes.fromhex("0101000000") + bytes.fromhex("000000000000f03f") * 2,
      None]),
    ("vec", "VECTOR(3)", "bytes",
     [bytes.fromhex("0000803f000000400000c03f"), bytes.fromhex("0000803f000000400000c13f"),
      bytes(12), None]),
]


def kinds_table(app, name="shop.kinds"):
    return Table(app, name, [("id", "INT", "int")] + [c[:3] for c in COLUMNS], ["id"])


def values_at(number, index):
    return [number] + [column[3][index] for column in COLUMNS]


def scenario_types(app):
    table = kinds_table(app)
    keyed = Table(app, "shop.keyed", [
        ("id", "INT", "int"), ("price", "DECIMAL(10,2)", "decimal"), ("day", "DATE", "date"),
        ("v", "VARCHAR(20)", "text"), ("bin", "VARBINARY(10)", "bytes"),
        ("name", "VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_general_ci", "text")],
        ["name", "bin", "price", "day", "id"])
    made = Table(app, "shop.made", [("id", "INT", "int"), ("v", "INT", "int")], ["id"])
    app.sql("ALTER TABLE shop.made ADD st INT AS (v + 1) STORED, ADD vi INT AS (v + 2) VIRTUAL, "
            "ADD hidden INT DEFAULT 5 INVISIBLE")
    app.barrier()

    for index in range(4):  # inserted
        table.insert(values_at(index, index))
    table.insert([4] + [None] * len(COLUMNS))
    app.barrier()
    for index in range(4):  # every column changes; then one after the other
        table.update(values_at(index, index), values_at(index, (index + 1) % 4))
    app.barrier()
    row = values_at(0, 1)
    for i in range(len(COLUMNS)):
        changed = row[:i + 1] + [COLUMNS[i][3][0]] + row[i + 2:]
        table.update(row, changed)
        row = changed
    app.barrier()
    table.update(row, [10] + row[1:])  # the key itself
    table.update([4] + [None] * len(COLUMNS), values_at(4, 2))
    table.delete(values_at(1, 2))
    app.barrier()

    day = datetime.date(2026, 2, 28)
    rows = [[1, D("9.90"), day, "a", b"\0", "a,b"], [1, D("9.9"), day, "a", b"\0", "a"],
            [2, D("-1"), "0000-00-00", "b", b"", "grün \"x\""], [3, D("0"), day, "c", b"\xff", ""]]
    for entry in rows:
        keyed.insert(entry)
    app.barrier()
    for entry in rows:
        keyed.update(entry, entry[:3] + ["new"] + entry[4:])
    renamed = [1, D("9.9"), day, "new", b"\0", "A"]  # equal to the server, not to dcp
    keyed.update([1, D("9.9"), day, "new", b"\0", "a"], renamed)
    keyed.delete(renamed)
    app.barrier()

    # One statement, many rows.
    app.sql("INSERT INTO shop.keyed SELECT id + 100, price, day, 'm', bin, name FROM shop.keyed")
    for entry in rows:
        if entry[5] != "a":
            keyed.push("INSERT", [entry[0] + 100] + entry[1:3] + ["m"] + entry[4:])
    app.barrier()
    app.sql("BEGIN")  # nothing of it is ever seen
    keyed.write_insert([99, D("1"), day, "x", b"", "rolled back"])
    app.sql("ROLLBACK")
    app.barrier()

    made.write_insert([1, 10])
    app.stream.push("shop.made[1]", "INSERT [1,10,11,12,5]")
    app.barrier()
    app.barrier()


def scenario_merged(app):
    table = Table(app, "shop.merged", [("id", "INT", "int"), ("v", "INT", "int")], ["id"])
    app.barrier()
    table.write_insert([1, 0])
    for v in range(1, 5):
        table.write_update([1, 0], [1, v])
    table.write_insert([2, 0])
    table.write_delete([2, 0])
    table.push("INSERT", [1, 4])
    app.barrier()
    table.write_update([1, 0], [1, 5])
    app.barrier()
    table.write_update([1, 0], [1, 6])
    table.push("UPDATE", [1, 6])
    app.barrier()
    app.barrier()


def scenario_differences(app):
    table = Table(app, "shop.odd", [
        ("id", "INT", "int"), ("v", "VARCHAR(20)", "text"), ("region", "VARCHAR(20)", "text"),
        ("w", "INT", "int")], ["region", "id"])
    kinds = kinds_table(app)
    wrong = []

    # Columns are named where both sides changed the row since it was last equal.
    def did(kind, row_key, columns=()):
        wrong.append({"kind": kind, "key": row_key, "columns": list(columns)})

    same = values_at(0, 0)
    rows = {name: [1, "v", name, 0] for name in (
        "equal", "stale", "deleted", "healed", 'a","b', "a,b", "ü/\\")}
    app.barrier()
    for row in rows.values():
        table.insert(row)
    kinds.insert(same)
    for i in range(len(COLUMNS)):
        kinds.insert([i + 1] + same[1:])
    app.barrier()
    app.barrier()

    # What goes wrong: on the source alone, or on the target alone.
    table.write_update(rows["stale"], [1, "new", "stale", 0])
    did("stale", ["stale", 1])
    table.write_delete(rows["deleted"])
    did("stale", ["deleted", 1])
    table.write_insert([7, "v", "missing", 0])
    did("missing", ["missing", 7])
    table.push("UPDATE", [1, "foreign", 'a","b', 0])  # the source never touched it since
    did("mismatch", ['a","b', 1])
    table.write_update(rows["ü/\\"], [1, "v", "ü/\\", 5])
    table.push("UPDATE", [1, "v", "ü/\\", 6])
    did("mismatch", ["ü/\\", 1], ["w"])
    table.write_update(rows["healed"], [1, "right", "healed", 0])
    table.push("UPDATE", [1, "foreign", "healed", 0])
    table.push("UPDATE", [1, "right", "healed", 0])
    did("healed", ["healed", 1])
    table.push("INSERT", [8, "v", "extra", 0])
    did("extra", [table.key([8, "v", "extra", 0])])
    for i, column in enumerate(COLUMNS):  # off by as little as the type knows
        number = i + 1
        right = [number] + same[1:]
        touched = right[:number] + [column[3][2]] + right[number + 1:]
        kinds.write_update(right, touched)
        kinds.write_update(touched, right)
        kinds.push("UPDATE", right[:number] + [column[3][1]] + right[number + 1:])
        did("mismatch", [number], [column[0]])
    app.barrier()
    for _ in range(3):
        app.barrier()

    # Repaired.
    table.push("UPDATE", [1, "new", "stale", 0])
    table.push("DELETE", rows["deleted"])
    table.push("INSERT", [7, "v", "missing", 0])
    table.push("UPDATE", [1, "v", 'a","b', 0])
    table.push("UPDATE", [1, "v", "ü/\\", 5])
    table.push("DELETE", [8, "v", "extra", 0])
    for i in range(len(COLUMNS)):
        kinds.push("UPDATE", [i + 1] + same[1:])
    for _ in range(4):
        app.barrier()
    for entry in wrong:
        print(json.dumps(entry))


def scenario_ddl(app):
    # With the default metadata a row that is read only after its table was altered is unverified.
    app.sql("SET GLOBAL binlog_row_metadata = FULL")
    table = Table(app, "shop.t", [("id", "INT", "int"), ("v", "VARCHAR(20)", "text")], ["id"])
    app.barrier()
    table.insert([1, "a"])
    table.insert([2, "b"])
    app.barrier()
    app.sql("ALTER TABLE shop.t ADD COLUMN w INT DEFAULT 3")
    app.sql("CREATE INDEX by_v ON shop.t (v)")
    app.barrier()
    app.sql("UPDATE shop.t SET v = 'c' WHERE id = 1")
    app.stream.push("shop.t[1]", 'UPDATE [1,"c",3]')
    app.barrier()
    app.sql("TRUNCATE TABLE shop.t")
    app.barrier()
    app.sql("INSERT INTO shop.t VALUES (1, 'd', 4), (3, 'e', 5)")
    app.stream.push("shop.t[1]", 'INSERT [1,"d",4]')
    app.stream.push("shop.t[3]", 'INSERT [3,"e",5]')
    app.barrier()
    app.sql("UPDATE shop.t SET v = 'f' WHERE id = 3")
    app.sql("TRUNCATE TABLE shop.t")
    app.stream.push("shop.t[3]", 'UPDATE [3,"f",5]')
    app.stream.push("shop.t[3]", "DELETE []")  # changed in this segment, so it is told
    app.barrier()
    app.barrier()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--socket", required=True, help="the source's Unix socket")
    parser.add_argument("--target", required=True, help="HOST:PORT of the gRPC collector")
    parser.add_argument("--tag", required=True)
    parser.add_argument("--scenario", required=True, choices=["types", "merged", "differences", "ddl"])
    options = parser.parse_args()
    app = App(options)
    globals()["scenario_" + options.scenario](app)
    app.end()


if __name__ == "__main__":
    main()
