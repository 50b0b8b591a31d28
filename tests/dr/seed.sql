-- Copyright: (c) 2026, tenantry.platform contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later
-- Tenants with everything that can be lost: a PostgreSQL that archives its WAL, a Redis, and files. All backups are in
-- object storage, of which the driver sets the endpoint. It adds nodes and tenants.
INSERT INTO nodes (name, connection, address, ssh_user, ssh_port, python_interpreter, ipv4)
  VALUES ('node1', 'ssh', '192.0.2.1', 'root', 22, '/usr/bin/python3', '192.0.2.1');
INSERT INTO zones (name, nameserver) VALUES ('dr.test', 'node1');
INSERT INTO settings (name, value) VALUES ('default_node', 'node1');
INSERT INTO settings (name, value) VALUES ('default_zone', 'dr.test');
INSERT INTO settings (name, value) VALUES ('default_registry', 'tenantry-estate-registry:5000');
INSERT INTO repositories (name, kind, path, endpoint, bucket, ca_file, access_key, secret_key, passphrase)
  VALUES ('offsite', 's3', '/fleet', 'https://192.0.2.1:8333', 'backups', '/etc/tenantry/backup-ca.crt',
          'env:TENANTRY_SECRET_ACCESS_KEY', 'env:TENANTRY_SECRET_SECRET_KEY', 'env:TENANTRY_SECRET_PASSPHRASE');
INSERT INTO stacks (name, version) VALUES ('shop', '1.0.0');
INSERT INTO secrets (stack, name, reference) VALUES ('shop', 'password', 'env:TENANTRY_SECRET_DATABASE');
INSERT INTO services (stack, name, kind, image, port, memory, health_type, health_command, health_interval,
                      health_start_period, run_as, tmpfs, database)
  VALUES ('shop', 'server', 'backing', 'tenantry/postgres:15', 5432, '512m', 'command',
          '["pg_isready", "-q", "-h", "127.0.0.1", "-U", "app"]', 1, 60, '999:999', '["/tmp", "/run/postgresql"]', 'postgresql'),
         ('shop', 'cache', 'backing', 'tenantry/redis:7', 6379, '64m', 'command', '["redis-cli", "ping"]', 1, 30,
          '998:998', NULL, 'redis');
INSERT INTO services (stack, name, kind, image, command, port, memory, health_type, health_path, health_interval,
                      health_start_period, run_as, stop_grace_period)
  VALUES ('shop', 'web', 'app', 'tenantry/notes', '["python3", "-m", "serve", "notes.web:application"]', 8080, '192m',
          'http', '/health', 1, 20, '10002:10002', 5);
INSERT INTO service_volumes (stack, service, name, path)
  VALUES ('shop', 'server', 'data', '/var/lib/postgresql/data'), ('shop', 'cache', 'cache', '/data'),
         ('shop', 'web', 'files', '/files');
INSERT INTO service_secrets (stack, service, secret) VALUES ('shop', 'server', 'password'), ('shop', 'web', 'password');
INSERT INTO service_environment (stack, service, name, value)
  VALUES ('shop', 'server', 'POSTGRES_USER', 'app'),
         ('shop', 'server', 'POSTGRES_PASSWORD_FILE', '/run/secrets/password'),
         ('shop', 'web', 'DATABASE_HOST', 'server'), ('shop', 'web', 'DATABASE_USER', 'app'),
         ('shop', 'web', 'DATABASE_PASSWORD_FILE', '/run/secrets/password'), ('shop', 'web', 'DRAIN_SECONDS', '1');
INSERT INTO service_dependencies (stack, service, depends_on) VALUES ('shop', 'web', 'server'), ('shop', 'web', 'cache');
INSERT INTO migrations (stack, service, driver) VALUES ('shop', 'web', 'alembic');
INSERT INTO backup_policies (stack, service, name, row_check)
  VALUES ('shop', 'server', 'database', 'SELECT count(*) FROM notes'), ('shop', 'cache', 'cache', NULL),
         ('shop', 'web', 'files', NULL);
-- The same without what its bare tools would not restore either: a database and its application.
INSERT INTO stacks (name, version) VALUES ('books', '1.0.0');
INSERT INTO secrets (stack, name, reference) SELECT 'books', name, reference FROM secrets;
INSERT INTO services (stack, name, kind, image, command, port, memory, health_type, health_path, health_command,
                      health_interval, health_start_period, run_as, stop_grace_period, tmpfs, database)
  SELECT 'books', name, kind, image, command, port, memory, health_type, health_path, health_command, health_interval,
         health_start_period, run_as, stop_grace_period, tmpfs, database FROM services WHERE name IN ('server', 'web');
INSERT INTO service_volumes (stack, service, name, path)
  SELECT 'books', service, name, path FROM service_volumes WHERE service = 'server';
INSERT INTO service_secrets (stack, service, secret) SELECT 'books', service, secret FROM service_secrets;
INSERT INTO service_environment (stack, service, name, value)
  SELECT 'books', service, name, value FROM service_environment;
INSERT INTO service_dependencies (stack, service, depends_on) VALUES ('books', 'web', 'server');
INSERT INTO migrations (stack, service, driver) SELECT 'books', service, driver FROM migrations;
INSERT INTO backup_policies (stack, service, name, row_check)
  SELECT 'books', service, name, row_check FROM backup_policies WHERE service = 'server';
