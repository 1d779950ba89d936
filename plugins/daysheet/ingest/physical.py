"""The bytes of our own copy of a dropped file: unpacked, hashed, limited, of no other format."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from daysheet.ingest.verdicts import DroppedFile, FileRejected
from daysheet.settings import Settings

BLOCK = 2**18
_RATIO_MATTERS_ABOVE = 10 * 2**20  # a small file of zeros is no bomb
_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_OTHER_FORMATS = {
    b"\xff\xfe": "UTF-16 or UTF-32 text",
    b"\xfe\xff": "UTF-16 text",
    b"\0\0\xfe\xff": "UTF-32 text",
    b"PK\x03\x04": "a zip archive or spreadsheet",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"%PDF": "a PDF",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    _GZIP: "gzip; name it .csv.gz",
}


class _HashedReader:
    """Just enough of a file for GzipFile, keeping count and hash of what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.count = 0
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.count += len(data)
        self.hash.update(data)
        return data


def read_blocks(dropped: DroppedFile, settings: Settings) -> Iterator[bytes]:
    """Yield the unpacked bytes in blocks, without a byte order mark.

    Raises :class:`FileRejected` for what is no CSV, goes over a limit, or is not the file that was
    hashed; the last can only be known at the end, so keep nothing before the iterator has ended.
    """
    packed = dropped.name.lower().endswith(".gz")
    with dropped.path.open("rb", buffering=0) as file:
        source = _HashedReader(file)
        total = 0
        for block in _unpacked(source) if packed else iter(lambda: source.read(BLOCK), b""):
            data = block if total else _checked_start(block)
            total += len(block)
            if total > settings.max_file_bytes:
                raise FileRejected("too_large", f"over {settings.max_file_bytes} bytes, unpacked")
            if total > max(_RATIO_MATTERS_ABOVE, source.count * settings.max_gzip_ratio):
                raise FileRejected(
                    "gzip_bomb", f"it unpacks to over {settings.max_gzip_ratio} times its size"
                )
            yield data
        if total == 0:
            raise FileRejected("empty_file", "it holds nothing, not even a header")
        if source.hash.hexdigest() != dropped.sha256:
            raise FileRejected("changed_while_read", "its bytes are not those that were hashed")


def _unpacked(source: _HashedReader) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=source, mode="rb") as packed:
            while block := packed.read(BLOCK):
                yield block
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise FileRejected("bad_gzip", "it is no gzip, cut off or damaged: copy again") from None


def _checked_start(block: bytes) -> bytes:
    for mark, name in _OTHER_FORMATS.items():
        if block.startswith(mark):
            raise FileRejected("not_csv", f"it is {name}: export it as CSV in UTF-8")
    return block.removeprefix(_UTF8_MARK)
