"""Pipeline with its card → the wheel of en_rin_*, installed into this environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import typer
from spacy.cli.package import package
from wasabi import msg


def main(pipeline: Path, folder: Path) -> None:
    """Run `spacy package PIPELINE FOLDER --build wheel --force` and install what it builds.

    pipeline (Path): The pipeline, with README.md and meta.json.
    folder (Path): Where to put the package, beside those of other versions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    package(pipeline, folder, create_sdist=False, create_wheel=True, force=True, silent=False)
    wheels = sorted(folder.glob("*/dist/*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        msg.fail(f"`spacy package` built no wheel under {folder}", exits=1)
    # What it requires is what it was just trained with.
    options = ["--no-deps", "--force-reinstall", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheels[-1])], check=True)
    msg.good(f"Installed {wheels[-1].name}")


if __name__ == "__main__":
    typer.run(main)
