"""What the component saves ↔ what it loads: with checksums, so that damage does not pass unseen.

A flipped bit in a parameter changes what is found, and nothing else would tell. Pipelines that were
saved by earlier versions have no checksums, and are loaded without this check.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import srsly
from spacy.pipeline.trainable_pipe import TrainablePipe

from ..errors import Errors
from ..layers.finite import check_parameters

# The name of the file, or of the entry of the bytes.
CHECKSUMS = "checksums"
# What has a checksum, by the names that spaCy gives the files.
PARTS = ("cfg", "model")


class CheckedPipe(TrainablePipe):
    """A trainable component that checks what it loads."""

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Save the component.

        path (str | Path): The directory to write.
        exclude (Iterable[str]): Parts to leave out.
        """
        super().to_disk(path, exclude=exclude)
        srsly.write_json(Path(path) / CHECKSUMS, _checksums(_read_parts(Path(path))))

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> CheckedPipe:
        """Load the component.

        path (str | Path): The directory that `to_disk` wrote.
        exclude (Iterable[str]): Parts to leave out.
        RETURNS (CheckedPipe): The component.
        RAISES (ValueError): If a file is damaged, or if a parameter is not finite.
        """
        path, parts = Path(path), {*PARTS} - {*exclude}
        if (path / CHECKSUMS).is_file():
            saved = (path / CHECKSUMS).read_bytes()
            _compare(_read_parts(path), saved, parts, f"{path}/")
        super().from_disk(path, exclude=exclude)
        check_parameters(self.model, self.name)
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Save the component as bytes.

        exclude (Iterable[str]): Parts to leave out.
        RETURNS (bytes): The component.
        """
        parts: dict[str, Any] = srsly.msgpack_loads(super().to_bytes(exclude=exclude))
        parts[CHECKSUMS] = json.dumps(_checksums(parts))
        data: bytes = srsly.msgpack_dumps(parts)
        return data

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> CheckedPipe:
        """Load the component from bytes.

        bytes_data (bytes): What `to_bytes` returned.
        exclude (Iterable[str]): Parts to leave out.
        RETURNS (CheckedPipe): The component.
        RAISES (ValueError): If a part is damaged, or if a parameter is not finite.
        """
        found = srsly.msgpack_loads(bytes_data)
        if CHECKSUMS in found:
            _compare(found, found[CHECKSUMS], {*PARTS} - {*exclude}, f"{self.name}/")
        super().from_bytes(bytes_data, exclude=exclude)
        check_parameters(self.model, self.name)
        return self


def _read_parts(path: Path) -> dict[str, bytes]:
    """The files of a component's directory that have a checksum."""
    return {part: (path / part).read_bytes() for part in PARTS if (path / part).is_file()}


def _checksums(parts: Mapping[str, str | bytes]) -> dict[str, str]:
    return {part: _checksum(parts[part]) for part in PARTS if part in parts}


def _checksum(data: str | bytes) -> str:
    return blake2b(data.encode() if isinstance(data, str) else data, digest_size=16).hexdigest()


def _compare(
    parts: Mapping[str, str | bytes], saved: str | bytes, wanted: Iterable[str], place: str
) -> None:
    """Raise an error at the first of the wanted parts that is not as it was saved."""
    try:
        checksums = dict(json.loads(saved))
    except (ValueError, TypeError):
        raise ValueError(Errors.R189.format(path=f"{place}{CHECKSUMS}", place=place)) from None
    for part in sorted({*wanted} & {*parts, *checksums}):
        if part not in parts or checksums.get(part) != _checksum(parts[part]):
            raise ValueError(Errors.R189.format(path=f"{place}{part}", place=place))
