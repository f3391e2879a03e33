"""Outputs of `extract` and Docs → facts: the whole way, and what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..errors import check_named
from ..exchange.export import NAMESPACE
from ..files import refuse_source, unchanged, working_folder
from .aliases import read_aliases
from .database import add_mentions, count, load_duckdb, open_database, transaction
from .merge import merge_mentions
from .outputs import check_facts_output, write_facts
from .sources import check_triples, read_incoming

# At most so many conflicts are listed; the number of all is counted.
MOST_CONFLICTS = 1000
CONFLICTS = """
SELECT head, relation, list(tail ORDER BY documents DESC, tail) FROM facts
WHERE list_contains($labels, relation)
GROUP BY head, head_id, relation HAVING count(*) > 1
ORDER BY sum(documents) DESC, head, head_id, relation
"""


@dataclass
class Facts:
    """What a run has read and made.

    rows (int): Triples read.
    added (int): Mentions that were not there before; the others are counted already.
    mentions (int): All mentions.
    documents (int): All documents with a triple.
    facts (int): All facts.
    entities (int): All entities.
    conflicting (int): How often a head of a functional relation has two tails or more.
    conflicts (list[tuple[str, str, list[str]]]): The first 1,000 of them, those of most documents
        first: head, relation, tails.
    """

    rows: int = 0
    added: int = 0
    mentions: int = 0
    documents: int = 0
    facts: int = 0
    entities: int = 0
    conflicting: int = 0
    conflicts: list[tuple[str, str, list[str]]] = field(default_factory=list)


def collect_facts(
    triples: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    aliases: str | Path | None = None,
    date_field: str | None = None,
    functional: Sequence[str] = (),
    namespace: str = NAMESPACE,
    memory: str = "1GB",
    overwrite: bool = False,
    now: datetime | None = None,
    progress: Callable[[str], None] | None = None,
) -> Facts:
    """Merge the triples of many documents into facts, and write them.

    Each input is added to a database as a whole, or not at all. A mention that is there already is
    not counted again, so that a run that was killed can simply be run again.

    triples (str | Path | Sequence[str | Path]): Outputs of `extract`, .spacy files, directories.
    output (str | Path): A database (.duckdb), which is added to if it is there; or .parquet, .csv,
        .ttl; or a folder for Neo4j, whose name has no suffix.
    aliases (str | Path | None): A CSV file with the columns alias, name and perhaps id. A database
        keeps it until it is given another one.
    date_field (str | None): Field or column of a document's date; None for the time of the run.
    functional (Sequence[str]): Relations of which a head can have one tail only.
    namespace (str): The start of all names in a Turtle graph.
    memory (str): How much memory DuckDB may use.
    overwrite (bool): Whether to begin anew and replace the output.
    now (datetime | None): The time of the run, in UTC; None for the clock's.
    progress (Callable): Called with the name of each step.
    RETURNS (Facts): Counts, and the conflicts.
    RAISES (ValueError): If an input is malformed, or the output can't be written.
    """
    load_duckdb()
    sources = [Path(p) for p in ([triples] if isinstance(triples, str | Path) else triples)]
    output = Path(output)
    for source in sources:
        check_triples(source)
    refuse_source(output, *sources, *([] if aliases is None else [Path(aliases)]))
    check_facts_output(output, overwrite, namespace)
    steps = _Steps(
        sources,
        None if aliases is None else Path(aliases),
        date_field,
        list(functional),
        now or datetime.now(timezone.utc).replace(microsecond=0, tzinfo=None),
        progress or (lambda step: None),
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    is_database = output.suffix == ".duckdb"
    if is_database and not (overwrite and output.exists()):
        with open_database(output, memory) as connection:
            return steps.run(connection)
    with working_folder(output) as folder:
        database = folder / "facts.duckdb"
        with open_database(database, memory, output) as connection:
            facts = steps.run(connection)
            if not is_database:
                steps.progress(f"writing {output}")
                write_facts(connection, output, namespace)
        if is_database:
            # What a killed run has written to the old database must not get into the new one.
            output.with_name(f"{output.name}.wal").unlink(missing_ok=True)
            database.replace(output)
    return facts


@dataclass
class _Steps:
    """The steps that all outputs have in common, and their settings."""

    sources: list[Path]
    aliases: Path | None
    date_field: str | None
    functional: list[str]
    now: datetime
    progress: Callable[[str], None]

    def run(self, connection: Any) -> Facts:
        """Add the inputs to a database one by one, and merge its mentions."""
        facts = Facts()
        if self.aliases is not None:
            with transaction(connection):
                read_aliases(connection, self.aliases)
        for source in self.sources:
            self.progress(f"reading {source}")
            with transaction(connection), unchanged(source):
                read_incoming(connection, source, self.date_field, self.now)
                rows, added = add_mentions(connection)
            facts.rows += rows
            facts.added += added
        self._check_functional(connection)
        self.progress("merging")
        merge_mentions(connection)
        facts.mentions = count(connection, "mentions")
        facts.documents = count(connection, "(SELECT DISTINCT document FROM mentions)")
        facts.facts = count(connection, "facts")
        facts.entities = count(connection, "entities")
        if self.functional:
            found = connection.execute(CONFLICTS, {"labels": self.functional})
            facts.conflicts = found.fetchmany(MOST_CONFLICTS)
            facts.conflicting = len(facts.conflicts) + len(found.fetchall())
        return facts

    def _check_functional(self, connection: Any) -> None:
        """Find a mistake in the name of a relation before the long work of merging."""
        if self.functional:
            known = connection.execute("SELECT DISTINCT relation FROM mentions ORDER BY 1")
            labels = [label for (label,) in known.fetchall()]
            for label in self.functional:
                check_named(labels, "relation", label)
