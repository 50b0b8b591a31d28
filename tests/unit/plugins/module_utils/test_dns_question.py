# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to a name server, and hostile replies; a real server answers in the target dns_answer_info."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantry.platform.plugins.module_utils import dns_question
from ansible_collections.tenantry.platform.plugins.module_utils.dns_question import Question, ReplyError, decode

ACME = Question("acme.demo.test.", "A")
QUESTION_SECTION = b"\x04acme\x04demo\x04test\0" + struct.pack("!HH", 1, 1)
LABELS = st.lists(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True), min_size=1, max_size=8)


def reply(*records, number=7, flags=0x8400, questions=1, section=QUESTION_SECTION, count=None):
    """A reply to the question for acme.demo.test, by default authoritative."""
    answers = len(records) if count is None else count
    return struct.pack("!6H", number, flags, questions, answers, 0, 0) + section + b"".join(records)


def record(data, kind=1, name=b"\xc0\x0c", length=None):
    """A record; its name points at that of the question."""
    return name + struct.pack("!HHIH", kind, 1, 300, len(data) if length is None else length) + data


def test_a_question_is_what_the_standard_says():
    packet = ACME.encode(0x1234)
    assert packet == b"\x12\x34\0\0\0\1\0\0\0\0\0\0" + QUESTION_SECTION


@pytest.mark.parametrize("name", ["", ".", "a..b", "a" * 64, ".".join(["a" * 60] * 5), "bücher.test"])
def test_a_name_that_dns_cannot_carry_is_refused(name):
    with pytest.raises(ValueError, match=r"DNS|ascii"):
        Question(name, "A").encode(1)


def test_a_type_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="none of A, AAAA"):
        Question("acme.test", "ANY").encode(1)


def test_an_answer_has_its_addresses_sorted_and_each_once():
    records = [record(bytes([192, 0, 2, last])) for last in (2, 1, 2)]
    answer = decode(reply(*records), 7, ACME)
    assert (answer.rcode, answer.authoritative, answer.value) == ("NOERROR", True, ["192.0.2.1", "192.0.2.2"])


def test_records_of_another_type_are_left_out():
    answer = decode(reply(record(b"\xc0\x11", kind=5), record(bytes([192, 0, 2, 1]))), 7, ACME)
    assert answer.value == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("flags", "rcode", "authoritative"),
    [(0x8403, "NXDOMAIN", True), (0x8005, "REFUSED", False), (0x8002, "SERVFAIL", False), (0x800B, "RCODE11", False)],
)
def test_what_a_server_says_instead_of_an_answer_is_told(flags, rcode, authoritative):
    answer = decode(reply(flags=flags), 7, ACME)
    assert (answer.rcode, answer.authoritative, answer.value) == (rcode, authoritative, [])


def test_a_server_that_could_not_read_the_question_is_understood():
    assert decode(reply(flags=0x8001, questions=0, section=b""), 7, ACME).rcode == "FORMERR"


def test_an_answer_that_does_not_fit_is_an_error_and_not_half_an_answer():
    answer = decode(reply(record(bytes(4)), flags=0x8600), 7, ACME)
    assert answer.value == []
    assert "too long" in answer.error


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"", "too early"),
        (reply()[:20], "within a name"),
        (reply(number=8), "another id"),
        (reply(flags=0x0400), "no response"),
        (reply(flags=0xA400), "no response"),
        (reply(questions=2), "number of questions"),
        (reply(questions=0, section=b""), "number of questions"),
        (reply(section=b"\x04evil\x04demo\x04test\0" + struct.pack("!HH", 1, 1)), "another question"),
        (reply(section=b"\x04acme\x04demo\x04test\0" + struct.pack("!HH", 28, 1)), "another question"),
        (reply(section=b"\xc0\x0c" + struct.pack("!HH", 1, 1)), "circle"),
        (reply(section=b"\x80\0" + struct.pack("!HH", 1, 1)), "neither a label nor a pointer"),
        (reply(section=b"\xff\xff" + struct.pack("!HH", 1, 1)), "too early"),
        (reply(section=b"\x3fshort"), "within a name"),
        (reply(section=b"\x01\xff\0" + struct.pack("!HH", 1, 1)), "too early"),
        (reply(record(bytes(4)), count=2), "too early"),
        (reply(record(bytes(4), length=99)), "within a record"),
        (reply(record(bytes(5))), "5 octets"),
        (reply(record(bytes(4), name=b"\xc0\x20")), "circle"),
    ],
)
def test_a_hostile_reply_is_no_answer(packet, why):
    with pytest.raises(ReplyError, match=why):
        decode(packet, 7, ACME)


@given(st.binary(max_size=200), st.integers(0, 0xFFFF))
def test_no_packet_does_worse_than_being_no_answer(packet, number):
    with contextlib.suppress(ReplyError):
        decode(packet, number, ACME)


@given(st.binary(max_size=120), st.integers(0, 3), st.integers(0, 60))
def test_nothing_that_follows_a_right_question_does_worse(tail, count, cut):
    packet = reply(tail, count=count)
    with contextlib.suppress(ReplyError):
        decode(packet[: len(packet) - cut], 7, ACME)


@given(LABELS, st.integers(0, 0xFFFF), st.sets(st.ip_addresses(v=6), max_size=5))
def test_every_name_and_address_comes_back_as_it_was_sent(labels, number, addresses):
    question = Question(".".join(labels) + ".", "AAAA")
    section = question.encode(number)[12:]
    packet = reply(*(record(one.packed, kind=28) for one in addresses), number=number, section=section)
    assert decode(packet, number, question).value == sorted(map(str, addresses))
    assert all(ipaddress.ip_address(one) in addresses for one in decode(packet, number, question).value)


class Server:
    """Answers each question with what a function makes of it; several packets are fine, none is silence."""

    def __init__(self, answers):
        self.asked = []
        self._answers = answers
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                packet, client = self._socket.recvfrom(512)
                self.asked.append(packet)
                (number,) = struct.unpack_from("!H", packet)
                for one in self._answers(number):
                    self._socket.sendto(one, client)

    def ask_all(self, *names, timeout=0.2):
        questions = [{"name": name, "type": "A"} for name in names]
        params = {"server": "127.0.0.1", "port": self.port, "questions": questions, "timeout": timeout}
        return dns_question.ask_all(params)["answers"]


def test_the_right_reply_is_found_behind_those_of_others():
    right = record(bytes([192, 0, 2, 1]))
    server = Server(lambda number: [b"junk", reply(right, number=number ^ 1), reply(right, number=number)])
    (answer,) = server.ask_all("acme.demo.test")
    assert answer == {
        "name": "acme.demo.test",
        "type": "A",
        "rcode": "NOERROR",
        "authoritative": True,
        "value": ["192.0.2.1"],
        "error": "",
    }


def test_a_server_is_asked_twice_and_what_is_silent_once_is_not_waited_for_again():
    server = Server(lambda _number: [])
    answers = server.ask_all("acme.demo.test", "shop.demo.test", "www.demo.test")
    assert [one["error"] for one in answers] == ["no answer in time"] * 3
    assert len(server.asked) == dns_question.TRIES


def test_a_port_that_nobody_listens_on_is_told_at_once():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    params = {"server": "127.0.0.1", "port": port, "questions": [{"name": "a.test", "type": "A"}], "timeout": 5}
    assert "refused" in dns_question.ask_all(params)["answers"][0]["error"]


def test_a_name_that_cannot_be_asked_for_is_no_silence():
    server = Server(lambda number: [reply(number=number)])
    answers = server.ask_all("a..b", "acme.demo.test")
    assert "no name that DNS can carry" in answers[0]["error"]
    assert answers[1]["rcode"] == "NOERROR"
