INSERT INTO tenantry_nodes (name, ipv4) VALUES ('node1', '192.0.2.10');
INSERT INTO tenantry_zones (name) VALUES ('example.com');
INSERT INTO tenantry_stacks (name, version) VALUES ('standard', '1.0');
INSERT INTO tenantry_services (stack, name, image, port) VALUES ('standard', 'web', 'registry.example/web', 8080);
INSERT INTO tenantry_tenants (name, display_name, stack) VALUES ('acme', '100 % {{ 1 + 1 }}; -- ''', 'standard');
INSERT INTO tenantry_tenants (name, stack, ring) VALUES ('broken', 'standard', 1), ('later', 'standard', 2);
INSERT INTO tenantry_services (tenant, name, image) VALUES ('broken', 'web', 'APP');
