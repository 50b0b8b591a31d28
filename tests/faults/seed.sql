-- Copyright: (c) 2026, tenantry.platform contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later
-- One tenant that goes through every step there is: two routed services, which must never answer with two versions, a
-- worker with its queue on a volume, a job, a migration of a database, of which a snapshot is kept each time, and hooks before
-- and after the switch. The driver sets the node's address.
INSERT INTO nodes (name, connection, address, ssh_user, ssh_port, python_interpreter, ipv4)
  VALUES ('node1', 'ssh', '192.0.2.1', 'root', 22, '/usr/bin/python3', '192.0.2.1');
INSERT INTO zones (name, nameserver) VALUES ('faults.test', 'node1');
INSERT INTO settings (name, value) VALUES ('default_node', 'node1');
INSERT INTO settings (name, value) VALUES ('default_zone', 'faults.test');
INSERT INTO settings (name, value) VALUES ('default_registry', 'tenantry-estate-registry:5000');
INSERT INTO stacks (name, version) VALUES ('pair', '1.0.0');
INSERT INTO services (stack, name, kind, image, command, port, memory, health_type, health_path, health_interval,
                      health_start_period, run_as, stop_grace_period)
  VALUES ('pair', 'web', 'app', 'tenantry/sample', '["web"]', 8080, '128m', 'http', '/health', 1, 10, '10001:10001', 5),
         ('pair', 'api', 'app', 'tenantry/sample', '["api"]', 8080, '128m', 'http', '/health', 1, 10, '10001:10001', 5);
INSERT INTO services (stack, name, kind, image, command, memory, health_type, health_command, health_interval,
                      health_start_period, run_as, stop_grace_period)
  VALUES ('pair', 'worker', 'app', 'tenantry/sample', '["worker"]', '64m', 'command', '["sample", "health"]', 1, 10,
          '10001:10001', 5);
INSERT INTO services (stack, name, kind, image, port, memory, health_type, health_command, health_interval,
                      health_start_period, run_as)
  VALUES ('pair', 'redis', 'backing', 'tenantry/redis:7', 6379, '64m', 'command', '["redis-cli", "ping"]', 1, 30, '998:998');
-- Its password is worth nothing: any file that is not empty.
INSERT INTO services (stack, name, kind, image, port, memory, health_type, health_command, health_interval,
                      health_start_period, run_as, tmpfs, database)
  VALUES ('pair', 'postgres', 'backing', 'tenantry/postgres:15', 5432, '128m', 'command',
          '["pg_isready", "-q", "-h", "127.0.0.1"]', 1, 60, '999:999', '["/tmp", "/run/postgresql"]', 'postgresql');
INSERT INTO services (stack, name, kind, image, command, memory, run_as)
  VALUES ('pair', 'prepare', 'job', 'tenantry/redis:7', '["redis-cli", "-h", "redis", "ping"]', '64m', '998:998');
INSERT INTO service_volumes (stack, service, name, path)
  VALUES ('pair', 'redis', 'redis', '/data'), ('pair', 'postgres', 'postgres', '/var/lib/postgresql/data');
INSERT INTO service_environment (stack, service, name, value)
  VALUES ('pair', 'web', 'DRAIN_SECONDS', '1'), ('pair', 'api', 'DRAIN_SECONDS', '1'),
         ('pair', 'worker', 'REDIS_HOST', 'redis'), ('pair', 'postgres', 'POSTGRES_USER', 'app'),
         ('pair', 'postgres', 'POSTGRES_PASSWORD_FILE', '/etc/debian_version');
INSERT INTO service_dependencies (stack, service, depends_on)
  VALUES ('pair', 'worker', 'redis'), ('pair', 'prepare', 'redis');
INSERT INTO routes (stack, name, path_prefix, service) VALUES ('pair', 'main', '/', 'web'), ('pair', 'api', '/api', 'api');
INSERT INTO hooks (stack, name, event, service, command)
  VALUES ('pair', 'before', 'pre_switch', 'web', '["true"]'), ('pair', 'after', 'post_switch', 'web', '["true"]');
INSERT INTO migrations (stack, service, driver, command) VALUES ('pair', 'web', 'command', '["true"]');
INSERT INTO tenants (name, stack, state) VALUES ('acme', 'pair', 'removed');
