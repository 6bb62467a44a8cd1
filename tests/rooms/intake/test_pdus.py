"""The readers of PDUs and command sets raise one thing only, whatever the bytes."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.intake.listening import associate
from scanward.dicom.errors import Refused
from scanward.dicom.walk import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from scanward.intake.dimse import command, commitment, pdu

REQUEST = associate()[6:]
mutations = st.lists(st.tuples(st.integers(0, len(REQUEST) - 1), st.integers(0, 255)), max_size=12)


def test_a_request_is_read_as_it_was_written():
    found = pdu.read_associate(REQUEST)
    assert (found.called, found.calling, found.max_length) == ("SCANWARD", "TESTS", 16384)
    assert found.contexts == (pdu.ProposedContext(1, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",)),)


@given(mutations, st.integers(0, len(REQUEST)))
def test_changed_and_cut_requests_are_read_or_refused(changes, end):
    data = bytearray(REQUEST)
    for at, value in changes:
        data[at] = value
    with contextlib.suppress(pdu.BadPdu):
        pdu.read_associate(bytes(data[:end]))


@given(st.binary(max_size=400))
def test_any_bytes_are_fragments_or_refused(data):
    with contextlib.suppress(pdu.BadPdu):
        assert sum(len(fragment.data) + 6 for fragment in pdu.read_fragments(memoryview(data))) == len(data)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_command_or_refused(data):
    with contextlib.suppress(pdu.BadPdu):
        found = command.read(data)
        found.uid(command.Tag.AFFECTED_SOP_CLASS)
        command.response(found, 0)


@given(st.binary(max_size=300), st.sampled_from([EXPLICIT_LITTLE, IMPLICIT_LITTLE]))
def test_any_bytes_are_a_commitment_request_or_refused(data, syntax):
    with contextlib.suppress(Refused):
        commitment.read(memoryview(data), syntax)


@given(st.binary(max_size=5000), st.integers(0, 2000), st.booleans())
def test_what_is_written_in_pieces_is_read_again(content, room, is_command):
    pieces = list(pdu.data(5, content, command=is_command, room=room))
    found = [fragment for piece in pieces for fragment in pdu.read_fragments(memoryview(piece)[6:])]
    assert b"".join(fragment.data for fragment in found) == content
    assert [fragment.last for fragment in found] == [False] * (len(found) - 1) + [True]
    assert all(len(piece) - 6 <= max(room, 70) for piece in pieces) or room == 0


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE])
def test_a_report_can_be_read_by_pydicom(syntax):
    from io import BytesIO

    from pydicom.filereader import read_dataset

    one, two = commitment.Named("1.2.3", "1.2.4"), commitment.Named("1.2.3", "1.2.55")
    answer = commitment.Answer("1.9", (one,), (commitment.Failed(two, 0x0112),))
    found = read_dataset(BytesIO(commitment.write(answer, syntax)), syntax == IMPLICIT_LITTLE, True)
    assert found.TransactionUID == "1.9"
    assert found.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.4"
    assert found.FailedSOPSequence[0].FailureReason == 0x0112
    assert [element.tag for element in found] == sorted(element.tag for element in found)


def test_titles_that_can_be_none_are_refused():
    for title in (b" " * 16, b"\xff" * 16, b"A\\B".ljust(16), b"A\nB".ljust(16)):
        with pytest.raises(pdu.BadPdu):
            pdu.read_associate(REQUEST.replace(b"TESTS".ljust(16), title))


def test_too_many_or_double_contexts_are_refused():
    context = struct.pack(">BBH", 0x20, 0, 4) + bytes((1, 0, 0, 0))
    for count in (2, 129):
        with pytest.raises(pdu.BadPdu):
            pdu.read_associate(REQUEST[:68] + context * count)
