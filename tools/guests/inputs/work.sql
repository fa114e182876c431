CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL, kind INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
INSERT INTO item SELECT i, printf('item-%06d', i * 7919 % 40000), i * 0.37, i % 11 FROM n;
CREATE INDEX by_name ON item(name);
SELECT kind, count(*), round(avg(price), 4), min(name), max(name) FROM item GROUP BY kind ORDER BY kind;
SELECT count(*) FROM item a JOIN item b ON b.name = printf('item-%06d', a.id) WHERE a.id < 5000;
UPDATE item SET price = price * 1.1 WHERE kind IN (SELECT kind FROM item GROUP BY kind HAVING sum(price) > 1000000);
DELETE FROM item WHERE id % 3 = 0;
SELECT sum(length(name)), round(sum(price), 2), count(DISTINCT kind) FROM item;
SELECT name FROM item WHERE name LIKE '%99%' ORDER BY price DESC LIMIT 5;
SELECT hex(substr(group_concat(name, ''), 1, 32)) FROM (SELECT name FROM item ORDER BY id LIMIT 10);
PRAGMA integrity_check;
