"""pydicom datasets in and out, by way of bytes."""

from collections.abc import Callable
from io import BytesIO

from pydicom.dataset import FileDataset
from pydicom.filereader import dcmread


def through_bytes(dataset: FileDataset, change: Callable[[bytes], bytes]) -> FileDataset:
    """Write a dataset, change its bytes, read it again: the bytes were judged and bounded on the way."""
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return dcmread(BytesIO(change(buffer.getvalue())))
