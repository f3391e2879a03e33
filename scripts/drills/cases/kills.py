"""SIGKILL leaves nothing half-written, and `--resume` loses no row and has none twice."""

from __future__ import annotations

import os
import signal
import subprocess

import srsly

from scripts.drills.modules.drill import Drill, Finding, finish

COUNT = 4000
KILLS = 5


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): How many rows are lost or twice after several kills."""
    texts, output = drill.texts(COUNT), drill.work / "out.jsonl"
    words = ["extract", texts, "--model", drill.pipeline, "--output", output]
    words += ["--id-field", "id", "--by", "document", "--resume"]
    killed = early = 0
    for _ in range(KILLS):
        process = drill.begin(*words)
        try:
            process.wait(drill.random.uniform(2, 12))
            break
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            killed += 1
            early += output.exists()
    if not output.exists():
        finish(drill.begin(*words))
    rows = [row["document"] for row in srsly.read_jsonl(output)] if output.exists() else []
    lost, twice = COUNT - len(set(rows)), len(rows) - len(set(rows))
    left = [path.name for path in drill.work.iterdir() if path.name.startswith(".")]
    figure = (
        f"{killed} kills: {lost} rows lost, {twice} twice, {early} half-written, "
        f"{len(left)} temporary files"
    )
    return Finding(figure, not (lost or twice or early or left))
