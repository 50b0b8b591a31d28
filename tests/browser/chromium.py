# Copyright: (c) 2026, tenantry.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium by its DevTools protocol over a pair of pipes. Standard library only."""

from __future__ import annotations

import base64
import collections
import json
import os
import select
import subprocess
import time
import typing as t
from pathlib import Path

TIMEOUT = 60
# What the protocol wants to know of a key besides its name.
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), " ": (32, " "), "/": (191, "/")}
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    # Whatever a page asks for by name is not found, and does not reach a name server.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


class BrowserError(Exception):
    """The browser refused a command, or did not answer."""


class Browser:
    """One headless browser with a profile of its own."""

    def __init__(self, profile: Path) -> None:
        theirs_in, self._write = os.pipe()
        self._read, theirs_out = os.pipe()
        command = ["chromium", *FLAGS, f"--user-data-dir={profile}"]
        # As root it refuses to start with a sandbox.
        command += ["--no-sandbox"] if os.geteuid() == 0 else []
        # The protocol is on descriptors 3 and 4. The shell moves them there: both may be one of the two by chance.
        moved = f'exec "$@" {20}<&{theirs_in} {21}>&{theirs_out} 3<&{20} 4>&{21}'
        self._log = open(profile.with_suffix(".log"), "wb")  # noqa: SIM115  # closed with the browser
        self._process = subprocess.Popen(
            ["bash", "-c", moved, "chromium", *command],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer = b""
        self._number = 0
        self._answers: dict[int, dict[str, t.Any]] = {}
        self.events: dict[str, list[dict[str, t.Any]]] = collections.defaultdict(list)

    def close(self) -> None:
        """End it."""
        os.close(self._write)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        self._log.close()

    def page(self) -> Page:
        """An empty page."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Page(self, target, session)

    def call(self, method: str, session: str = "", **parameters: t.Any) -> dict[str, t.Any]:
        """One command and its answer."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + TIMEOUT
        while number not in self._answers:
            self.listen(deadline - time.monotonic())
            if time.monotonic() > deadline:
                raise BrowserError(f"{method}: no answer within {TIMEOUT} s")
        answer = self._answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']}")
        return t.cast("dict[str, t.Any]", answer["result"])

    def listen(self, seconds: float) -> None:
        """Take what the browser says, for this long at most."""
        if not select.select([self._read], [], [], max(seconds, 0))[0]:
            return
        data = os.read(self._read, 1 << 20)
        if not data:
            raise BrowserError(f"chromium has ended, see {self._log.name}")
        *messages, self._buffer = (self._buffer + data).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self._answers[message["id"]] = message
            else:
                self.events[message.get("sessionId", "")].append(message)


class Page:
    """A page, and what a person does with it."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser, self._target, self._session = browser, target, session
        for domain in ("Page", "Runtime", "Log", "Network", "Security"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: t.Any) -> dict[str, t.Any]:
        """One command to this page."""
        return self._browser.call(method, self._session, **parameters)

    def open(self, url: str) -> None:
        """Load it to the end."""
        before = len(self.heard("Page.loadEventFired"))
        self.call("Page.navigate", url=url)
        deadline = time.monotonic() + TIMEOUT
        while len(self.heard("Page.loadEventFired")) == before:
            self._browser.listen(1)
            if time.monotonic() > deadline:
                raise BrowserError(f"{url} was not loaded within {TIMEOUT} s")

    def close(self) -> None:
        """Away with it."""
        self._browser.call("Target.closeTarget", targetId=self._target)

    def heard(self, method: str) -> list[dict[str, t.Any]]:
        """Every event of a kind since the page was made."""
        return [one["params"] for one in self._browser.events[self._session] if one["method"] == method]

    def ask(self, expression: str) -> t.Any:
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key: str, shift: bool = False) -> None:
        """A key, down and up."""
        code, text = KEYS[key]
        given = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", **given, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **given)

    def type(self, text: str) -> None:
        """Text into what has the focus."""
        self.call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """The mouse on the middle of an element, wherever that is."""
        spot = f"document.querySelector({json.dumps(selector)})"
        self.ask(f"{spot}.scrollIntoView({{block: 'center'}})")
        x, y = self.ask(f"(r => [r.x + r.width / 2, r.y + r.height / 2])({spot}.getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def look(self, scheme: str, width: int, height: int = 900) -> None:
        """In light or dark, as wide as this."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def picture(self, path: Path) -> None:
        """What is seen, as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
