-- The demo's fleet: one machine, one zone, seven tenants and one that is wrong on purpose.
-- docs/tenant-database.md describes every table and column.

INSERT INTO nodes (name, connection, address, ipv4) VALUES ('local', 'local', '127.0.0.1', '127.0.0.1');
INSERT INTO zones (name, nameserver) VALUES ('demo.test', 'local');
INSERT INTO settings (name, value) VALUES ('default_node', 'local');
INSERT INTO settings (name, value) VALUES ('default_zone', 'demo.test');
INSERT INTO settings (name, value) VALUES ('default_registry', '127.0.0.1:5055');

-- Stacks are what tenants have in common. A tenant's own rows stand over those of its stack.
INSERT INTO stacks (name, version, description) VALUES ('standard', '1.0.0', 'one web service');
INSERT INTO services (stack, name, kind, image, command, port, memory, health_type, health_path, run_as, stop_grace_period)
  VALUES ('standard', 'web', 'app', 'tenantry/sample', '["web"]', 8080, '128m', 'http', '/health', '10001:10001', 15);

INSERT INTO stacks (name, version, description) VALUES ('full', '1.0.0', 'six services, a migration and a job');
INSERT INTO services (stack, name, kind, image, command, port, memory, health_type, health_path, run_as, stop_grace_period)
  VALUES ('full', 'web', 'app', 'tenantry/sample', '["web"]', 8080, '128m', 'http', '/health', '10001:10001', 15),
         ('full', 'api', 'app', 'tenantry/sample', '["api"]', 8080, '128m', 'http', '/health', '10001:10001', 15);
INSERT INTO services (stack, name, kind, image, command, memory, health_type, health_command, run_as, stop_grace_period)
  VALUES ('full', 'worker', 'app', 'tenantry/sample', '["worker"]', '128m', 'command', '["sample", "health"]', '10001:10001', 15),
         ('full', 'scheduler', 'app', 'tenantry/sample', '["scheduler"]', '128m', 'command', '["sample", "health"]', '10001:10001', 15);
INSERT INTO services (stack, name, kind, image, command, memory, run_as)
  VALUES ('full', 'check', 'job', 'tenantry/sample', '["migrate", "status"]', '128m', '10001:10001');
INSERT INTO services (stack, name, kind, image, port, memory, health_type, health_command, health_start_period, run_as, tmpfs,
                      stop_grace_period, database)
  VALUES ('full', 'postgres', 'backing', 'tenantry/postgres:15', 5432, '256m', 'command',
          '["pg_isready", "-q", "-h", "127.0.0.1", "-U", "app", "-d", "app"]', 60, '999:999', '["/tmp", "/run/postgresql"]', 60, 'postgresql'),
         ('full', 'redis', 'backing', 'tenantry/redis:7', 6379, '128m', 'command', '["redis-cli", "ping"]', 60,
          '998:998', '["/tmp"]', 30, 'redis');
INSERT INTO service_volumes (stack, service, name, path)
  VALUES ('full', 'postgres', 'postgres', '/var/lib/postgresql/data'),
         ('full', 'redis', 'redis', '/data');
INSERT INTO service_environment (stack, service, name, value)
  VALUES ('full', 'postgres', 'POSTGRES_USER', 'app'),
         ('full', 'postgres', 'POSTGRES_DB', 'app'),
         ('full', 'postgres', 'POSTGRES_PASSWORD_FILE', '/run/secrets/database_password');
INSERT INTO service_environment (stack, service, name, value)
  SELECT 'full', service.name, variable.name, variable.value
    FROM (SELECT 'web' AS name UNION SELECT 'api' UNION SELECT 'worker' UNION SELECT 'scheduler' UNION SELECT 'check') AS service,
         (SELECT 'DATABASE_HOST' AS name, 'postgres' AS value
          UNION SELECT 'DATABASE_USER', 'app'
          UNION SELECT 'DATABASE_NAME', 'app'
          UNION SELECT 'DATABASE_PASSWORD_FILE', '/run/secrets/database_password'
          UNION SELECT 'REDIS_HOST', 'redis') AS variable;
INSERT INTO service_secrets (stack, service, secret)
  VALUES ('full', 'web', 'database_password'), ('full', 'api', 'database_password'), ('full', 'worker', 'database_password'),
         ('full', 'scheduler', 'database_password'), ('full', 'check', 'database_password'), ('full', 'postgres', 'database_password');
INSERT INTO service_dependencies (stack, service, depends_on)
  VALUES ('full', 'web', 'postgres'), ('full', 'api', 'postgres'), ('full', 'worker', 'redis'), ('full', 'scheduler', 'redis'),
         ('full', 'check', 'postgres');
-- Before a release takes the place of another one, its own image brings the database to what it needs.
INSERT INTO migrations (stack, service, driver, command, status_command, rollback_command, kind)
  VALUES ('full', 'web', 'command', '["sample", "migrate"]', '["sample", "migrate", "status"]',
          '["sample", "migrate", "down", "--target", "{target}"]', 'reversible');
INSERT INTO routes (stack, name, path_prefix, service) VALUES ('full', 'main', '/', 'web'), ('full', 'api', '/api', 'api');

-- Six services: web, api, worker, scheduler, postgres, redis.
INSERT INTO tenants (name, display_name, stack, tier) VALUES ('acme', 'Acme GmbH', 'full', 'premium');
INSERT INTO secrets (tenant, name, vault) VALUES ('acme', 'database_password', '$ANSIBLE_VAULT;1.1;AES256
39396631353538316562326465623232643539666632383565393136653735323932616565393761
6338356431303763353333393136616535643434653666320a626335363638646135313430623738
36346535366130616163313637613831323735306634633237396235633434663932333339353562
3763646632313963360a326663333533303531653737366132386230643439343638613832653466
37333636376438666534323464663334656236623639386237376336343735373934');

-- Two web replicas.
INSERT INTO tenants (name, display_name, stack) VALUES ('globex', 'Globex Corporation', 'standard');
INSERT INTO services (tenant, name, replicas) VALUES ('globex', 'web', 2);

-- Access rules on one service: the first one that matches decides.
INSERT INTO tenants (name, display_name, stack) VALUES ('initech', 'Initech', 'standard');
INSERT INTO services (tenant, name) VALUES ('initech', 'web');
INSERT INTO access_rules (tenant, service, position, action, cidr)
  VALUES ('initech', 'web', 1, 'deny', '127.0.0.3'), ('initech', 'web', 2, 'allow', '127.0.0.2/31');

-- Stopped.
INSERT INTO tenants (name, display_name, stack, state) VALUES ('umbrella', 'Umbrella', 'standard', 'stopped');

-- Two hostnames, and a path prefix.
INSERT INTO tenants (name, display_name, stack) VALUES ('hooli', 'Hooli', 'standard');
INSERT INTO routes (tenant, name, hostname, path_prefix, service)
  VALUES ('hooli', 'main', 'hooli.demo.test', '/', 'web'),
         ('hooli', 'shop', 'shop.demo.test', '/store', 'web');

-- Routed by Docker labels alone, half of the requests to each of two services.
INSERT INTO tenants (name, display_name) VALUES ('stark', 'Stark Industries');
INSERT INTO services (tenant, name, kind, image, version, command, port, memory, health_type, health_path, run_as, stop_grace_period)
  VALUES ('stark', 'blue', 'app', 'tenantry/sample', '1.0.0', '["web"]', 8080, '128m', 'http', '/health', '10001:10001', 15),
         ('stark', 'green', 'app', 'tenantry/sample', '1.0.0', '["web"]', 8080, '128m', 'http', '/health', '10001:10001', 15);
INSERT INTO routes (tenant, name, via) VALUES ('stark', 'main', 'labels');
INSERT INTO route_backends (tenant, route, service) VALUES ('stark', 'main', 'blue'), ('stark', 'main', 'green');

-- A vault-encrypted secret.
INSERT INTO tenants (name, display_name, stack) VALUES ('wayne', 'Wayne Enterprises', 'standard');
INSERT INTO services (tenant, name) VALUES ('wayne', 'web');
INSERT INTO service_secrets (tenant, service, secret) VALUES ('wayne', 'web', 'api_token');
INSERT INTO secrets (tenant, name, vault) VALUES ('wayne', 'api_token', '$ANSIBLE_VAULT;1.1;AES256
30313866646635663139643233393364343034346164363939363833613061623332306234643932
3136396137336139303134313233613539396131336130660a373639643562643338663133333130
30356664666238613131366333643465386134323039326330333364316637323331376165626231
3831646431626532620a633337393631333065333964666633333133366439323966663765366233
38613261646138353836333931336165333661623862373830343561313137626666');

-- Wrong on purpose: an image name has no capitals. Everyone else is served.
INSERT INTO tenants (name, display_name, stack) VALUES ('broken', 'Broken on purpose', 'standard');
INSERT INTO services (tenant, name, image) VALUES ('broken', 'web', 'APP');

-- A demo is in a hurry. The default of 10 seconds costs the machine a fifth of this.
UPDATE services SET health_interval = 2;
