"""Files ↔ pieces of a limited size, with checksums; the standard library alone.

A group of files travels as one archive, which is cut wherever a piece is full. The list of pieces,
LIST, travels beside them and says what belongs together. So pieces may come in several goes, and
one that was damaged or forgotten on the way has a name.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

LIST = "pieces.json"


@dataclass(frozen=True)
class Piece:
    """A part of a group's archive.

    name (str): Name of its file.
    group (str): The group that it belongs to. Its pieces are in the order of the archive.
    size (int): Bytes.
    sha256 (str): Checksum.
    """

    name: str
    group: str
    size: int
    sha256: str


def write_pieces(groups: Mapping[str, Mapping[str, Path]], folder: Path, limit: int) -> list[Piece]:
    """Write the archives of all groups, cut into pieces, and their list.

    groups (Mapping): For each group its files, by their names on the other side.
    folder (Path): Where the pieces go. Those of an earlier call are removed.
    limit (int): The most bytes of a piece.
    RETURNS (list[Piece]): All pieces.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name == LIST or ".tar." in path.name:
            path.unlink()
    pieces: list[Piece] = []
    for group, files in groups.items():
        writer = _PieceWriter(folder, group, limit)
        with tarfile.open(fileobj=writer, mode="w|") as archive:  # type: ignore[call-overload]
            for name, path in sorted(files.items()):
                archive.add(path, name, recursive=False, filter=_plain)
        pieces += writer.finish()
    text = json.dumps({"pieces": [asdict(piece) for piece in pieces]}, indent=2)
    (folder / LIST).write_text(text + "\n", encoding="utf8")
    return pieces


def read_list(folder: Path) -> list[Piece]:
    """Read the list of pieces.

    folder (Path): Where the pieces are.
    RETURNS (list[Piece]): All pieces, also those that are missing; none if there is no list.
    """
    path = folder / LIST
    if not path.is_file():
        return []
    return [Piece(**row) for row in json.loads(path.read_text(encoding="utf8"))["pieces"]]


def join_pieces(pieces: list[Piece], folder: Path, target: Path) -> list[str]:
    """Check the pieces, and unpack the groups whose pieces are all there.

    pieces (list[Piece]): All pieces.
    folder (Path): Where they are.
    target (Path): Where the files of the groups go.
    RETURNS (list[str]): Names of the pieces that are missing; their groups are not unpacked.
    RAISES (ValueError): If a piece is damaged. Nothing has been unpacked then.
    """
    missing = [piece for piece in pieces if not (folder / piece.name).is_file()]
    for piece in pieces:
        if piece not in missing:
            _check(piece, folder / piece.name)
    waiting = {piece.group for piece in missing}
    for group in dict.fromkeys(piece.group for piece in pieces):
        if group not in waiting:
            paths = [folder / piece.name for piece in pieces if piece.group == group]
            reader = _PieceReader(paths)
            with tarfile.open(fileobj=reader, mode="r|") as archive:  # type: ignore[call-overload]
                archive.extractall(target, filter="data")
    return [piece.name for piece in missing]


class _PieceWriter:
    """A file to write to, which begins a new piece whenever one is full."""

    def __init__(self, folder: Path, group: str, limit: int) -> None:
        self._folder, self._group, self._limit = folder, group, limit
        self._names: list[str] = []
        self._left = 0

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        while rest:
            if not self._left:
                self._names.append(f"{self._group}.tar.{len(self._names) + 1}")
                self._left = self._limit
            with (self._folder / self._names[-1]).open("ab") as file:
                size = file.write(rest[: self._left])
            rest, self._left = rest[size:], self._left - size
        return len(data)

    def finish(self) -> list[Piece]:
        paths = [self._folder / name for name in self._names]
        return [Piece(p.name, self._group, p.stat().st_size, _checksum(p)) for p in paths]


class _PieceReader:
    """A file to read from, which goes on in the next piece at the end of one."""

    def __init__(self, paths: list[Path]) -> None:
        self._files = iter([path.open("rb") for path in paths])
        self._file = next(self._files, None)

    def read(self, size: int) -> bytes:
        found = b""
        while self._file is not None and len(found) < size:
            data = self._file.read(size - len(found))
            if not data:
                self._file.close()
                self._file = next(self._files, None)
            found += data
        return found


def _check(piece: Piece, path: Path) -> None:
    size = path.stat().st_size
    if size != piece.size:
        raise ValueError(f"{path}: expected {piece.size:,} bytes, found {size:,}; copy it again")
    if (found := _checksum(path)) != piece.sha256:
        raise ValueError(f"{path}: expected sha256 {piece.sha256}, found {found}; copy it again")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        found = sha256()
        while data := file.read(2**20):
            found.update(data)
    return found.hexdigest()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Neither times nor owners, so that the same files make the same pieces."""
    entry.mtime = entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o644
    return entry
