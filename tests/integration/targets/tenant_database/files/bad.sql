INSERT INTO nodes (name) VALUES ('node1');
INSERT INTO nothing (name) VALUES ('x');
