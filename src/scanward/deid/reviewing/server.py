"""A page for one reviewer on this machine: bound to 127.0.0.1, entered by a token that works once."""

import hmac
import secrets
from datetime import UTC, datetime
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from scanward.deid import cases
from scanward.deid.cases import Case, CaseRefused
from scanward.deid.reviewing import decisions
from scanward.deid.reviewing.decisions import DecisionRefused, Drawn
from scanward.deid.reviewing.pages import Form, Pages
from scanward.deid.reviewing.words import language_of

_HERE: Final = Path(__file__).parent
_STATIC: Final = {
    "/review.css": "text/css; charset=utf-8",
    "/review.js": "text/javascript; charset=utf-8",
    "/review.svg": "image/svg+xml",
}
_COOKIE: Final = "scanward-review"
_MOST: Final = 1 << 20
_POLICY: Final = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_SIDES: Final = ("top", "left", "bottom", "right")


class Reviewing(ThreadingHTTPServer):
    """The server of one held folder. `address` is where to begin, once."""

    daemon_threads = True

    def __init__(self, held: Path, port: int = 0) -> None:
        self.held = held
        self.entry: str = secrets.token_urlsafe(32)
        self.session = secrets.token_urlsafe(32)
        self.form = secrets.token_urlsafe(32)
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def host(self) -> str:
        """The only Host that is answered: another name for this machine may be a trick (DNS rebinding)."""
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def address(self) -> str:
        """Where to begin."""
        return f"http://{self.host}/?token={self.entry}"

    def enter(self, token: str) -> bool:
        """True for the right token, the first time."""
        right = bool(self.entry) and hmac.compare_digest(token.encode(), self.entry.encode())
        if right:
            self.entry = ""
        return right


class _Handler(BaseHTTPRequestHandler):
    server: Reviewing
    server_version, sys_version = "Scanward", ""

    def log_message(self, *_: Any) -> None:
        """Nothing: addresses name cases."""

    def do_GET(self) -> None:
        """Pages, pictures, the style and the script."""
        asked = urlsplit(self.path)
        if (
            self._host()
            and asked.path == "/"
            and self.server.enter("".join(parse_qs(asked.query).get("token", [])[:1]))
        ):
            cookie = f"{_COOKIE}={self.server.session}; HttpOnly; SameSite=Strict; Path=/"
            self._send(HTTPStatus.SEE_OTHER, "", more={"Location": "/", "Set-Cookie": cookie})
        elif asked.path in _STATIC and self._host():
            self._bytes((_HERE / asked.path[1:]).read_bytes(), _STATIC[asked.path])
        elif not self._known():
            self._say(HTTPStatus.FORBIDDEN, "Open the address that the command printed. It works once.")
        else:
            self._get(asked.path.strip("/").split("/"))

    def _get(self, parts: list[str]) -> None:
        match parts:
            case [""]:
                page = self._pages().index(cases.all_of(self.server.held), decisions.read(self.server.held))
                self._send(HTTPStatus.OK, page)
            case ["case", name] if (case := self._case(name)) is not None:
                self._show(case, Form())
            case ["picture", name, file] if (case := self._case(name)) is not None:
                self._picture(case, file)
            case _:
                self._say(HTTPStatus.NOT_FOUND, "The page was not found.")

    def do_POST(self) -> None:
        """A decision."""
        parts = urlsplit(self.path).path.strip("/").split("/")
        length = self.headers.get("Content-Length", "")
        if not self._known() or not length.isdigit() or int(length) > _MOST:
            return self._say(HTTPStatus.FORBIDDEN, "Open the address that the command printed. It works once.")
        sent = parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"), keep_blank_values=True)
        if not hmac.compare_digest("".join(sent.get("token", [])[:1]).encode(), self.server.form.encode()):
            return self._say(HTTPStatus.FORBIDDEN, "This form was not sent from this page.")
        case = self._case(parts[1]) if len(parts) == 2 and parts[0] == "case" else None
        if case is None:
            return self._say(HTTPStatus.NOT_FOUND, "The page was not found.")
        return self._decide(case, sent)

    def _decide(self, case: Case, sent: dict[str, list[str]]) -> None:
        first = {name: "".join(sent.get(name, [])[:1]) for name in ("decision", "by", "why")}
        rows = list(zip(*(sent.get(name, []) for name in ("picture", *_SIDES)), strict=False))
        form = Form(first["decision"], first["by"], first["why"], rows)
        try:
            boxes = [_drawn(case, row) for row in rows if any(row[1:])]
            now = datetime.now(UTC)
            made = decisions.decided(case, **first, boxes=boxes, now=now)
        except ValueError:
            return self._show(case, _wrong(form, "A box needs four whole numbers."))
        except DecisionRefused:
            missing = not first["by"].strip() or not first["why"].strip() or first["decision"] not in case.choices
            redact = "The boxes must lie inside their pictures; redacting needs at least one."
            return self._show(case, _wrong(form, "Please choose, and say who you are and why." if missing else redact))
        decisions.write(self.server.held, decisions.read(self.server.held) | {case.case: made})
        return self._send(HTTPStatus.SEE_OTHER, "", more={"Location": "/"})

    def _show(self, case: Case, form: Form) -> None:
        was = decisions.read(self.server.held).get(case.case)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.wrong else HTTPStatus.OK
        self._send(status, self._pages().case(case, was, self.server.form, form))

    def _case(self, name: str) -> Case | None:
        if not cases.NAME.fullmatch(name):
            return None
        try:
            return cases.read(self.server.held / cases.FOLDER / name)
        except CaseRefused:
            return None

    def _picture(self, case: Case, file: str) -> None:
        if file not in {one.name for one in case.pictures} or "/" in file or not file.endswith(".png"):
            return self._say(HTTPStatus.NOT_FOUND, "The page was not found.")
        return self._bytes((self.server.held / cases.FOLDER / case.case / file).read_bytes(), "image/png")

    def _host(self) -> bool:
        return self.headers.get("Host", "") == self.server.host

    def _known(self) -> bool:
        """From this machine's name, with the cookie of this run."""
        try:
            cookie = SimpleCookie(self.headers.get("Cookie", "")).get(_COOKIE)
        except CookieError:
            return False
        given = cookie.value if cookie else ""
        return self._host() and hmac.compare_digest(given.encode(), self.server.session.encode())

    def _pages(self) -> Pages:
        return Pages(language_of(self.headers.get("Accept-Language", "")))

    def _say(self, status: HTTPStatus, text: str) -> None:
        self._send(status, self._pages().message(text))

    def _send(self, status: HTTPStatus, page: str, *, more: dict[str, str] | None = None) -> None:
        self._bytes(page.encode(), "text/html; charset=utf-8", status, more)

    def _bytes(
        self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        for name, value in (headers | (more or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _wrong(form: Form, text: str) -> Form:
    return Form(form.decision, form.by, form.why, form.boxes, text)


def _drawn(case: Case, row: tuple[str, ...]) -> Drawn:
    """A box of the form.

    Raises: ValueError
    """
    number, top, left, bottom, right = (int(n) for n in row)
    if not 0 <= number < len(case.pictures):
        raise ValueError
    picture = case.pictures[number]
    return Drawn(picture.token, picture.frame, (top, left, bottom, right))
