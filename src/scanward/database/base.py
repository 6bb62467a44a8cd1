"""Django's SQLite backend on SQLCipher: the same SQL, and nothing readable on the disk.

Django finds this module by its name, `base`. The key is a 256-bit raw key in a file, so that no key derivation
slows a new connection down.
"""

import datetime
import decimal
import functools
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, tee
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.sqlite3 import base as plain
from django.db.backends.sqlite3._functions import register as register_functions
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from sqlcipher3 import dbapi2 as cipher

KEY_HEX_LENGTH = 64

for _name in ("date", "time", "datetime", "timestamp"):
    _parse = {"date": parse_date, "time": parse_time}.get(_name, parse_datetime)
    cipher.register_converter(_name, plain.decoder(_parse))
cipher.register_converter("bool", b"1".__eq__)
cipher.register_adapter(decimal.Decimal, str)
cipher.register_adapter(datetime.date, plain.adapt_date)
cipher.register_adapter(datetime.datetime, plain.adapt_datetime)


class CipherCursor(cipher.Cursor):  # type: ignore[misc]  # sqlcipher3 ships no types
    """A SQLCipher cursor that understands Django's `%s` and `%(name)s` placeholders."""

    # The conversions are Django's own, so that a Django update brings its fixes along.
    convert_query = plain.SQLiteCursorWrapper.convert_query

    def execute(self, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Any:
        """Run one statement."""
        if params is None:
            return super().execute(query)
        names = list(params) if isinstance(params, Mapping) else None
        return super().execute(self.convert_query(query, param_names=names), params)

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        """Run one statement for each of the parameter sets."""
        peekable, rows = tee(iter(param_list))
        first = next(peekable, None)
        names = list(first) if isinstance(first, Mapping) else None
        return super().executemany(self.convert_query(query, param_names=names), chain(rows))


class DatabaseWrapper(plain.DatabaseWrapper):
    """The connection: opens with the key of `OPTIONS["key_file"]`."""

    Database = cipher
    display_name = "SQLite (encrypted with SQLCipher)"
    init_commands: list[str]

    def get_connection_params(self) -> dict[str, Any]:
        """Return what `connect` needs, with the key file taken out of the options."""
        params = super().get_connection_params()
        params["detect_types"] = cipher.PARSE_DECLTYPES | cipher.PARSE_COLNAMES
        self._key_file = params.pop("key_file", None)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open the encrypted database.

        Raises:
            ImproperlyConfigured: the key file is missing or is not a 256-bit key in hexadecimal.
        """
        connection = cipher.connect(**conn_params)
        connection.execute(f"PRAGMA key = \"x'{read_key(self._key_file)}'\"")
        register_functions(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        # Without it `INSERT OR REPLACE` would slip past the ledger's DELETE triggers.
        connection.execute("PRAGMA recursive_triggers = ON")
        for command in filter(None, map(str.strip, self.init_commands)):
            connection.execute(command)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ARG002  Django's signature
        """Return a cursor of our own kind."""
        return self.connection.cursor(factory=CipherCursor)


@functools.lru_cache(maxsize=8)
def read_key(path: str | Path | None) -> str:
    """Return the database key, as 64 hexadecimal digits, from its file.

    Raises:
        ImproperlyConfigured: the file is missing or holds something else.
    """
    if path is None or not Path(path).is_file():
        raise ImproperlyConfigured("The database key file is missing. Run `scanward init`, or restore the key.")
    key = Path(path).read_text("ascii").strip()
    if len(key) != KEY_HEX_LENGTH or not all(digit in "0123456789abcdef" for digit in key):
        raise ImproperlyConfigured("The database key file does not hold a 256-bit key in hexadecimal.")
    return key
