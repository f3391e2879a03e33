"""`spacy-rin facts` on many made rows → training/bench/facts.json: time, memory, and kills.

Each run is the command as a user would call it, watched from outside. A smaller number of rows is
merged by plain Python, too, and the facts are compared.
"""

from __future__ import annotations

import json
import math
import random
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import duckdb
import typer
from wasabi import msg

from scripts.bench.modules.made_triples import write_made_rows
from scripts.bench.modules.memory import watch
from scripts.bench.modules.plain_facts import Fact, find_facts
from spacy_rin.evaluation.environment import describe_hardware, package_versions
from spacy_rin.files import write_json

COLUMNS = "mentions, documents, best_score, probability"
PLACE = "[document, head_start, head_end, relation, tail_start, tail_end]"


def main(
    rows: Annotated[int, typer.Option(help="Rows of the large run")] = 10_000_000,
    compared: Annotated[int, typer.Option(help="Rows that plain Python merges, too")] = 100_000,
    files: Annotated[int, typer.Option(help="Inputs of each run")] = 10,
    kills: Annotated[int, typer.Option(help="Times that the killed run is killed")] = 5,
    memory: Annotated[str, typer.Option(help="What DuckDB may use")] = "1GB",
    seed: Annotated[int, typer.Option(help="Of the rows and the moments of killing")] = 0,
    folder: Annotated[Path | None, typer.Option(help="Where files may be written")] = None,
    output: Annotated[Path, typer.Option(help="JSON")] = Path("training/bench/facts.json"),
) -> None:
    """Compare a small run with plain Python, measure a large one, and kill another one."""
    result: dict[str, Any] = {
        "rows": rows,
        "files": files,
        "memory": memory,
        "versions": {**package_versions(), "duckdb": duckdb.__version__},
        "hardware": describe_hardware(),
    }
    with TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        msg.info(f"{compared:,} rows, beside plain Python")
        result["compared"] = compare(place, compared, files, seed)
        write_json(output, result)
        msg.info(f"{rows:,} rows")
        inputs = write_made_rows(place, rows, files, seed)
        options = [*map(str, inputs), "--memory", memory]
        whole = place / "whole.duckdb"
        result["run"] = watch(command(options, whole))
        result["again"] = watch(command(options, whole))
        result["facts"] = summary(whole)
        write_json(output, result)
        msg.info(f"killed {kills} times")
        killed = place / "killed.duckdb"
        result["kills"] = kill_and_repeat(
            options, killed, result["run"]["seconds"], kills, random.Random(seed)
        )
        result["killed_run_agrees"] = differences(whole, killed) == 0
    write_json(output, result)
    msg.good(f"Wrote {output}")


def compare(folder: Path, count: int, files: int, seed: int) -> dict[str, Any]:
    """Facts of the command and of plain Python."""
    inputs = write_made_rows(folder, count, files, seed)
    path = folder / "compared.duckdb"
    subprocess.run(command(list(map(str, inputs)), path), check=True, stdout=subprocess.DEVNULL)
    expected = find_facts(
        json.loads(line) for file in inputs for line in file.open(encoding="utf8")
    )
    found = read_facts(path)
    return {
        "rows": count,
        "facts": len(expected),
        "equal": found.keys() == expected.keys()
        and all(is_equal(found[fact], expected[fact]) for fact in found),
    }


def read_facts(path: Path) -> dict[Fact, dict[str, Any]]:
    """The facts of a database, with the places of their evidence, as plain Python has them."""
    with duckdb.connect(str(path), read_only=True) as connection:
        facts = connection.execute(
            f"SELECT head, relation, tail, head_id, tail_id, {COLUMNS} FROM facts"
        ).fetchall()
        places = connection.execute(
            "SELECT head, relation, tail, head_id, tail_id, "
            "document, head_start, head_end, tail_start, tail_end FROM evidence ORDER BY rank"
        ).fetchall()
    evidence: dict[Fact, list[tuple[Any, ...]]] = {}
    for row in places:
        document, head_start, head_end, tail_start, tail_end = row[5:]
        place = (document, head_start, head_end, row[1], tail_start, tail_end)
        evidence.setdefault(row[:5], []).append(place)
    names = COLUMNS.split(", ")
    return {
        row[:5]: {**dict(zip(names, row[5:], strict=True)), "evidence": evidence[row[:5]]}
        for row in facts
    }


def is_equal(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether two facts are equal, up to the rounding of the probability."""
    return all(
        math.isclose(found[name], expected[name], rel_tol=1e-9)
        if name == "probability"
        else found[name] == expected[name]
        for name in found
    )


def kill_and_repeat(
    options: list[str], output: Path, seconds: float, kills: int, dice: random.Random
) -> list[dict[str, Any]]:
    """Kill runs at random moments, see each time whether the database is whole, and end one."""
    done = []
    for _ in range(kills):
        after = dice.uniform(0.1, 1) * seconds
        with subprocess.Popen(command(options, output), stdout=subprocess.DEVNULL) as process:
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        killed = process.returncode == -signal.SIGKILL
        done.append({"after": round(after, 1), "killed": killed, **summary(output)})
    subprocess.run(command(options, output), check=True, stdout=subprocess.DEVNULL)
    return done


def summary(path: Path) -> dict[str, int]:
    """How much a database holds; nothing if it was not begun. Reading all of it shows it whole."""
    if not path.exists():
        return {}
    with duckdb.connect(str(path)) as connection:
        tables = [row[0] for row in connection.execute("SHOW TABLES").fetchall()]
        return {
            table: connection.execute(
                f"SELECT count(*) FROM (SELECT DISTINCT * FROM {table})"
            ).fetchall()[0][0]
            for table in tables
            if table in ("mentions", "facts", "entities", "evidence")
        }


def differences(one: Path, other: Path) -> int:
    """How many mentions and facts two databases do not share; dates aside."""
    total = 0
    with duckdb.connect(str(one), read_only=True) as connection:
        connection.execute(f"ATTACH '{other}' AS other (READ_ONLY)")
        connection.execute("SET memory_limit = '1GB'")
        for table, columns in (
            ("mentions", "* EXCLUDE seen"),
            ("facts", "* EXCLUDE (probability, first_seen, last_seen)"),
            ("evidence", "* EXCLUDE seen"),
        ):
            for a, b in (("main", "other.main"), ("other.main", "main")):
                one_side, other_side = (f"SELECT {columns} FROM {x}.{table}" for x in (a, b))
                query = f"SELECT count(*) FROM ({one_side} EXCEPT ALL {other_side})"
                total += connection.execute(query).fetchall()[0][0]
    return total


def command(options: list[str], output: Path) -> list[str]:
    return [sys.executable, "-m", "spacy_rin", "facts", *options, str(output)]


if __name__ == "__main__":
    typer.run(main)
