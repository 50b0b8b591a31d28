-- What a fleet of several nodes begins with; every table and column: docs/tenant-database.md.
--   ansible-playbook -i localhost, tenantry.platform.database -e database_url=postgresql://tenantry@db.example.com/tenantry \
--     -e database_seed=inventories/example/fleet.sql

-- Docker hosts, reached by ssh. ipv4 and ipv6 are what the hostnames of their tenants resolve to.
INSERT INTO nodes (name, address, ssh_user, ipv4, ipv6, max_parallel) VALUES
  ('node1', '10.0.0.11', 'deploy', '192.0.2.11', '2001:db8::11', 4),
  ('node2', '10.0.0.12', 'deploy', '192.0.2.12', '2001:db8::12', 4),
  ('node3', '10.0.0.13', 'deploy', '192.0.2.13', '2001:db8::13', 2);

-- The zone below which tenants get their hostnames, and the node that serves it.
INSERT INTO zones (name, nameserver) VALUES ('tenants.example.com', 'node1');

-- What an empty column of a tenant means.
INSERT INTO settings (name, value) VALUES
  ('default_node', 'node1'),
  ('default_zone', 'tenants.example.com'),
  ('default_registry', 'registry.example.com');

-- What tenants have in common. Images without a tag take the version of the tenant, or that of the stack.
INSERT INTO stacks (name, version, description) VALUES ('shop', '2.3.1', 'web, worker, database');
INSERT INTO services (stack, name, kind, image, port, memory, cpus, health_path, run_as) VALUES
  ('shop', 'web', 'app', 'shop', 8080, '512m', '1', '/health', '10001:10001');
INSERT INTO services (stack, name, kind, image, command, memory, cpus, run_as) VALUES
  ('shop', 'worker', 'app', 'shop', '["worker"]', '256m', '0.5', '10001:10001');
INSERT INTO services (stack, name, kind, image, port, memory, run_as, tmpfs, health_command, health_start_period) VALUES
  ('shop', 'postgres', 'backing', 'postgres:15', 5432, '1g', '999:999', '["/tmp", "/run/postgresql"]',
   '["pg_isready", "-q", "-h", "127.0.0.1"]', 60);
INSERT INTO service_volumes (stack, service, name, path) VALUES ('shop', 'postgres', 'data', '/var/lib/postgresql/data');
INSERT INTO service_dependencies (stack, service, depends_on) VALUES ('shop', 'web', 'postgres'), ('shop', 'worker', 'postgres');

-- One password for each tenant, in a file on the controller; {tenant} stands for the tenant's name.
INSERT INTO secrets (stack, name, reference) VALUES ('shop', 'database', 'file:/etc/tenantry/secrets/{tenant}/database');
INSERT INTO service_secrets (stack, service, secret) VALUES
  ('shop', 'web', 'database'), ('shop', 'worker', 'database'), ('shop', 'postgres', 'database');
INSERT INTO service_environment (stack, service, name, value) VALUES
  ('shop', 'postgres', 'POSTGRES_PASSWORD_FILE', '/run/secrets/database');
INSERT INTO service_environment (stack, name, value) VALUES
  ('shop', 'DATABASE_HOST', 'postgres'),
  ('shop', 'DATABASE_PASSWORD_FILE', '/run/secrets/database');

-- A tenant is one row.
INSERT INTO tenants (name, stack) VALUES ('acme', 'shop');
INSERT INTO tenants (name, display_name, stack, node, tier, ring) VALUES ('globex', 'Globex Corporation', 'shop', 'node2', 'premium', 1);
INSERT INTO tenants (name, stack, node, pinned_version) VALUES ('initech', 'shop', 'node3', '2.2.0');
