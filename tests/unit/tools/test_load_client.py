# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load of `make load` counts what a user did not get as what it is, and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
SAMPLE = TESTS / "estate" / "images" / "sample"


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripts import each other by their bare names; nobody here waits ten seconds for what never comes."""
    monkeypatch.syspath_prepend(str(TESTS / "load"))
    monkeypatch.syspath_prepend(str(SAMPLE))
    import client
    import talk

    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.4)
    monkeypatch.setattr(client, "SLOW_EVERY", 1_000_000)
    monkeypatch.setattr(talk, "MESSAGE_SECONDS", 0.05)
    monkeypatch.setattr(talk, "REFUSED_SECONDS", 0.05)


class Server:
    """A server that behaves as a test says.

    :param behave: gets the head of a request, and the streams.
    """

    def __init__(self, behave: t.Callable[..., t.Awaitable[None]]) -> None:
        self.behave = behave
        self.connections = 0
        self.heads: list[str] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                length = [line.split(":")[1] for line in head.split("\r\n") if line.startswith("Content-Length")]
                if length:
                    await reader.readexactly(int(length[0]))
                await self.behave(head, reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def load(server: Server, seconds: float = 0.5, websockets: int = 0, tls: tuple[ssl.SSLContext, ...] = ()) -> t.Any:
    """What a load counts in that time.

    :param tls: contexts of client and server.
    """
    import client
    from exchange import Server as Target

    async def run() -> t.Any:
        listener = await asyncio.start_server(server.handle, "127.0.0.1", 0, ssl=tls[1] if tls else None)
        port = listener.sockets[0].getsockname()[1]
        made = client.Load(
            Target("127.0.0.1", port, tls[0] if tls else None), [client.Tenant("acme", "acme.test")], 40, websockets
        )
        asyncio.get_running_loop().call_later(seconds, made.stopping.set)
        tally = await made.run()
        listener.close()
        return tally

    return asyncio.run(run())


def say(writer: asyncio.StreamWriter, body: bytes, status: str = "200 OK", length: int | None = None) -> None:
    """One answer."""
    size = len(body) if length is None else length
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n".encode() + body)


IDENTITY = json.dumps({"tenant": "acme", "version": "1.0.0"}).encode()


async def well(_head: str, _reader: t.Any, writer: t.Any) -> None:
    """As the sample application."""
    say(writer, IDENTITY)


async def in_chunks(_head: str, _reader: t.Any, writer: t.Any) -> None:
    """As a proxy may send on what it does not know the length of."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for part in (IDENTITY[:5], IDENTITY[5:]):
        writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    writer.write(b"0\r\n\r\n")


async def bad_gateway(_head: str, _reader: t.Any, writer: t.Any) -> None:
    """As a proxy whose server is gone."""
    say(writer, b"Bad Gateway", "502 Bad Gateway")


async def reset(_head: str, _reader: t.Any, writer: t.Any) -> None:
    """As a kernel whose process is gone."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def end(_head: str, _reader: t.Any, writer: t.Any) -> None:
    """Close instead of an answer."""
    writer.close()


async def cut(_head: str, _reader: t.Any, writer: t.Any) -> None:
    """Close in the middle of an answer."""
    say(writer, IDENTITY, length=len(IDENTITY) + 1)
    writer.close()


async def hang(_head: str, _reader: t.Any, _writer: t.Any) -> None:
    """As an address that nobody has any more."""
    await asyncio.sleep(5)


async def another(_head: str, _reader: t.Any, writer: t.Any) -> None:
    """The answer of another tenant."""
    say(writer, b'{"tenant": "globex"}')


async def page(_head: str, _reader: t.Any, writer: t.Any) -> None:
    """Something that is no answer of the application."""
    say(writer, b"<h1>Welcome</h1>")


async def noise(_head: str, _reader: t.Any, writer: t.Any) -> None:
    """No HTTP at all."""
    writer.write(b"220 mail ESMTP\r\n\r\n")


@pytest.mark.parametrize("behave", [well, in_chunks])
def test_right_answers_are_counted_and_nothing_fails(behave: t.Any) -> None:
    server = Server(behave)
    tally = load(server)
    assert tally.failures == []
    assert tally.starved() == ""
    assert 1 <= tally.total("requests") <= 21
    assert len(server.heads) == tally.total("requests")
    posts = sum(head.startswith("POST /version") for head in server.heads)
    assert 0 < posts < len(server.heads)
    assert all("\r\nHost: acme.test\r\n" in head for head in server.heads)
    reconnects = sum("Connection: close" in head for head in server.heads)
    assert 0 < reconnects < len(server.heads) / 2
    assert server.connections < len(server.heads)


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        (bad_gateway, "502"),
        (reset, "reset"),
        (end, "closed"),
        (cut, "closed"),
        (hang, "timeout"),
        (another, "wrong answer"),
        (page, "wrong answer"),
        (noise, "malformed"),
    ],
)
def test_whatever_a_user_did_not_get_is_counted_as_what_it_is(behave: t.Any, kind: str) -> None:
    server = Server(behave)
    tally = load(server)
    assert tally.kinds() == {kind: tally.total("requests")}
    # None of them was sent again behind the user's back.
    assert len(server.heads) == tally.total("requests")
    failure = tally.failures[0]
    assert (failure.tenant, failure.path.split()[1]) == ("acme", "/version")
    assert tally.began <= failure.at <= tally.ended + 5


def test_a_server_that_nobody_reaches_refuses_every_request() -> None:
    import client
    from exchange import Server as Target

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def run() -> t.Any:
        made = client.Load(Target("127.0.0.1", port, None), [client.Tenant("acme", "acme.test")], 40, 0)
        asyncio.get_running_loop().call_later(0.3, made.stopping.set)
        return await made.run()

    assert set(asyncio.run(run()).kinds()) == {"refused"}


def test_a_server_that_hangs_gets_no_fewer_requests() -> None:
    assert load(Server(hang), 1).total("requests") >= 10


def test_a_slow_request_has_its_seconds_and_the_patience_besides(monkeypatch: pytest.MonkeyPatch) -> None:
    import client

    monkeypatch.setattr(client, "SLOW_EVERY", 10)
    monkeypatch.setattr(client, "SLOW_SECONDS", (0.6, 0.8))

    async def behave(head: str, _reader: t.Any, writer: t.Any) -> None:
        path = head.split()[1]
        if "seconds=" in path:
            await asyncio.sleep(float(path.partition("=")[2]))
        say(writer, IDENTITY)

    tally = load(Server(behave), 1)
    assert tally.failures == []
    assert tally.total("slow") == tally.total("requests") // 10

    late = load(Server(hang), 0.6)
    slow = [one for one in late.failures if "/slow" in one.path]
    # What counts is when the answer was due, so that it is found beside what made it late.
    assert slow
    assert all(one.at - late.began >= 0.6 for one in slow)


def test_a_connection_that_was_closed_while_idle_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    import client

    monkeypatch.setattr(client, "RECONNECT_SHARE", 0)

    async def behave(_head: str, _reader: t.Any, writer: t.Any) -> None:
        say(writer, IDENTITY)
        writer.close()

    server = Server(behave)
    tally = load(server)
    assert tally.failures == []
    assert server.connections == tally.total("requests")


# -- WebSockets ----------------------------------------------------------------------------------------------------


class Talking:
    """A server for WebSockets: each connection does the next thing of a list, the last one again and again."""

    def __init__(self, *ways: t.Callable[..., t.Awaitable[None]]) -> None:
        self.ways = list(ways)
        self.opened = 0

    async def __call__(self, head: str, reader: t.Any, writer: t.Any) -> None:
        """One request: a handshake, or one of those that go on beside it."""
        if not head.startswith("GET /ws "):
            say(writer, IDENTITY)
            return
        from sample import websocket

        self.opened += 1
        way = self.ways.pop(0) if len(self.ways) > 1 else self.ways[0]
        if way is bad_gateway:
            await bad_gateway(head, reader, writer)
            return
        key = next(line.split(": ")[1] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        lines.append(f"Sec-WebSocket-Accept: {websocket.accept(key)}")
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await way(reader, writer)
        writer.close()


async def echo(reader: t.Any, writer: t.Any, messages: int = 1_000_000) -> None:
    """So many messages come back."""
    from sample import websocket

    data = b""
    while messages:
        one, data = websocket.split(data)
        if one is None:
            arrived = await reader.read(1000)
            if not arrived:
                return
            data += arrived
        elif one.opcode == websocket.CLOSE:
            writer.write(websocket.frame(websocket.CLOSE, one.payload))
            return
        else:
            writer.write(websocket.frame(websocket.TEXT, one.payload))
            messages -= 1


def closing(code: int) -> t.Callable[..., t.Awaitable[None]]:
    """Two echoes, and a close frame with that code."""

    async def way(reader: t.Any, writer: t.Any) -> None:
        from sample import websocket

        await echo(reader, writer, 2)
        writer.write(websocket.frame(websocket.CLOSE, struct.pack("!H", code)))
        await reader.read(100)

    return way


async def aborting(reader: t.Any, writer: t.Any) -> None:
    """Two echoes, and the end."""
    await echo(reader, writer, 2)


async def resetting(reader: t.Any, writer: t.Any) -> None:
    """Two echoes, and a reset."""
    await echo(reader, writer, 2)
    await reset("", reader, writer)


async def silent(_reader: t.Any, _writer: t.Any) -> None:
    """Hears everything and says nothing."""
    await asyncio.sleep(3)


async def mocking(reader: t.Any, writer: t.Any) -> None:
    """Says something else."""
    from sample import websocket

    await reader.read(100)
    writer.write(websocket.frame(websocket.TEXT, b"something else"))
    await asyncio.sleep(3)


def test_every_message_that_comes_back_is_counted() -> None:
    server = Talking(echo)
    tally = load(Server(server), 0.6, websockets=2)
    assert tally.failures == []
    assert server.opened == 2
    assert 2 <= tally.total("messages") <= 26


@pytest.mark.parametrize("code", [1001, 1012])
def test_a_user_whose_server_goes_away_comes_back_at_once_and_lost_nothing(code: int) -> None:
    server = Talking(closing(code), closing(code), echo)
    tally = load(Server(server), 0.6, websockets=1)
    assert tally.failures == []
    assert server.opened == 3
    assert tally.total("messages") >= 1


def test_a_message_that_the_server_never_saw_because_it_went_away_is_said_again() -> None:
    from sample import websocket

    async def deaf_then_gone(_reader: t.Any, writer: t.Any) -> None:
        await asyncio.sleep(0.1)
        writer.write(websocket.frame(websocket.CLOSE, struct.pack("!H", 1001)))

    server = Talking(deaf_then_gone, echo)
    tally = load(Server(server), 0.5, websockets=1)
    assert tally.failures == []
    assert server.opened == 2
    assert tally.total("messages") >= 1


def test_a_server_that_goes_away_again_and_again_may_keep_nobody_waiting_for_ever() -> None:
    from sample import websocket

    heard: list[bytes] = []

    async def deaf_then_gone(reader: t.Any, writer: t.Any) -> None:
        one, _rest = websocket.split(await reader.read(1000))
        heard.append(one.payload)
        await asyncio.sleep(0.1)
        writer.write(websocket.frame(websocket.CLOSE, struct.pack("!H", 1001)))

    tally = load(Server(Talking(deaf_then_gone)), 0.6, websockets=1)
    assert tally.kinds() == {"websocket no echo": 1}
    # It was the same message all the time.
    assert len(heard) >= 1
    assert set(heard) == {b"acme 0 0"}


@pytest.mark.parametrize(
    ("ways", "kind"),
    [
        ((aborting, echo), "websocket aborted"),
        ((resetting, echo), "websocket aborted"),
        ((closing(1011), echo), "websocket closed with 1011"),
        ((closing(1000), echo), "websocket closed with 1000"),
        ((silent, echo), "websocket no echo"),
        ((mocking, echo), "websocket wrong echo"),
        ((bad_gateway, echo), "websocket not opened: 502"),
        ((closing(1001), bad_gateway, echo), "websocket not opened: 502"),
    ],
)
def test_a_websocket_that_ends_in_any_other_way_is_a_failure(ways: t.Any, kind: str) -> None:
    server = Talking(*ways)
    tally = load(Server(server), 0.8, websockets=1)
    assert tally.kinds() == {kind: 1}
    assert tally.failures[0].path == "/ws"
    assert server.opened == len(ways)


# -- TLS, and the process ------------------------------------------------------------------------------------------


def certificate(directory: Path, name: str) -> Path:
    """A certificate for a name that is its own authority, with its key."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = directory / f"{name}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.mark.parametrize("name", ["acme.test", "globex.test"])
def test_the_name_is_asked_for_in_the_handshake_and_the_certificate_must_be_for_it(tmp_path: Path, name: str) -> None:
    pair = certificate(tmp_path, name)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(pair)
    asked: list[str | None] = []
    served.sni_callback = lambda _connection, sni, _context: asked.append(sni)
    tally = load(Server(Talking(echo)), 0.4, websockets=1, tls=(ssl.create_default_context(cafile=pair), served))
    assert set(asked) == {"acme.test"}
    if name == "acme.test":
        assert tally.failures == []
        assert tally.total("messages") >= 1
    else:
        assert set(tally.kinds()) == {"tls", "websocket not opened: tls"}


STUBS = {"redis.py": "class RedisError(Exception): ...\nclass Redis: ...\n"}
STUBS["psycopg2/__init__.py"] = "class Error(Exception): ...\n"
STUBS["psycopg2/extensions.py"] = "class connection: ...\n"


def test_the_process_loads_the_sample_application_until_its_input_ends(tmp_path: Path) -> None:
    for file, text in STUBS.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"PORT": str(port), "TENANTRY_TENANT": "acme", "PYTHONPATH": f"{SAMPLE}:{tmp_path}"}
    configuration = {
        "address": "127.0.0.1",
        "port": port,
        "authority": None,
        "rate": 50,
        "websockets": 2,
        "tenants": [{"name": "acme", "hostname": "acme.test"}],
        "result": str(tmp_path / "result.json"),
    }
    (tmp_path / "config.json").write_text(json.dumps(configuration))
    application = subprocess.Popen([sys.executable, "-m", "sample", "web"], env={**os.environ, **settings})
    try:
        _wait_for(port)
        command = [sys.executable, str(TESTS / "load" / "client.py"), str(tmp_path / "config.json")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin and process.stdout
            first = json.loads(process.stdout.readline())
            # Ctrl-C in a terminal reaches the load too; whoever drives it says when it ends.
            process.send_signal(signal.SIGINT)
            json.loads(process.stdout.readline())
            process.stdin.close()
            assert process.wait(30) == 0
    finally:
        application.kill()
        application.wait()
    from tally import Tally

    tally = Tally.from_dict(json.loads((tmp_path / "result.json").read_text()))
    assert first["requests"] >= 1
    assert tally.failures == []
    assert tally.total("requests") >= 10
    assert tally.total("slow") >= 1
    assert tally.total("messages") >= 1


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nobody listens on port {port}")
