-- Copyright: (c) 2026, tenantry.platform contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later
-- Six tiny containers a tenant: three app services, one of them routed, and three backing services, one with a volume.
-- A check costs 65 ms of CPU wherever it runs: six hundred containers are asked every 400 s.
INSERT INTO nodes (name, connection, address, ipv4) VALUES ('local', 'local', '127.0.0.1', '127.0.0.1');
INSERT INTO zones (name, nameserver) VALUES ('demo.test', 'local');
INSERT INTO settings (name, value) VALUES ('default_node', 'local');
INSERT INTO settings (name, value) VALUES ('default_zone', 'demo.test');
INSERT INTO stacks (name, version) VALUES ('bench', '1.0.0');
INSERT INTO services (stack, name, kind, image, command, port, memory, health_type, health_path, run_as, stop_grace_period)
  VALUES ('bench', 'web', 'app', 'tenantry/sample', '["web"]', 8080, '128m', 'http', '/health', '10001:10001', 10);
INSERT INTO services (stack, name, kind, image, command, memory, health_type, health_command, run_as, stop_grace_period)
  VALUES ('bench', 'worker', 'app', 'tenantry/base:bookworm', '["sleep", "infinity"]', '16m', 'command', '["true"]', '10001:10001', 1),
         ('bench', 'scheduler', 'app', 'tenantry/base:bookworm', '["sleep", "infinity"]', '16m', 'command', '["true"]', '10001:10001', 1),
         ('bench', 'store', 'backing', 'tenantry/base:bookworm', '["sleep", "infinity"]', '16m', 'command', '["true"]', '10001:10001', 1),
         ('bench', 'cache', 'backing', 'tenantry/base:bookworm', '["sleep", "infinity"]', '16m', 'command', '["true"]', '10001:10001', 1),
         ('bench', 'queue', 'backing', 'tenantry/base:bookworm', '["sleep", "infinity"]', '16m', 'command', '["true"]', '10001:10001', 1);
INSERT INTO service_volumes (stack, service, name, path) VALUES ('bench', 'store', 'store', '/data');
INSERT INTO service_environment (stack, service, name, value) VALUES ('bench', 'web', 'DRAIN_SECONDS', '1');
-- While forty are deployed at once, a check waits for a core much longer than it takes. And what the engine does beside a
-- measurement makes everything dearer, more with a hundred tenants than with twenty: so it does little.
UPDATE services SET health_interval = 400, health_timeout = 60;
