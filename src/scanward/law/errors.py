"""The one exception of this room: what the law does not allow, with the clause that says so."""

from __future__ import annotations


class Unlawful(Exception):
    """Something asked for that a clause forbids; `str()` is one sentence and its citation."""

    def __init__(self, sentence: str, citation: str) -> None:
        super().__init__(f"{sentence} [{citation}]")
        self.sentence = sentence
        self.citation = citation
