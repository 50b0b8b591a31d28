#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# dbmate with the tenant's database: DATABASE_ENGINE (postgresql, mariadb), DATABASE_HOST, DATABASE_PORT, DATABASE_USER
# (app), DATABASE_NAME (the user's name), DATABASE_PASSWORD_FILE. DATABASE_URL and DBMATE_MIGRATIONS_DIR win over these.
set -eu

engine=$DATABASE_ENGINE
export DBMATE_MIGRATIONS_DIR="${DBMATE_MIGRATIONS_DIR:-/app/db/migrations/$engine}"
if [ -z "${DATABASE_URL:-}" ]; then
    # In the environment, because anyone could read an argument.
    DATABASE_URL=$(python3 - <<'PYTHON'
import os
import pathlib
from urllib.parse import quote

engine = os.environ["DATABASE_ENGINE"]
scheme, port, parameters = {
    "postgresql": ("postgres", 5432, "?sslmode=disable"),
    "mariadb": ("mysql", 3306, ""),
}[engine]
path = os.environ.get("DATABASE_PASSWORD_FILE")
password = pathlib.Path(path).read_text(encoding="utf-8").rstrip("\n") if path else ""
user = os.environ.get("DATABASE_USER") or "app"
name = os.environ.get("DATABASE_NAME") or user
host = os.environ.get("DATABASE_HOST") or "127.0.0.1"
port = os.environ.get("DATABASE_PORT") or port
print(f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/{quote(name, safe='')}{parameters}")
PYTHON
    )
    export DATABASE_URL
fi
exec /usr/local/libexec/dbmate "$@"
