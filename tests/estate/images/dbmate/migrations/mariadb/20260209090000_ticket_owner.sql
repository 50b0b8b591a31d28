-- Copyright: (c) 2026, tenantry.platform contributors
-- GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
-- SPDX-License-Identifier: GPL-3.0-or-later
-- migrate:up
ALTER TABLE tickets ADD COLUMN owner varchar(255);

-- migrate:down
ALTER TABLE tickets DROP COLUMN owner;
