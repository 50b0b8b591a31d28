# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in plain text, from what the tenant database stores of them; on the controller alone."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.tenantry.platform.plugins.module_utils.errors import TenantryError

Decrypt = t.Callable[[str], str]

VAULT = "$ANSIBLE_VAULT;"


def reveal(what: str, stored: str, decrypt: Decrypt) -> str:
    """The value of a secret.

    :param what: how messages call it.
    :param stored: Ansible-vault text, or a reference: ``env:NAME`` or ``file:/path``.
    :param decrypt: turns Ansible-vault text into plain text.
    :raises TenantryError: ``secret``.
    """
    if stored.startswith(VAULT):
        try:
            return decrypt(stored)
        except Exception as error:
            raise TenantryError(
                f"{what} cannot be decrypted ({type(error).__name__}): give the vault password it was encrypted with "
                "(--vault-id or --vault-password-file)",
                "secret",
            ) from None
    scheme, _separator, rest = str.__str__(stored).partition(":")
    if scheme == "env":
        value = os.environ.get(rest)
        if value is None:
            raise TenantryError(
                f"{what} is in the environment variable {rest}, which is not set on the controller: set it, then run "
                "again",
                "secret",
            )
        return value
    if scheme == "file":
        try:
            with open(rest, encoding="utf-8") as stream:
                return stream.read().rstrip("\n")
        except OSError as error:
            raise TenantryError(
                f"{what} is in the file {rest}, which cannot be read on the controller ({error.strerror}): put it "
                "there, then run again",
                "secret",
            ) from error
    # Not shown: somebody may have put the secret itself there.
    raise TenantryError(f"{what} is neither Ansible-vault text nor a reference (env:NAME or file:/path)", "secret")
