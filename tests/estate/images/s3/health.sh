#!/bin/sh
# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Exit code 0 when S3 answers a signed request, about its bucket where it has one.
exec curl --config /tmp/s3/curl.conf --output /dev/null --fail ${S3_BUCKET:+--head} "https://127.0.0.1:8333/${S3_BUCKET:-}"
