"""Ranged reads from S3 servers that answer 200 where the protocol says 206 (rclone and lakeFS do).

obstore refuses such answers, rightly wary of a server that ignores the range. Here the same request is signed
by obstore, sent again, and taken only if its Content-Range says that it is what was asked for.
"""

import http.client
import re
from datetime import timedelta
from urllib.parse import urlsplit

import obstore
from obstore.store import S3Store

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


def ranged_get(store: S3Store, name: str, start: int, length: int, seconds: float) -> bytes:
    """Return the bytes of a range. Raises: OSError if the server does anything else."""
    address = urlsplit(obstore.sign(store, "GET", name, timedelta(minutes=5)))
    secure = address.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(address.netloc, timeout=seconds)
    try:
        wanted = {"Range": f"bytes={start}-{start + length - 1}"}
        connection.request("GET", f"{address.path}?{address.query}", headers=wanted)
        response = connection.getresponse()
        if response.status == http.client.NOT_FOUND:
            raise FileNotFoundError
        _refuse_other(response.headers.get("Content-Range", ""), start)
        return response.read(length)
    except http.client.HTTPException as error:
        raise OSError("the server broke off") from error
    finally:
        connection.close()


def _refuse_other(content_range: str, start: int) -> None:
    found = _CONTENT_RANGE.fullmatch(content_range)
    if not found or int(found[1]) != start:
        raise OSError("the server did not send the range that was asked for")
