"""Headless Chromium over a pipe: no packages, no port. For tests and for looking."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import needs

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--remote-debugging-pipe", "about:blank"),
)


class Chrome:
    """One page; what it says on the console and what it asks the network for is kept."""

    def __init__(self, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        self.profile = tempfile.mkdtemp()
        read_end, self.out = os.pipe()
        self.into, write_end = os.pipe()
        read_high, write_high = (fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (read_end, write_end))

        def place() -> None:
            os.dup2(read_high, 3)
            os.dup2(write_high, 4)

        self.process = subprocess.Popen(
            [needs.browser(), *FLAGS, f"--user-data-dir={self.profile}"],
            preexec_fn=place,
            pass_fds=(3, 4),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        for fd in (read_end, write_end, read_high, write_high):
            os.close(fd)
        self.count, self.buffer = 0, b""
        self.session: str | None = None
        self.messages: list[str] = []
        self.requests: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.ask(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )

    def __enter__(self) -> Chrome:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)
        os.close(self.out)
        os.close(self.into)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        end = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.into], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                return None
            got = os.read(self.into, 1 << 20)
            if not got:
                raise RuntimeError("Chromium went away")
            self.buffer += got
        one, _, self.buffer = self.buffer.partition(b"\0")
        message = json.loads(one)
        kind, given = message.get("method"), message.get("params", {})
        if kind == "Runtime.consoleAPICalled":
            self.messages.append(f"{given['type']}: {[a.get('value') for a in given['args']]}")
        elif kind == "Runtime.exceptionThrown":
            self.messages.append(f"exception: {json.dumps(given['exceptionDetails'])[:500]}")
        elif kind == "Log.entryAdded":
            self.messages.append(f"{given['entry']['level']}: {given['entry']['text']}")
        elif kind == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        return message

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and return its result."""
        self.count += 1
        order = {"id": self.count, "method": method, "params": params}
        if self.session:
            order["sessionId"] = self.session
        data = json.dumps(order).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data) :]
        while True:
            message = self._receive(60)
            if message is None:
                raise TimeoutError(method)
            if message.get("id") == self.count:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def run(self, script: str) -> Any:
        """Evaluate JavaScript and return its value."""
        result = self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def open(self, page: Path, seconds: float = 30) -> None:
        """Open a file and wait until it is loaded."""
        self.ask("Page.navigate", url=page.resolve().as_uri())
        self.until("document.readyState === 'complete' && location.protocol === 'file:'", seconds)

    def until(self, condition: str, seconds: float = 30) -> None:
        """Wait until a JavaScript condition holds."""
        end = time.monotonic() + seconds
        while not self.run(condition):
            if time.monotonic() > end:
                raise TimeoutError(f"{condition}; the page said {self.messages}")
            self._receive(0.1)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Send one event of the mouse."""
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **({"clickCount": 1} | more))

    def click(self, x: float, y: float, count: int = 1) -> None:
        """Press and release the left button, so many times."""
        for n in range(1, count + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.mouse(kind, x, y, button="left", clickCount=n)

    def key(self, name: str) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=name)

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """Send one event of fingers."""
        where = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self.ask("Input.dispatchTouchEvent", type=kind, touchPoints=where)

    def picture(self, path: Path, of: str = "document.documentElement") -> None:
        """Save an element, the whole page if none is named, as PNG."""
        where = "(b => [b.x + scrollX, b.y + scrollY, b.width, b.height])"
        box = self.run(f"{where}({of}.getBoundingClientRect())")
        shot = self.ask(
            "Page.captureScreenshot",
            captureBeyondViewport=True,
            clip={**dict(zip(("x", "y", "width", "height"), box, strict=True)), "scale": 1},
        )
        path.write_bytes(base64.b64decode(shot["data"]))
