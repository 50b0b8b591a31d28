# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for addresses, images, schedules and secrets of a spec. See spec_rules for what a rule is."""

from __future__ import annotations

import binascii
import functools
import ipaddress
import posixpath
import re
import typing as t

from ansible_collections.tenantry.platform.plugins.plugin_utils import spec_rules as rules

try:
    import idna
except ImportError:  # spec.build() says what to install
    idna = None  # type: ignore[assignment]

# -- hostnames -----------------------------------------------------------------------------------------------------

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# Names that resolve inside of networks or nowhere; "test" and "example" may be used.
_INTERNAL = "internal local localhost localdomain lan home corp intranet private invalid onion arpa cluster domain host"
INTERNAL_DOMAINS = frozenset(_INTERNAL.split())
# Clients ask for these by themselves and trust what answers.
RESERVED_LABELS = frozenset({"autodiscover", "autoconfig", "wpad", "isatap"})


@functools.lru_cache(maxsize=65536)
def hostname(value: str) -> str:
    """A public DNS name in lower case and ASCII, without the dot at its end."""
    name = rules.text(value)
    # IDNA knows more dots than one, and would turn other characters into the ones that rules and zones give a meaning.
    if not name.isascii():
        rules.line(name)
    name = name[:-1] if name.endswith(".") else name
    if "*" in name:
        raise ValueError(f"{rules.shown(value)} is a wildcard, which would take every name beside it")
    try:
        ascii_name = idna.encode(name, uts46=True, std3_rules=True).decode("ascii").lower() if name else ""
    except (idna.IDNAError, UnicodeError):
        ascii_name = ""
    labels = ascii_name.split(".")
    if len(ascii_name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError(
            f"{rules.shown(value)} is no hostname: write it as host.example.com, in letters, digits and hyphens"
        )
    if len(labels) < 2 or labels[-1].isdigit():
        raise ValueError(f"{rules.shown(value)} is no public hostname: it has no domain")
    if labels[-1] in INTERNAL_DOMAINS:
        raise ValueError(f"{rules.shown(value)} is an internal name: .{labels[-1]} is not public")
    if labels[0] in RESERVED_LABELS:
        raise ValueError(f"{rules.shown(value)} is reserved: clients ask for {labels[0]} by themselves")
    return ascii_name


def subdomain(value: t.Any) -> str:
    """The label of a tenant in its zone."""
    if not LABEL.fullmatch(rules.text(value)) or "--" in value:
        raise ValueError(
            f"{rules.shown(value)} is no label of a name: use lower-case letters, digits and single hyphens"
        )
    if value in rules.RESERVED_NAMES or value.startswith(rules.RESERVED_PREFIXES):
        raise ValueError(f"{rules.shown(value)} is reserved: choose another subdomain")
    return value


# -- addresses -----------------------------------------------------------------------------------------------------


def network(value: t.Any) -> str:
    """An IP network in its canonical form; a bare address is a network of one."""
    text = rules.text(value)
    if "%" in text:
        raise ValueError(f"{rules.shown(value)} has a zone id")
    try:
        result = ipaddress.ip_network(text)
    except ValueError as error:
        if "host bits" in str(error):
            inside = ipaddress.ip_network(text, strict=False)
            raise ValueError(f"{rules.shown(value)} has bits set behind its mask: write {inside}") from None
        raise ValueError(
            f"{rules.shown(value)} is no IP network: write 192.0.2.0/24, 192.0.2.7 or 2001:db8::/32"
        ) from None
    if result.version == 6 and result.network_address.ipv4_mapped:
        raise ValueError(f"{rules.shown(value)} is an IPv4 network in IPv6 clothes: write it as IPv4")
    return str(result)


def is_everyone(cidr: str) -> bool:
    """Whether a network is all of its kind."""
    return ipaddress.ip_network(cidr).prefixlen == 0


def address(version: int) -> t.Callable[[t.Any], str]:
    """A rule: an address of that IP version, in canonical form."""

    def rule(value: t.Any) -> str:
        text = rules.text(value)
        try:
            result = ipaddress.ip_address(text)
        except ValueError:
            result = None
        if result is None or result.version != version or "%" in text:
            raise ValueError(f"{rules.shown(value)} is no IPv{version} address")
        return str(result)

    return rule


def node_address(value: t.Any) -> str:
    """Where a node is reached: an address, or a name as the controller resolves it."""
    text = rules.text(value)
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    if len(text) > 253 or not all(LABEL.fullmatch(label) for label in text.lower().split(".")):
        raise ValueError(f"{rules.shown(value)} is neither an IP address nor a hostname")
    return text


# -- images --------------------------------------------------------------------------------------------------------

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
REGISTRY = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?"
)
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Registries:
    """Which registries images may come from.

    :param default: registry of images that name none; None leaves those to the engine, which takes Docker Hub.
    :param listed: host-local registries that an operator allows.
    :param only_listed: whether no other registry than the default and the listed ones may be used.
    """

    def __init__(self, default: str | None = None, listed: t.Iterable[str] = (), only_listed: bool = False) -> None:
        self.default = default
        self.listed = frozenset(listed)
        self.only_listed = only_listed

    def image(self, value: t.Any, version: str | None) -> str:
        """A complete image reference.

        :param version: tag or digest for an image that names neither.
        """
        text = rules.text(value)
        if len(text) > 512:
            raise ValueError("is longer than 512 characters")
        repository, at, digest = text.partition("@")
        if at and not DIGEST.fullmatch(digest):
            raise ValueError(f"{rules.shown(value)}: the digest is not sha256: and 64 hexadecimal digits")
        first, slash, rest = repository.partition("/")
        named = bool(slash) and ("." in first or ":" in first or first == "localhost")
        path = rest if named else repository
        path, colon, tag = path.partition(":")
        if colon and not TAG.fullmatch(tag):
            raise ValueError(f"{rules.shown(value)}: the tag is none")
        if not REPOSITORY.fullmatch(path):
            raise ValueError(f"{rules.shown(value)} is no image: write registry/repository:tag in lower case")
        if not at and not colon:
            if version is None:
                raise ValueError(
                    f"{rules.shown(value)} has neither tag nor digest, and neither the service, the tenant nor the "
                    "stack has a version"
                )
            text += ("@" if version.startswith("sha256:") else ":") + version
        if named:
            self._check(first, text)
        elif self.default:
            self._check(self.default, text)
            text = f"{self.default}/{text}"
        elif self.only_listed:
            raise ValueError(f"{rules.shown(value)} names no registry, and only listed ones are allowed")
        return text

    def _check(self, registry: str, image: str) -> None:
        if registry in self.listed:
            return
        if not REGISTRY.fullmatch(registry):
            raise ValueError(f"{rules.shown(image)}: {rules.shown(registry)} is no registry")
        if self.only_listed:
            raise ValueError(
                f"{rules.shown(image)}: registry {registry} is not listed in the inventory option registries"
            )
        if _is_local(registry):
            raise ValueError(
                f"{rules.shown(image)}: registry {registry} is on the node or a private network: an operator can allow "
                "it with the inventory option registries"
            )


@functools.lru_cache(maxsize=4096)
def _is_local(registry: str) -> bool:
    """Whether a registry is something that a tenant should not make a node talk to."""
    host = registry[1 : registry.index("]")] if registry.startswith("[") else registry.rsplit(":", 1)[0]
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        labels = host.split(".")
        # 127.1 and 2130706433 are addresses too for what resolves names on the node.
        return labels[-1] in INTERNAL_DOMAINS or labels[-1].isdigit() or len(labels) == 1


# -- repositories of backups ---------------------------------------------------------------------------------------

ENDPOINT = re.compile(r"https://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")


def repository_path(value: t.Any) -> str:
    """A directory of nodes, which containers see at the same place, or what the keys of all objects begin with."""
    text = rules.text(value)
    return text if text == "/" else rules.container_path(text.rstrip("/"))


def endpoint(value: t.Any) -> str:
    """Where S3 is spoken."""
    text = rules.text(value).rstrip("/")
    if not ENDPOINT.fullmatch(text):
        raise ValueError(f"{rules.shown(value)} is no endpoint: write https://host or https://host:port")
    return text


# -- schedules -----------------------------------------------------------------------------------------------------

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class CronField(t.NamedTuple):
    """One of the five fields of a cron schedule."""

    what: str
    least: int
    most: int
    names: tuple[str, ...] = ()


CRON = (
    CronField("minute", 0, 59),
    CronField("hour", 0, 23),
    CronField("day of the month", 1, 31),
    CronField("month", 1, 12, _MONTHS),
    CronField("day of the week", 0, 7, _DAYS),
)
_CRON_ITEM = re.compile(r"(?:(\*)|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:/([0-9]{1,2}))?")


def schedule(value: t.Any) -> str:
    """The five fields of a cron schedule."""
    text = rules.text(value)
    fields = text.split(" ")
    if len(fields) != 5:
        raise ValueError(
            f"{rules.shown(value)} is no schedule: write five fields with one blank between, such as 0 3 * * *"
        )
    for field, given in zip(CRON, fields):
        for item in given.split(","):
            try:
                cron_numbers(item, field)
            except ValueError as error:
                raise ValueError(f"{rules.shown(value)}: {error}") from None
    return text


def cron_numbers(item: str, field: CronField) -> range:
    """What one item of a field names; a number with a step begins there and goes on to the end, as cron has it."""
    found = _CRON_ITEM.fullmatch(item.lower())
    if not found:
        raise ValueError(f"{rules.shown(item)} is no {field.what}")
    numbers = [_cron_number(part, field) for part in found.group(2, 3) if part is not None]
    if any(not field.least <= number <= field.most for number in numbers) or numbers != sorted(numbers):
        raise ValueError(f"{rules.shown(item)} is out of the range {field.least}-{field.most} of the {field.what}")
    step = found.group(4)
    if step is not None and int(step) == 0:
        raise ValueError(f"a step of 0 in the {field.what}")
    first = numbers[0] if numbers else field.least
    last = numbers[1] if len(numbers) > 1 else field.most if step or not numbers else first
    return range(first, last + 1, int(step or 1))


def _cron_number(text: str, field: CronField) -> int:
    if text.isdigit():
        return int(text)
    if text not in field.names:
        raise ValueError(f"{rules.shown(text)} is no {field.what}")
    return field.names.index(text) + field.least


# -- secrets -------------------------------------------------------------------------------------------------------

VAULT = re.compile(r"\$ANSIBLE_VAULT;(?:1\.1;AES256|1\.2;AES256;[A-Za-z0-9_.@-]{1,64})\r?\n([0-9a-fA-F\r\n]+)")
ENVIRONMENT_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
# The database must not be able to read any file or variable of the controller into a tenant's container.
REFERENCES = ("env:TENANTRY_SECRET_", "file:/etc/tenantry/secrets/", "file:/run/tenantry/secrets/")
VAULT_BEGINNING = "$ANSIBLE_VAULT;"
# Stands for the tenant's name in a reference.
TENANT = "{tenant}"


def vault(value: t.Any) -> str:
    """Text that ansible-vault wrote. Reasons never show it: somebody may have put the secret itself there."""
    text = rules.text(value)
    found = VAULT.fullmatch(text)
    if not found or len(text) > 4 * rules.MIB:
        raise ValueError("is no Ansible-vault text: encrypt it with ansible-vault encrypt_string")
    try:
        parts = binascii.unhexlify("".join(found.group(1).split())).split(b"\n", 2)
        salt, digest, secret = (binascii.unhexlify(part) for part in parts)
    except ValueError:
        raise ValueError("is damaged Ansible-vault text: encrypt it again") from None
    if len(salt) != 32 or len(digest) != 32 or not secret or len(secret) % 16:
        raise ValueError("is damaged Ansible-vault text: encrypt it again")
    return text


def reference(value: t.Any, tenant: str, allowed: t.Sequence[str] = REFERENCES) -> str:
    """Where the controller finds a secret: ``env:NAME`` or ``file:/path``; ``{tenant}`` stands for the tenant."""
    text = rules.text(value).replace(TENANT, tenant)
    if text.startswith("env:"):
        if not ENVIRONMENT_REFERENCE.fullmatch(text):
            raise ValueError(f"{rules.shown(value)} is no reference: write env:NAME")
    elif text.startswith("file:/"):
        rules.line(text, 1024)
        if posixpath.normpath(text[5:]) != text[5:]:
            raise ValueError(f"{rules.shown(value)} is no plain path")
    else:
        raise ValueError("is no reference: write env:NAME or file:/path")
    if not text.startswith(tuple(allowed)):
        raise ValueError(
            f"{rules.shown(value)} is not below {', '.join(allowed)}: an operator can allow it with the inventory "
            "option secret_references"
        )
    return text


def fleet_secret(value: t.Any, allowed: t.Sequence[str] = REFERENCES) -> str:
    """A secret of the fleet as one column stores it: Ansible-vault text or a reference.

    ``{tenant}`` in a reference stays: each tenant may have a secret of its own.
    """
    text = rules.text(value)
    if text.startswith(VAULT_BEGINNING):
        return vault(text)
    reference(text, "tenant", allowed)
    return text


def of_tenant(stored: str, tenant: str) -> str:
    """A secret of the fleet as it is stored for one tenant."""
    return stored if stored.startswith(VAULT_BEGINNING) else stored.replace(TENANT, tenant)
