-- A state of version 1: what `.dump` of sqlite3 says of it.
PRAGMA application_id = 1684238385;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE pairs (
  pair INTEGER PRIMARY KEY AUTOINCREMENT,
  check_name TEXT NOT NULL,
  target TEXT NOT NULL,
  sum INTEGER NOT NULL,
  UNIQUE (check_name, target)
) STRICT;
INSERT INTO pairs VALUES(1,'orders','dst',-3158442121586196098);
CREATE TABLE pair_states (
  pair INTEGER PRIMARY KEY REFERENCES pairs,
  epoch INTEGER NOT NULL,
  said_to INTEGER NOT NULL,
  rules TEXT NOT NULL,
  run_from INTEGER,           -- NULL: there is no run to take up
  run_from_name TEXT,
  run_is_first INTEGER,
  run_judged_ahead TEXT,      -- a GTID set
  run_source_place TEXT,
  run_target_place TEXT,
  lost_reason TEXT NOT NULL,
  lost_detail TEXT NOT NULL,
  timeout_source TEXT,        -- NULL: the target is not late
  timeout_epoch INTEGER,
  timeout_from INTEGER,
  timeout_to INTEGER,
  timeout_at INTEGER,
  source_timeout_source TEXT, -- NULL: the source is not late
  source_timeout_epoch INTEGER,
  source_timeout_from INTEGER,
  source_timeout_to INTEGER,
  source_timeout_at INTEGER,
  sum INTEGER NOT NULL
) STRICT;
INSERT INTO pair_states VALUES(1,1,3,'rules',3,'uuid:3',1,'','a:1','b:2','','',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,-2009779016314301090);
CREATE TABLE findings (
  pair INTEGER NOT NULL REFERENCES pairs,
  key TEXT NOT NULL,
  alarm_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  table_name TEXT NOT NULL,
  keyless INTEGER NOT NULL,
  key_text TEXT NOT NULL,
  not_before INTEGER NOT NULL,
  source TEXT NOT NULL,       -- absent, unknown or a digest
  target TEXT NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (pair, key)
) STRICT, WITHOUT ROWID;
INSERT INTO findings VALUES(1,'0000000000000001fffffffffffffffe','alarm-1','missing','shop.orders',0,'shop.orders[1]',2,'00000000000000010000000000000007','absent',8623672494397876509);
INSERT INTO findings VALUES(1,'0000000000000002fffffffffffffffd','alarm-2','missing','shop.orders',0,'shop.orders[2]',3,'00000000000000020000000000000007','absent',-3213442349828254129);
CREATE TABLE verdicts (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  pair INTEGER NOT NULL,
  source TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  from_barrier INTEGER NOT NULL,
  to_barrier INTEGER NOT NULL,
  kind TEXT NOT NULL,
  late INTEGER NOT NULL,
  source_rows INTEGER NOT NULL,
  target_rows INTEGER NOT NULL,
  diff_count INTEGER NOT NULL,
  known INTEGER NOT NULL,
  unverified_reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (pair, epoch, from_barrier, to_barrier)
) STRICT;
INSERT INTO verdicts VALUES(1,1,'src',1,0,1,'same',0,10,9,0,0,'',1700000001000000000);
INSERT INTO verdicts VALUES(2,1,'src',1,1,2,'same',0,10,9,0,0,'',1700000002000000000);
INSERT INTO verdicts VALUES(3,1,'src',1,2,3,'same',0,10,9,0,0,'',1700000003000000000);
CREATE TABLE alarm_ids (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  pair INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;
INSERT INTO alarm_ids VALUES(1,'alarm-0',1,1700000000000000000);
INSERT INTO alarm_ids VALUES(2,'alarm-1',1,1700000000000000000);
INSERT INTO alarm_ids VALUES(3,'alarm-2',1,1700000000000000000);
CREATE TABLE alarms (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  check_name TEXT NOT NULL,
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  tables TEXT NOT NULL,
  kinds TEXT NOT NULL,
  resolves TEXT NOT NULL,
  at INTEGER NOT NULL,
  text TEXT NOT NULL,
  json TEXT NOT NULL,
  sum INTEGER NOT NULL
) STRICT;
INSERT INTO alarms VALUES(1,'alarm-0','diff','orders','src','dst','','','',1700000000000000000,'diff alarm-0','{"id":"alarm-0"}',-3004599067835542252);
INSERT INTO alarms VALUES(2,'alarm-1','diff','orders','src','dst','','','',1700000000000000000,'diff alarm-1','{"id":"alarm-1"}',820903608227370464);
INSERT INTO alarms VALUES(3,'alarm-2','diff','orders','src','dst','','','',1700000000000000000,'diff alarm-2','{"id":"alarm-2"}',5505619817848322690);
CREATE TABLE sinks (
  sink INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  sum INTEGER NOT NULL,
  put_aside INTEGER NOT NULL  -- so many it did not take, ever
) STRICT;
INSERT INTO sinks VALUES(1,'a',-2175393079261239388,0);
INSERT INTO sinks VALUES(2,'b',-9193699386258954412,1);
CREATE TABLE deliveries (
  sequence INTEGER NOT NULL REFERENCES alarms,
  sink INTEGER NOT NULL REFERENCES sinks,
  put_aside INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (sequence, sink)
) STRICT, WITHOUT ROWID;
INSERT INTO deliveries VALUES(1,1,0,937152896018522403);
INSERT INTO deliveries VALUES(2,1,0,6644701946380915623);
INSERT INTO deliveries VALUES(2,2,1,150272793698983138);
INSERT INTO deliveries VALUES(3,1,0,6180549382193152401);
INSERT INTO deliveries VALUES(3,2,0,-337496547393412603);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('pairs',1);
INSERT INTO sqlite_sequence VALUES('alarm_ids',3);
INSERT INTO sqlite_sequence VALUES('sinks',2);
INSERT INTO sqlite_sequence VALUES('verdicts',3);
CREATE INDEX deliveries_put_aside ON deliveries (sink, sequence) WHERE put_aside = 1;
CREATE VIEW history AS
  SELECT check_name, source, target, epoch, from_barrier, to_barrier, kind, late, source_rows,
         target_rows, diff_count, known, unverified_reason,
         strftime('%Y-%m-%dT%H:%M:%fZ', at / 1e9, 'unixepoch') AS at
  FROM verdicts JOIN pairs USING (pair) ORDER BY number;
CREATE VIEW outbox AS
  SELECT name AS sink, sequence, type, check_name, source, target, id, deliveries.put_aside,
         strftime('%Y-%m-%dT%H:%M:%fZ', at / 1e9, 'unixepoch') AS at, text, json
  FROM deliveries JOIN sinks USING (sink) JOIN alarms USING (sequence) ORDER BY sequence;
CREATE VIEW open_findings AS
  SELECT check_name, pairs.target, kind, table_name, key_text, alarm_id,
         source AS source_state, findings.target AS target_state
  FROM findings JOIN pairs USING (pair);
COMMIT;
