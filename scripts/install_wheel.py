"""Install the one wheel that `spacy package` built under a folder into this environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import typer
from wasabi import msg


def main(folder: Path) -> None:
    """Install a packaged pipeline.

    folder (Path): Where `spacy package` wrote it.
    """
    wheels = sorted(folder.glob("*/dist/*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        msg.fail(f"No wheel under {folder}: run `spacy project run package`", exits=1)
    # What it requires is what it was just trained with.
    options = ["--no-deps", "--force-reinstall", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheels[-1])], check=True)
    msg.good(f"Installed {wheels[-1].name}")


if __name__ == "__main__":
    typer.run(main)
