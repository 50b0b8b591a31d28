-- A fleet of tiny tenants on the demo's node. The registry is set by the tests.
INSERT INTO nodes (name, connection, address, ipv4) VALUES ('local', 'local', '127.0.0.1', '127.0.0.1');
INSERT INTO zones (name, nameserver) VALUES ('demo.test', 'local');
INSERT INTO settings (name, value) VALUES ('default_node', 'local');
INSERT INTO settings (name, value) VALUES ('default_zone', 'demo.test');
INSERT INTO settings (name, value) VALUES ('default_registry', '127.0.0.1:5055');
INSERT INTO stacks (name, version) VALUES ('tiny', '1.0.0');
INSERT INTO services (stack, name, kind, image, command, port, memory, health_type, health_path,
                      health_interval, run_as, stop_grace_period)
  VALUES ('tiny', 'web', 'app', 'tenantry/sample', '["web"]', 8080, '128m', 'http', '/health', 2, '10001:10001', 10);
INSERT INTO service_environment (stack, service, name, value) VALUES ('tiny', 'web', 'DRAIN_SECONDS', '1');
