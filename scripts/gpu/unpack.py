"""Pieces → what they hold, checked, and its wheels installed; the standard library alone.

It may be called after each piece that has come: what is complete is unpacked. Nothing outside
training/gpu is written but the package's own metadata (src/*.egg-info), which spaCy reads to find
the registered functions.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.gpu.modules.pieces import join_pieces, read_list
from scripts.gpu.modules.places import CARRIED, PIECES, SITE

SETUP = "from setuptools import setup; setup(script_args=['-q', 'egg_info'])"


def main() -> None:
    """Unpack and install what has come."""
    missing = unpack(PIECES)
    for name in missing:
        print(f"{PIECES / name} is missing", file=sys.stderr)
    print(f"{CARRIED}: {', '.join(sorted(path.name for path in CARRIED.iterdir()))}")


def unpack(folder: Path) -> list[str]:
    """Unpack the pieces of a folder, and install the wheels among them.

    folder (Path): Where the pieces are. Without a list there, this environment stays as it is.
    RETURNS (list[str]): Names of the pieces that are missing.
    RAISES (ValueError): If a piece is damaged, or nothing is complete.
    RAISES (RuntimeError): If a wheel can't be installed.
    """
    pieces = read_list(folder)
    if not pieces:
        return []
    shutil.rmtree(CARRIED, ignore_errors=True)
    missing = join_pieces(pieces, folder, CARRIED)
    wheels = sorted(map(str, (CARRIED / "wheels").glob("*.whl")))
    if not wheels:
        raise ValueError(f"{folder}: no group of pieces is complete, {', '.join(missing)} missing")
    shutil.rmtree(SITE, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    _run([*pip, "--no-compile", "--target", str(SITE), *wheels])
    _run([sys.executable, "-c", SETUP])
    return missing


def environment() -> dict[str, str]:
    """RETURNS (dict): The environment of processes that use what was installed."""
    paths = [str(path.resolve()) for path in (SITE, Path("src")) if path.is_dir()]
    found = [*paths, *filter(None, [os.environ.get("PYTHONPATH")])]
    # transformers would import whatever else it finds on the machine.
    quiet = {"USE_TF": "0", "USE_FLAX": "0", "HF_HUB_OFFLINE": "1"}
    return {**os.environ, "PYTHONPATH": os.pathsep.join(found), "PYTHONUNBUFFERED": "1", **quiet}


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=environment())
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise RuntimeError(f"{' '.join(command[1:4])}: {lines[-1]}")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, RuntimeError) as error:
        sys.exit(str(error))
