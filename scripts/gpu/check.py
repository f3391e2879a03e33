"""The GPU check: install, then one part after the other → training/gpu/gpu.json.

A machine may be lent for a few minutes, so that everything is decided beforehand. Each part is a
process with a limit of its own. It writes what it has found as it goes. So a part that fails, or
takes too long, costs the others nothing, and what it had measured is kept.

The standard library alone: a bare machine begins here. `docs/gpu.md` says how to use it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from scripts.gpu.modules.places import PARTS, PIECES, REPORT
from scripts.gpu.unpack import environment, unpack

# The parts in their order, with the most seconds of each. The first is what all others need.
LIMITS = {
    "machine": 40,
    "equal": 60,
    "train": 130,
    "speed": 75,
    "blocks": 60,
    "transformer": 110,
}
MINUTES = 7.5


def main(arguments: list[str] | None = None) -> int:
    """Run all parts and write the report.

    arguments (list[str] | None): Those of the command line.
    RETURNS (int): 0 if everything holds.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--steps", type=int, default=0, help="updates; else 300, on a CPU 20")
    parser.add_argument("--only", default=",".join(LIMITS), help="parts, with commas between")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for all parts together")
    options = parser.parse_args(arguments)
    only = options.only.split(",")
    if unknown := sorted({*only} - LIMITS.keys()):
        parser.error(f"no part is named {', '.join(unknown)}; there are: {', '.join(LIMITS)}")
    steps = options.steps or (300 if options.device == "cuda" else 20)
    shutil.rmtree(PARTS, ignore_errors=True)
    PARTS.mkdir(parents=True)
    start = time.monotonic()
    parts = {"install": install()}
    show("install", parts["install"])
    for name in LIMITS:
        if name not in only and name != "machine":
            continue
        left = 60 * options.minutes - (time.monotonic() - start)
        # A CPU rehearses whether everything runs, and not how fast it is.
        limit = min(LIMITS[name], left) if options.device == "cuda" else 10 * LIMITS[name]
        parts[name] = run(name, options.device, steps, limit)
        show(name, parts[name])
        report = {
            "device": options.device,
            "steps": steps,
            "seconds": round(time.monotonic() - start, 1),
            "holds": all(part["holds"] is not False for part in parts.values()),
            "errors": [
                f"{name}: {part['error']}" for name, part in parts.items() if "error" in part
            ],
            **{key: value for key, value in parts.get("machine", {}).items() if key in SHARED},
            "parts": {
                name: {key: value for key, value in part.items() if key not in SHARED}
                for name, part in parts.items()
            },
        }
        write(REPORT, report)
    print(f"{'Everything holds' if report['holds'] else 'Not everything holds'}: {REPORT}")
    return 0 if report["holds"] else 1


# What the part `machine` finds out for the whole report.
SHARED = ("hardware", "versions", "data", "settings")


def install() -> dict[str, Any]:
    """Unpack the pieces and install their wheels, if there are any."""
    start = time.monotonic()
    try:
        missing = unpack(PIECES)
    except (OSError, ValueError, RuntimeError) as error:
        return {"holds": False, "error": str(error), "seconds": round(time.monotonic() - start, 1)}
    return {"holds": True, "missing": missing, "seconds": round(time.monotonic() - start, 1)}


def run(name: str, device: str, steps: int, limit: float) -> dict[str, Any]:
    """Run one part in a process of its own.

    name (str): One of LIMITS.
    device (str): "cuda" or "cpu".
    steps (int): Updates of a training.
    limit (float): The most seconds.
    RETURNS (dict): What it has found, with "holds", "seconds", and "error" if it failed.
    """
    path = PARTS / f"{name}.json"
    log = PARTS / f"{name}.log"
    module = "scripts.gpu.modules.parts"
    command = [sys.executable, "-m", module, name, device, str(steps), str(path)]
    start = time.monotonic()
    error = ""
    if limit < 5:
        error = "no time is left for it"
    else:
        with log.open("wb") as output:
            # In a session of its own, so that its trainings can be ended with it.
            process = subprocess.Popen(
                command, stdout=output, stderr=output, env=environment(), start_new_session=True
            )
            try:
                if process.wait(limit):
                    error = last_line(log) or f"exit code {process.returncode}"
            except subprocess.TimeoutExpired:
                error = f"it took more than {limit:.0f} seconds"
            finally:
                end(process)
    found = json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}
    if error:
        found |= {"holds": False, "error": error}
    return {"holds": None, **found, "seconds": round(time.monotonic() - start, 1)}


def end(process: subprocess.Popen[bytes]) -> None:
    """End a part with all that it has started, however it was left."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # nothing is left of it
    process.wait()


def last_line(log: Path) -> str:
    """RETURNS (str): The last line of a log: of a traceback, the error."""
    lines = log.read_text(encoding="utf8", errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else ""


def show(name: str, part: dict[str, Any]) -> None:
    """Print a line for a part."""
    said = {True: "holds", False: "DOES NOT HOLD", None: "not judged"}[part["holds"]]
    reason = part.get("error") or part.get("left_out") or ""
    print(f"{name}: {said} ({part['seconds']} s) {reason}".rstrip(), flush=True)


def write(path: Path, report: dict[str, Any]) -> None:
    """Replace the report at once, so that it is whole whenever it is read."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(report, indent=2) + "\n", encoding="utf8")
    temporary.replace(path)


if __name__ == "__main__":
    sys.exit(main())
