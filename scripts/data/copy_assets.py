"""A local folder → assets/, where `spacy project assets` finds the files by their checksums."""

from __future__ import annotations

import shutil
from hashlib import md5
from pathlib import Path

import srsly
import typer
from wasabi import msg

from spacy_rin.files import replacing


def main(source: Path, project: Path = Path("project.yml")) -> None:
    """Copy the assets of the project that are somewhere under a folder.

    source (Path): A folder with the data. Its layout is free, since checksums identify the files.
    project (Path): The project file that lists the assets.
    """
    if not source.is_dir():
        msg.fail(f"Not a folder: {source}", exits=1)
    files = {_checksum(path): path for path in sorted(source.rglob("*")) if path.is_file()}
    for asset in srsly.read_yaml(project)["assets"]:
        target = project.parent / asset["dest"]
        found = files.get(asset.get("checksum"))
        if target.exists():
            msg.info(f"{target} is there already")
        elif found is None:
            msg.warn(f"{target}: no file with its checksum under {source}")
        else:
            with replacing(target) as temporary:
                shutil.copyfile(found, temporary)
            msg.good(f"{target}")


def _checksum(path: Path) -> str:
    return md5(path.read_bytes(), usedforsecurity=False).hexdigest()


if __name__ == "__main__":
    typer.run(main)
