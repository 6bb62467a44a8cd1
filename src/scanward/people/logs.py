"""Keeps values out of the log: PHI never leaks sideways."""

import logging

SAFE_LOGGERS = ("scanward", "granian")


class WithoutValues(logging.Filter):
    """Lets the house's own lines through, and cuts what libraries say to its kind.

    Scanward's own loggers write constants and opaque ids only. A library may put a parameter, a path or a value
    into its message, or into the exception's text, so of those only the logger, the level and the exception's
    type remain.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place and keep it."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        if not record.name.startswith(SAFE_LOGGERS):
            record.msg, record.args = "details withheld", ()
        if kind:
            record.msg, record.args = f"{record.getMessage()} ({kind})", ()
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        return True
