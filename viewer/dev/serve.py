"""Serves the viewer on a page of its own under the strict policy: `python viewer/dev/serve.py [folder or files of CT]`.

Without arguments it shows the phantom. Nothing here is part of the product; tests drive it in-process.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import phantom

BUILT = Path(__file__).resolve().parents[2] / "src/scanward/portal/static/viewer"
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'"
)
PAGE = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Viewer</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="csrftoken" content="token-of-the-page">
<link rel="stylesheet" href="/page.css"><link rel="stylesheet" href="/static/viewer.css"></head>
<body><main><h1>CT of the chest</h1>
<div id="scan-viewer" lang="{lang}" data-source="/viewer.json" data-viewed="/viewed" data-sign-in="/sign-in"
 data-strings="words"></div></main>
<script type="application/json" id="words">{words}</script><script src="/static/viewer.js" defer></script></body></html>"""
STYLE = (
    "body{margin:0;background:#f4f1ea;font-family:system-ui,sans-serif}main{max-width:84rem;margin:auto;padding:12px}"
    "h1{font-size:1.25rem;font-weight:600;margin:4px 4px 12px;color:#1d3131}"
    "@media(max-width:44rem){main{padding:6px}#scan-viewer{--scan-viewer-height:calc(100dvh - 60px)}}"
)


class Stage(ThreadingHTTPServer):
    """The server with its knobs: what it shows, how it answers, what it was told."""

    daemon_threads = True

    def __init__(self, series: list[phantom.FrameSet], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Answer)
        self.series = series
        self.status: dict[str, int] = {}  # path prefix -> status that it answers instead
        self.delay = 0.0
        self.language = "en"
        self.words: dict[str, str] = {}
        self.viewed: list[dict[str, Any]] = []
        self.tokens: list[str] = []
        self.fetched: list[str] = []
        self.busy = self.most_busy = 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no fault."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def described(self) -> dict[str, Any]:
        """viewer.json."""
        study = {"label": "CT of the chest", "date": "2026-11-02"}
        return {"version": 1, "study": study, "series": [one.described() for one in self.series]}


class Answer(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Stage
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802 - the library's name
        """The page, its data and the frames."""
        refused = next((code for path, code in self.server.status.items() if self.path.startswith(path)), None)
        if refused == 302:
            return self.send(302, b"", "text/html", Location="/sign-in")
        if refused:
            return self.send(refused, b"", "text/plain")
        if self.path.startswith("/frames/"):
            return self.send_frame()
        bodies = {
            "/": (PAGE.format(lang=self.server.language, words=json.dumps(self.server.words)), "text/html"),
            "/page.css": (STYLE, "text/css"),
            "/viewer.json": (json.dumps(self.server.described()), "application/json"),
            "/sign-in": ("<!doctype html><title>Sign in</title>", "text/html"),
        }
        if self.path in bodies:
            text, kind = bodies[self.path]
            return self.send(200, text.encode(), f"{kind}; charset=utf-8")
        if self.path in ("/static/viewer.js", "/static/viewer.css"):
            kind = "text/javascript" if self.path.endswith("js") else "text/css"
            return self.send(200, (BUILT / Path(self.path).name).read_bytes(), f"{kind}; charset=utf-8")
        return self.send(404, b"", "text/plain")

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def do_POST(self) -> None:  # noqa: N802 - the library's name
        """The report of what was viewed."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        refused = self.server.status.get("/viewed")
        if refused is None:
            self.server.viewed += body["viewed"]
            self.server.tokens.append(self.headers["X-CSRFToken"])
        self.send(refused or 204, b"", "text/plain")

    def send_frame(self) -> None:
        """Raw pixels of one frame."""
        _, _, series, index = self.path.split("/")
        one = next(one for one in self.server.series if one.id == series)
        self.server.fetched.append(f"{series}/{index}")
        self.server.busy += 1
        self.server.most_busy = max(self.server.most_busy, self.server.busy)
        time.sleep(self.server.delay)
        self.server.busy -= 1
        self.send(200, one.frames[int(index)], "application/octet-stream")

    def send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        """One whole answer under the strict policy."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Quiet."""


@contextmanager
def served(series: list[phantom.FrameSet] | None = None, port: int = 0) -> Iterator[Stage]:
    """A running server; by default with everything the phantom has."""
    stage = Stage(series or [phantom.chest(), phantom.screenshot(), phantom.inverted_grey()], port)
    thread = threading.Thread(target=stage.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        stage.shutdown()
        stage.server_close()


def from_files(paths: list[Path]) -> list[phantom.FrameSet]:
    """CT files, to look at real anatomy while working on the viewer."""
    import pydicom  # noqa: PLC0415 - only this needs it

    groups: dict[str, list[Any]] = {}
    for path in sorted(found for given in paths for found in (given.rglob("*") if given.is_dir() else [given])):
        if path.is_file() and path.read_bytes()[128:132] == b"DICM":
            one = pydicom.dcmread(path)
            if "PixelData" in one:
                groups.setdefault(one.SeriesInstanceUID, []).append(one)
    made = [described_files(number, files) for number, files in enumerate(groups.values())]
    return sorted(made, key=lambda one: -len(one.frames))


def described_files(number: int, files: list[Any]) -> phantom.FrameSet:
    """One series of files as the viewer wants it."""
    files.sort(key=lambda one: int(one.InstanceNumber or 0))
    first = files[0]

    def listed(value: Any) -> Any:
        several = isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue"
        return None if value is None else [float(n) for n in value] if several else float(value)

    def first_of(value: Any) -> Any:
        both = listed(value)
        return both[0] if isinstance(both, list) else both

    each = {
        "rows": [one.Rows for one in files],
        "columns": [one.Columns for one in files],
        "slope": [float(one.get("RescaleSlope", 1)) for one in files],
        "intercept": [float(one.get("RescaleIntercept", 0)) for one in files],
        "windowCenter": [first_of(one.get("WindowCenter")) for one in files],
        "windowWidth": [first_of(one.get("WindowWidth")) for one in files],
        "pixelSpacing": [listed(one.get("PixelSpacing")) for one in files],
        "imagePosition": [listed(one.get("ImagePositionPatient")) for one in files],
        "imageOrientation": [listed(one.get("ImageOrientationPatient")) for one in files],
    }
    shared = {
        "bitsAllocated": first.BitsAllocated,
        "signed": bool(first.PixelRepresentation),
        "samplesPerPixel": first.SamplesPerPixel,
        "photometric": first.PhotometricInterpretation,
    }
    label = str(first.get("SeriesDescription", "") or f"Series {number + 1}")
    return phantom.FrameSet(f"s{number}", label, shared, each, [one.pixel_array.tobytes() for one in files])


if __name__ == "__main__":
    with served(from_files([Path(name) for name in sys.argv[1:]]) or None, 8901) as stage:
        print(f"The viewer is on {stage.url}")
        threading.Event().wait()
