INSERT INTO nodes (name, ipv4) VALUES ('node1', '192.0.2.10');
INSERT INTO zones (name) VALUES ('example.com');
INSERT INTO tenants (name, node, zone) VALUES ('testhost', 'node1', 'example.com');
