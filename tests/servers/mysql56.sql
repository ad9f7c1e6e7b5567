-- The users of every MySQL 5.6 that the tests start. Anonymous users would come before
-- 'dcp'@'%' on the socket.
DELETE FROM mysql.user WHERE user <> 'root' OR host NOT IN ('localhost', '127.0.0.1');
DELETE FROM mysql.db;
DROP DATABASE IF EXISTS test;
FLUSH PRIVILEGES;
GRANT ALL ON *.* TO 'root'@'localhost' WITH GRANT OPTION;
GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT ON *.* TO 'dcp'@'%' IDENTIFIED BY 'dcp';
GRANT ALL ON drc.* TO 'dcp'@'%';
