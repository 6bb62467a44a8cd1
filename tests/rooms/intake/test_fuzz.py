"""Mutated bytes are read or refused, and the running listener goes on."""

import contextlib
import os
import random

import pytest

from rooms.dicom.making import CT, EXPLICIT, ct
from rooms.intake.fuzz import mutate, run
from rooms.intake.listening import associate, pdu, rest_of
from rooms.intake.raw import c_store, data_set
from rooms.intake.senders import send, slice_of

COUNT = int(os.environ.get("SCANWARD_TEST_FUZZ", "100000"))
TALK = associate(context=CT, syntax=EXPLICIT) + c_store(data_set(ct())) + pdu(5, bytes(4))


def test_mutated_bytes_are_read_or_refused():
    """A million with `make fuzz`; HL7 is mutated in the room of reports."""
    assert run(COUNT, 1)["refused"] > COUNT / 10


@pytest.mark.parametrize("seed", range(5))
def test_mutated_conversations_end_and_the_next_sender_is_served(listener, seed):
    before = listener.memory()
    for number in range(seed * 200, seed * 200 + 200):
        with listener.connect() as sock, contextlib.suppress(ConnectionError, TimeoutError):
            sock.sendall(mutate(TALK, random.Random(number)))
            sock.shutdown(1)
            rest_of(sock, seconds=240)
    assert send(listener.port, slice_of()) == [0]
    assert listener.memory() - before < 64 << 20
