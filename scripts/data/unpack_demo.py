"""assets/demo.zip → assets/demo/*.jsonl, the corpus of the workflow `demo`."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import typer
from wasabi import msg

from scripts.data.modules.datasets import ASSETS
from spacy_rin.files import replacing

ARCHIVE = ASSETS / "demo.zip"
# What the archive has to hold, neither more nor less.
CHECKSUMS = {
    "train.jsonl": "7d552372707d1af51cd9ca74875aa24944b18a8acf714c5433e134fd526ad16e",
    "dev.jsonl": "05674ef12e4644c8b151d0d9096f6279546b23b85d031d7f40893a89010c6a72",
    "test.jsonl": "451d2bf66a13fcbe53052d6c31b04667ac4a7d14c30d8a8d145c5025361adc2a",
    "texts.jsonl": "918805c63100955da506fbf0d867c3c23f56a02f11ba6bb46873fd67754f7101",
}


def unpack(archive: Path, output_dir: Path) -> None:
    """Write the files of the demo corpus. Nothing is written unless all of them are as expected.

    archive (Path): The zip file. Its names are compared and never used as paths.
    output_dir (Path): Where the files go; others that are there stay.
    RAISES (ValueError): If the archive holds other files, or other contents.
    """
    with ZipFile(archive) as zipped:
        contents = {name: zipped.read(name) for name in zipped.namelist()}
    found = {name: sha256(content).hexdigest() for name, content in contents.items()}
    if found != CHECKSUMS:
        raise ValueError(f"{archive}: expected files with the checksums {CHECKSUMS}, found {found}")
    for name in CHECKSUMS:
        with replacing(output_dir / name) as temporary:
            temporary.write_bytes(contents[name])


def main() -> None:
    """Unpack the demo corpus to assets/demo."""
    unpack(ARCHIVE, ASSETS / "demo")
    msg.good(f"Demo corpus is in {ASSETS / 'demo'}")


if __name__ == "__main__":
    typer.run(main)
