"""Wheels, corpora and a transformer → pieces that travel to a machine with a GPU and no network.

What that machine has is left out: Python 3.12, torch and cupy. `docs/gpu.md` says how to go on.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from wasabi import msg

from scripts.gpu.modules.pieces import LIST, write_pieces
from scripts.gpu.modules.places import PIECES

LIMIT = 60_000_000
PYTHON = "3.12"
# pip takes these names literally, so that every version of glibc that a wheel may ask for is here.
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(5, 40)]
PLATFORMS += [f"manylinux{name}_x86_64" for name in ("1", "2010", "2014")]
# What is there, for that machine's driver. All these are larger than everything else.
THERE = ("torch", "triton", "cupy", "nvidia", "cuda")


def main(
    corpus: Annotated[
        Path, typer.Option(help="Converted data: demo, and webnlg if it is there")
    ] = Path("corpus"),
    transformer: Annotated[
        Path | None, typer.Option(help="Folder of a transformer; without it, that part is left out")
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder of the pieces")] = PIECES,
    limit: Annotated[int, typer.Option(help="The most bytes of a piece")] = LIMIT,
) -> None:
    """Download the wheels and write the pieces, with a list of them."""
    for part in ("train", "dev", "test"):
        if not (corpus / "demo" / part).is_dir():
            msg.fail(f"No {corpus / 'demo' / part}, which is made by: make demo", exits=1)
    base = find_needed("spacy-rin")
    with TemporaryDirectory() as folder:
        groups = {"base": download(base, Path(folder) / "base") | corpora(corpus)}
        if transformer is not None:
            if not (transformer / "config.json").is_file():
                msg.fail(f"No {transformer / 'config.json'}: not a transformer's folder", exits=1)
            names = find_needed("spacy-transformers") | {"spacy-transformers"}
            files = {f"transformer/{p.name}": p for p in transformer.iterdir() if p.is_file()}
            groups["transformer"] = download(names - base, Path(folder) / "more") | files
        pieces = write_pieces(groups, output, limit)
    for piece in pieces:
        msg.text(f"{output / piece.name}: {piece.size / 1e6:.1f} MB")
    total = sum(piece.size for piece in pieces)
    msg.good(f"{len(pieces)} pieces, {total / 1e6:.1f} MB; their list is {output / LIST}")


def find_needed(name: str) -> set[str]:
    """Find all packages that one needs, without those that are THERE.

    name (str): A package that is installed here.
    RETURNS (set[str]): Names of packages.
    """
    found: set[str] = set()
    waiting = [name]
    environment = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "extra": ""}
    while waiting:
        for text in distribution(waiting.pop()).requires or ():
            needed = Requirement(text)
            package = canonicalize_name(needed.name)
            is_needed = needed.marker is None or needed.marker.evaluate(environment)
            if is_needed and package not in found and not package.startswith(THERE):
                found.add(package)
                waiting.append(package)
    return found


def download(names: set[str], folder: Path) -> dict[str, Path]:
    """Download wheels for the other machine, in the versions that are installed here.

    names (set[str]): Names of packages.
    folder (Path): Where they go.
    RETURNS (dict[str, Path]): The files, by their names on the other side.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--python-version", PYTHON, "--dest", str(folder)]
    for platform in PLATFORMS:
        command += ["--platform", platform]
    command += [f"{name}=={distribution(name).version}" for name in sorted(names)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        msg.fail(f"No wheels: {errors[-1] if errors else done.stderr[-300:]}", exits=1)
    return {f"wheels/{path.name}": path for path in folder.iterdir()}


def corpora(folder: Path) -> dict[str, Path]:
    """RETURNS (dict[str, Path]): The corpora that are there, by their names on the other side."""
    paths = [p for name in ("demo", "webnlg") for p in (folder / name).rglob("*.spacy")]
    return {f"corpus/{path.relative_to(folder).as_posix()}": path for path in paths}


if __name__ == "__main__":
    typer.run(main)
