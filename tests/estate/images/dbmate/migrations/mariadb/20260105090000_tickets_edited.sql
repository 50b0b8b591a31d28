-- Copyright: (c) 2026, tenantry.platform contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later
-- migrate:up
CREATE TABLE tickets (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    title varchar(255) NOT NULL,
    source varchar(32) DEFAULT 'web',
    created_at timestamp NOT NULL DEFAULT current_timestamp()
);

-- migrate:down
DROP TABLE tickets;
