# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question to one name server over UDP (RFC 1035), and what it really answers. Standard library only.

A node has no resolver library, and the resolver of its C library would ask whoever /etc/resolv.conf names, not the
server that is authoritative. Nothing of a reply is trusted: it may be anybody's.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import secrets
import socket
import struct
import typing as t

from .polling import Deadline

TYPES = {"A": 1, "AAAA": 28}
RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
IN = 1
HEADER = struct.Struct("!6H")
ENTRY = struct.Struct("!HHIH")  # type, class, ttl, length of what follows
TRIES = 2
LONGEST_REPLY = 4096
#: A name of 255 octets has fewer labels, so that more jumps are a loop.
MOST_JUMPS = 128
POINTER = 0xC0
RESPONSE, OPCODE, AUTHORITATIVE, TRUNCATED = 0x8000, 0x7800, 0x0400, 0x0200


class ReplyError(ValueError):
    """A packet that is no reply to the question."""


@dataclasses.dataclass(frozen=True)
class Question:
    """A name and the type of records that are wanted of it."""

    name: str
    type: str

    def encode(self, number: int) -> bytes:
        """The packet that asks it, without recursion.

        :raises ValueError: for a name that DNS cannot carry, or a type that is not known here.
        """
        labels = self.name.encode("ascii").rstrip(b".").split(b".")
        if not all(0 < len(label) < 64 for label in labels) or sum(len(label) + 1 for label in labels) > 254:
            raise ValueError(f"{self.name!r} is no name that DNS can carry")
        if self.type not in TYPES:
            raise ValueError(f"{self.type!r} is none of {', '.join(TYPES)}")
        packed = b"".join(bytes((len(label),)) + label for label in labels)
        return HEADER.pack(number, 0, 1, 0, 0, 0) + packed + b"\0" + struct.pack("!HH", TYPES[self.type], IN)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the server said.

    :ivar rcode: such as ``NOERROR``; empty when there was no answer.
    :ivar value: addresses, sorted.
    :ivar error: why there is no answer.
    """

    name: str
    type: str
    rcode: str = ""
    authoritative: bool = False
    value: list[str] = dataclasses.field(default_factory=list)
    error: str = ""


def decode(packet: bytes, number: int, question: Question) -> Answer:
    """Read the reply to a question.

    :param number: the id that the question carried.
    :raises ReplyError: for anything else, such as a short packet, another id, another question, or a name that
        leads in a circle.
    """
    try:
        return _decode(packet, number, question)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ReplyError("it ends too early, or holds what no name may hold") from error


def _decode(packet: bytes, number: int, question: Question) -> Answer:
    found, flags, questions, answers, _authorities, _additional = HEADER.unpack_from(packet)
    if found != number:
        raise ReplyError("it has another id")
    if not flags & RESPONSE or flags & OPCODE:
        raise ReplyError("it is no response to a query")
    code = flags & 0x000F
    rcode = RCODES[code] if code < len(RCODES) else f"RCODE{code}"
    offset = HEADER.size
    if questions != 1:
        # A server that could not read the question does not repeat it.
        if questions == 0 and code:
            return Answer(question.name, question.type, rcode)
        raise ReplyError("it repeats another number of questions")
    name, offset = _name(packet, offset)
    kind, group = struct.unpack_from("!HH", packet, offset)
    offset += 4
    if (name, kind, group) != (_plain(question.name), TYPES[question.type], IN):
        raise ReplyError("it answers another question")
    if flags & TRUNCATED:
        return Answer(question.name, question.type, rcode, error="the answer is too long for UDP")
    value = set()
    for _number in range(answers):
        _owner, offset = _name(packet, offset)
        kind, group, _ttl, length = ENTRY.unpack_from(packet, offset)
        offset += ENTRY.size
        data = packet[offset : offset + length]
        if len(data) != length:
            raise ReplyError("it ends within a record")
        offset += length
        if (kind, group) == (TYPES[question.type], IN):
            value.add(_address(question.type, data))
    return Answer(question.name, question.type, rcode, bool(flags & AUTHORITATIVE), sorted(value))


def _address(kind: str, data: bytes) -> str:
    try:
        return str(ipaddress.IPv4Address(data) if kind == "A" else ipaddress.IPv6Address(data))
    except ValueError as error:
        raise ReplyError(f"a record of type {kind} holds {len(data)} octets") from error


def _name(packet: bytes, offset: int) -> tuple[str, int]:
    """The name at ``offset``, and where what follows it begins."""
    labels: list[str] = []
    after = None
    for _step in range(MOST_JUMPS):
        length = packet[offset]
        if length & POINTER == POINTER:
            after = offset + 2 if after is None else after
            (target,) = struct.unpack_from("!H", packet, offset)
            offset = target & 0x3FFF
            continue
        if length & POINTER:
            raise ReplyError("a name holds what is neither a label nor a pointer")
        offset += 1
        if length == 0:
            return ".".join(labels).lower(), offset if after is None else after
        label = packet[offset : offset + length]
        if len(label) != length:
            raise ReplyError("it ends within a name")
        labels.append(label.decode("ascii"))
        offset += length
    raise ReplyError("a name leads in a circle")


def _plain(name: str) -> str:
    return name.rstrip(".").lower()


class SilenceError(Exception):
    """Nobody answers; the message says how that showed."""


def ask(server: str, port: int, question: Question, timeout: float) -> Answer:
    """Ask, twice if need be.

    :param server: an address, not a name.
    :param timeout: seconds for each try.
    :raises SilenceError: when nobody answered.
    """
    error = ""
    for _number in range(TRIES):
        try:
            return _ask_once(server, port, question, timeout)
        except OSError as failure:
            # A port that nobody listens on is told at once by the kernel of this host, and by most others.
            error = "no answer in time" if isinstance(failure, socket.timeout) else failure.strerror or str(failure)
        except ValueError as failure:
            return Answer(question.name, question.type, error=str(failure))
    raise SilenceError(error)


def _ask_once(server: str, port: int, question: Question, timeout: float) -> Answer:
    number = secrets.randbits(16)
    packet = question.encode(number)
    family, kind, protocol, _canonical, address = socket.getaddrinfo(
        server, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
    )[0]
    deadline = Deadline(timeout)
    with socket.socket(family, kind, protocol) as connection:
        connection.connect(address)
        connection.send(packet)
        while not deadline.passed():
            connection.settimeout(max(0.001, deadline.remaining()))
            try:
                return decode(connection.recv(LONGEST_REPLY), number, question)
            except ReplyError:
                continue  # somebody else's, or a late one: the right one may still come
    raise socket.timeout


def ask_all(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The result of M(tenantry.platform.dns_answer_info). A server that is silent once is not waited for again."""
    answers: list[Answer] = []
    silence = ""
    for one in params["questions"]:
        question = Question(one["name"], one["type"])
        if not silence:
            try:
                answers.append(ask(params["server"], params["port"], question, params["timeout"]))
                continue
            except SilenceError as error:
                silence = str(error)
        answers.append(Answer(question.name, question.type, error=silence))
    return {"changed": False, "answers": [dataclasses.asdict(one) for one in answers]}
