# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that the PowerDNS modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragments: the connection, and the failures that every module can end with."""

    DOCUMENTATION = r"""
requirements:
  - requests, on the host where the module runs
options:
  api_url:
    description:
      - Base URL of the HTTP API of the PowerDNS Authoritative Server, as that host sees it where the module runs.
      - Redirects are not followed, and proxies from the environment are not used, so that the API key reaches this
        server only.
    type: str
    required: true
  api_key:
    description:
      - Key of the API, as set by C(api-key) on the server.
      - If left out, the environment variable E(PDNS_API_KEY) on the host where the module runs is used.
    type: str
  api_key_file:
    description:
      - File on the host where the module runs that holds nothing but the key.
      - It keeps the key out of the task's arguments, and is preferred when O(api_key) is there too.
    type: path
  server_id:
    description:
      - Identifier of the server in the API. An Authoritative Server knows itself only as V(localhost).
    type: str
    default: localhost
  validate_certs:
    description:
      - Whether to check the certificate of an C(https) server.
    type: bool
    default: true
  ca_path:
    description:
      - File with the certificates, or directory with the hashed certificates, of the authorities to trust
        instead of those that the Python library requests brings along.
    type: path
  client_cert:
    description:
      - Client certificate in PEM form, for a reverse proxy that wants one. It may hold the private key too.
    type: path
  client_key:
    description:
      - Private key of O(client_cert), if that file does not hold it.
    type: path
  timeout:
    description:
      - Seconds to wait for a connection, and again for each answer.
    type: int
    default: 30
  retries:
    description:
      - How often a request is repeated, with growing and randomized pauses, after a failed connection or the status
        500, 502, 503 or 504.
    type: int
    default: 3
notes:
  - "A failure carries C(error_kind): C(unreachable), C(tls), C(server_error), C(auth), C(server_missing),
    C(zone_missing), C(invalid),
     C(too_large), C(unexpected), C(missing_library), or what the module's own description adds; and C(status),
     C(url) and C(api_error)
     where the server answered. The API key is never part of it."
  - The modules were tried with PowerDNS Authoritative Server 4.7, 4.9 and 5.1.
seealso:
  - module: tenantry.platform.powerdns_zone
  - module: tenantry.platform.powerdns_records
  - module: tenantry.platform.powerdns_record
  - module: tenantry.platform.powerdns_record_info
"""

    ATTRIBUTES = r"""
attributes:
  check_mode:
    support: full
    description: Can run in check mode and return what it would change, without changing it.
  diff_mode:
    support: full
    description: Returns what it changed, or would change in check mode.
  idempotent:
    support: full
    description: Run again with the same options and the same state of the name server, it changes nothing.
"""

    RECORD_SET = r"""
options:
  record:
    description:
      - Full name of the record set, with or without the final dot. It must lie in the zone.
      - International names are given as they are read; they are encoded.
    type: str
    aliases: [name]
  prefix:
    description:
      - Name of the record set relative to the zone. Empty or V(@) means the zone itself.
    type: str
  type:
    description:
      - Type of the record set. The SOA record belongs to M(tenantry.platform.powerdns_zone).
    type: str
    required: true
    choices: [A, AAAA, AFSDB, ALIAS, CAA, CDNSKEY, CDS, CNAME, DNAME, DNSKEY, DS, HINFO, HTTPS, LOC, LUA, MX, NAPTR,
      NS,
              OPENPGPKEY, PTR, SMIMEA, SPF, SRV, SSHFP, SVCB, TLSA, TXT, URI]
  value:
    description:
      - Data of the records, as a list of strings, in the form that zone files have. A single string is one value; it
        is not cut at commas.
      - Values are compared as a set, in normalized form (addresses, host names with or without the final dot and in
        any case, hexadecimal
        digits, order of service parameters, how text is cut into strings).
      - Host names are absolute, with or without the final dot.
      - Needed unless a whole record set is to be absent.
    type: raw
    aliases: [content]
  ttl:
    description:
      - Time to live in seconds, from 0 to 2147483647.
      - If left out, an existing record set keeps its own, and a new one gets 300.
    type: int
  disabled:
    description:
      - Keep the records on the server, and do not serve them.
    type: bool
    default: false
  state:
    description:
      - Whether the record set, or with O(solo=false) the values, should be there.
    type: str
    default: present
    choices: [present, absent]
  on_existing:
    description:
      - What to do with a record set that is there with other data.
      - V(replace) changes or deletes it, V(keep) leaves it, V(keep_and_warn) leaves it with a warning,
        V(keep_and_fail) fails with C(error_kind=exists).
    type: str
    default: replace
    choices: [replace, keep, keep_and_warn, keep_and_fail]
  solo:
    description:
      - Whether the values are all that the record set should have.
      - With V(false) they are added to, or with O(state=absent) removed from, what is there.
      - A server since 4.9.12 or 5.0.2 adds and removes single values by itself, and two writers never lose one.
        Where that cannot be used (an older server; another TTL; disabled values; a comment to write) the set is
        read, replaced and read back, and
        written again if a value went missing meanwhile. That narrows the race between two writers, and does not
        close it.
    type: bool
    default: true
  owner:
    description:
      - Who owns the record set, such as V(tenant:acme); up to 40 printable ASCII characters without spaces.
      - It is stored as the account of a comment. A record set with another owner is never changed
        (C(error_kind=foreign_owner)),
        one without owner only with O(adopt=true) (C(error_kind=not_owned)).
      - If left out, comments are neither looked at nor changed.
    type: str
  comment:
    description:
      - Text of the owner's comment. If left out, a new comment says that it is managed by this collection, and an
        existing one stays.
      - Comments of other accounts always stay. Without O(owner) it is the comment without an account that is set.
    type: str
"""

    TXT = r"""
options:
  txt_transformation:
    description:
      - How values of the types TXT and SPF are written and returned.
      - V(unquoted) is plain text of any length; quotes, escapes and the cuts after 255 bytes are made by the module.
        What the server holds
        and is not UTF-8 is returned as with V(quoted).
      - V(quoted) is one or more strings in double quotes, with C(\") for a quote, C(\\) for a backslash and C(\123)
        for any byte.
      - V(api) is like V(quoted), and the text goes to and comes from the server as it is, with the cuts that it has.
      - Values are always compared as the bytes that a resolver sees.
      - PowerDNS 5.1 corrupts double quotes and backslashes in records. They are refused there, before anything is
        written.
    type: str
    default: unquoted
    choices: [unquoted, quoted, api]
"""
