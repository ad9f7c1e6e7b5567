-- The users of every MySQL server that the tests and the demo start.
CREATE USER 'root'@'127.0.0.1';
GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
CREATE USER 'dcp'@'%' IDENTIFIED BY 'dcp';
GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO 'dcp'@'%';
GRANT ALL ON drc.* TO 'dcp'@'%';
