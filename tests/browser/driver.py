"""Chromium, driven by its own driver over loopback (W3C WebDriver), without a package for it."""

import json
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking"]
SECONDS = 120.0


class Browser:
    """One window of a browser."""

    def __init__(self, base: str) -> None:
        self._base = base
        options = {"args": _ARGUMENTS}
        wishes = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wishes}})
        self._session = f"/session/{made['sessionId']}"

    def _call(self, method: str, path: str, content: Any = None) -> Any:
        data = None if method != "POST" else json.dumps(content or {}).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            self._base + path, data, {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - loopback
            return json.load(answer)["value"]

    def devtools(self, command: str, **parameters: Any) -> Any:
        return self._call("POST", f"{self._session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, url: str, width: int, scheme: str) -> None:
        """Open a page in a window of that width, in the light or the dark scheme."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._call("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str) -> Any:
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": []})

    def console(self) -> list[str]:
        """Return what has been written to the console since the last look."""
        return [entry["message"] for entry in self._call("POST", f"{self._session}/se/log", {"type": "browser"})]

    def picture(self, file: Path) -> None:
        """Keep a picture of the whole page."""
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(b64decode(shot["data"]))

    def close(self) -> None:
        self._call("DELETE", self._session)


@contextmanager
def browser() -> Iterator[Browser]:
    """Start a driver and a browser, and end both."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        driver = subprocess.Popen(
            ["chromedriver", f"--port={port}", "--allowed-ips=127.0.0.1"], stdout=subprocess.DEVNULL, cwd=folder
        )
        try:
            _wait(port)
            opened = Browser(f"http://127.0.0.1:{port}")
            try:
                yield opened
            finally:
                opened.close()
        finally:
            driver.terminate()
            driver.wait(SECONDS)


def _wait(port: int) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5).close()
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("chromedriver does not answer")
