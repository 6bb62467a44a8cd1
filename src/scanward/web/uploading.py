"""Files that come with a form stay in memory: none of them ever lies in the clear on a disk (fault C23)."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from scanward.people.proofing import MOST_DOCUMENT


class InMemory(FileUploadHandler):
    """Keeps the files of one request, and of all of them together one byte more than a document may have.

    What comes after that is read and dropped, so that the page can say that it is too long.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._left = MOST_DOCUMENT + 1
        self._kept = BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self._kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece, as far as there is room."""
        del start
        self._left -= self._kept.write(raw_data[: self._left])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Hand the file on."""
        del file_size
        size = self._kept.tell()
        self._kept.seek(0)
        return InMemoryUploadedFile(
            self._kept, self.field_name, self.file_name, self.content_type, size, self.charset, self.content_type_extra
        )
