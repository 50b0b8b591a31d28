-- Copyright: (c) 2026, tenantry.platform contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later
-- One routed service and one worker with its queue. The tenants are inserted by each scenario.
-- A request takes up to 8 s, and has them after the second of drain and the goodbye to WebSockets.
INSERT INTO nodes (name, connection, address, ipv4) VALUES ('local', 'local', '127.0.0.1', '127.0.0.1');
INSERT INTO zones (name, nameserver) VALUES ('demo.test', 'local');
INSERT INTO settings (name, value) VALUES ('default_node', 'local');
INSERT INTO settings (name, value) VALUES ('default_zone', 'demo.test');
INSERT INTO stacks (name, version) VALUES ('load', '1.0.0');
INSERT INTO services (stack, name, kind, image, command, port, memory, health_type, health_path, health_interval,
                      health_start_period, run_as, stop_grace_period)
  VALUES ('load', 'web', 'app', 'tenantry/sample', '["web"]', 8080, '128m', 'http', '/health', 1, 5, '10001:10001', 20);
INSERT INTO services (stack, name, kind, image, command, memory, health_type, health_command, health_interval,
                      health_start_period, run_as, stop_grace_period)
  VALUES ('load', 'worker', 'app', 'tenantry/sample', '["worker"]', '64m', 'command', '["sample", "health"]', 1, 5,
          '10001:10001', 10);
INSERT INTO services (stack, name, kind, image, port, memory, health_type, health_command, health_start_period, run_as)
  VALUES ('load', 'redis', 'backing', 'tenantry/redis:7', 6379, '64m', 'command', '["redis-cli", "ping"]', 60, '998:998');
INSERT INTO service_volumes (stack, service, name, path) VALUES ('load', 'redis', 'redis', '/data');
INSERT INTO service_environment (stack, service, name, value)
  VALUES ('load', 'web', 'DRAIN_SECONDS', '1'), ('load', 'worker', 'REDIS_HOST', 'redis');
