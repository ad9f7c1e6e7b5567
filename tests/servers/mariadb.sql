-- The users of every MariaDB server that the tests and the demo start. BINLOG MONITOR shows
-- the binlog's files and positions, SLAVE MONITOR the replica's state.
CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';
GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
CREATE USER 'dcp'@'%' IDENTIFIED BY 'dcp';
GRANT REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR, SELECT ON *.* TO 'dcp'@'%';
GRANT ALL ON drc.* TO 'dcp'@'%';
