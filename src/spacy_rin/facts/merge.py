"""Mentions and aliases → entities, facts and evidence, all made anew.

Mentions are merged by id, else by the table of aliases, else by their normalised text. What is made
does not depend on the order in which the mentions were added.
"""

from __future__ import annotations

from typing import Any

from .database import ROWS_PER_PARTITION, count, transaction

MOST_EVIDENCE = 5
MOST_SPELLINGS = 10

# Every text and id that mentions have, and the key of the entity that it means.
SPELLINGS = """
CREATE OR REPLACE TEMP TABLE spellings AS
WITH ends AS (
    SELECT head AS text, head_id AS id, head_label AS label, count(*) AS times
    FROM mentions GROUP BY ALL
    UNION ALL
    SELECT tail, tail_id, tail_label, count(*) FROM mentions GROUP BY ALL
), texts AS (
    SELECT text, id, label, sum(times) AS times FROM ends GROUP BY ALL
), named AS (
    SELECT texts.*, aliases.name AS alias, coalesce(aliases.id, texts.id) AS entity_id
    FROM texts LEFT JOIN aliases ON texts.id = '' AND aliases.key = normalised(texts.text)
)
SELECT *, CASE WHEN entity_id <> '' THEN 'id:' || entity_id
    ELSE 'name:' || normalised(coalesce(alias, text)) END AS key
FROM named
"""
# The name of an entity is that of the aliases, else its most frequent text.
NAMES = """
CREATE OR REPLACE TEMP TABLE names AS
WITH named_ids AS (SELECT 'id:' || id AS key, any_value(name) AS alias FROM aliases
    WHERE id <> '' GROUP BY id),
texts AS (
    SELECT key, text, sum(times) AS times FROM spellings GROUP BY ALL
), labels AS (
    SELECT key, label, sum(times) AS times FROM spellings GROUP BY ALL
), by_text AS (
    SELECT key, sum(times) AS times, arg_max(text, (times, text)) AS text,
        list_slice(list(text ORDER BY times DESC, text), 1, {most}) AS spellings
    FROM texts GROUP BY key
), by_label AS (
    SELECT key, arg_max(label, (times, label)) AS label FROM labels GROUP BY key
), by_key AS (
    SELECT key, max(alias) AS alias, any_value(entity_id) AS id FROM spellings GROUP BY key
)
SELECT row_number() OVER (ORDER BY key) AS entity, key, id, label, times, spellings,
    regexp_replace(coalesce(named_ids.alias, by_key.alias, text), '\\s+', ' ', 'g') AS name
FROM by_text JOIN by_label USING (key) JOIN by_key USING (key) LEFT JOIN named_ids USING (key)
"""
NUMBERS = """
CREATE OR REPLACE TEMP TABLE numbers AS
SELECT text, id, any_value(entity) AS entity
FROM (SELECT text, id, key FROM spellings) JOIN (SELECT key, entity FROM names) USING (key)
GROUP BY text, id
"""
# The mentions as numbers, so that the rest of the work needs little memory.
PLACES = """
CREATE OR REPLACE TEMP TABLE places AS
SELECT heads.entity AS head, relation, tails.entity AS tail, document, score, seen,
    head_start, head_end, tail_start, tail_end
FROM mentions
JOIN numbers AS heads ON heads.text = mentions.head AND heads.id = mentions.head_id
JOIN numbers AS tails ON tails.text = mentions.tail AND tails.id = mentions.tail_id
"""
PARTS = [
    """
    INSERT INTO merged
    SELECT head, relation, tail, sum(mentions), count(*), max(best), 1 - product(1 - best),
        min(first_seen), max(last_seen)
    FROM (
        SELECT head, relation, tail, document, count(*) AS mentions, max(score) AS best,
            min(seen) AS first_seen, max(seen) AS last_seen
        FROM places WHERE hash(head, relation, tail) % $partitions = $part
        GROUP BY head, relation, tail, document
    )
    GROUP BY head, relation, tail
    """,
    f"""
    INSERT INTO ranked
    SELECT *, row_number() OVER (
        PARTITION BY head, relation, tail
        ORDER BY score DESC, document, head_start, head_end, tail_start, tail_end
    ) AS rank
    FROM places WHERE hash(head, relation, tail) % $partitions = $part
    QUALIFY rank <= {MOST_EVIDENCE}
    """,
    """
    INSERT INTO documents_of
    SELECT entity, count(*) FROM (
        SELECT head AS entity, document FROM places WHERE hash(document) % $partitions = $part
        UNION
        SELECT tail, document FROM places WHERE hash(document) % $partitions = $part
    )
    GROUP BY entity
    """,
]
EMPTY = """
CREATE OR REPLACE TEMP TABLE merged (
    head BIGINT, relation VARCHAR, tail BIGINT, mentions BIGINT, documents BIGINT,
    best_score DOUBLE, probability DOUBLE, first_seen TIMESTAMP, last_seen TIMESTAMP
);
CREATE OR REPLACE TEMP TABLE ranked AS SELECT *, 0::BIGINT AS rank FROM places LIMIT 0;
CREATE OR REPLACE TEMP TABLE documents_of (entity BIGINT, documents BIGINT);
"""
RESULTS = [
    "DELETE FROM facts",
    """
    INSERT INTO facts
    SELECT heads.name, relation, tails.name, heads.id, tails.id, merged.mentions, documents,
        best_score, probability, first_seen, last_seen
    FROM merged
    JOIN names AS heads ON heads.entity = merged.head
    JOIN names AS tails ON tails.entity = merged.tail
    ORDER BY documents DESC, mentions DESC, heads.name, relation, tails.name, heads.id, tails.id
    """,
    "DELETE FROM entities",
    """
    INSERT INTO entities
    SELECT name, id, label, times, documents, facts, spellings
    FROM names
    JOIN (SELECT entity, sum(documents) AS documents FROM documents_of GROUP BY entity)
        USING (entity)
    JOIN (
        SELECT entity, count(*) AS facts FROM (
            SELECT head AS entity FROM merged
            UNION ALL SELECT tail FROM merged WHERE head <> tail
        ) GROUP BY entity
    ) USING (entity)
    ORDER BY documents DESC, facts DESC, name, id
    """,
    """
    CREATE OR REPLACE TEMP TABLE proofs AS
    SELECT ranked.head, relation, ranked.tail, rank, document, sentence, sentence_start,
        mentions.head AS head_text, head_start, head_end,
        mentions.tail AS tail_text, tail_start, tail_end, mentions.score, mentions.seen
    FROM mentions
    JOIN ranked USING (document, relation, head_start, head_end, tail_start, tail_end)
    """,
    "DELETE FROM evidence",
    """
    INSERT INTO evidence
    SELECT heads.name, relation, tails.name, heads.id, tails.id,
        proofs.* EXCLUDE (head, relation, tail)
    FROM proofs
    JOIN names AS heads ON heads.entity = proofs.head
    JOIN names AS tails ON tails.entity = proofs.tail
    """,
]
LISTED = """
CREATE OR REPLACE TEMP TABLE listed AS
SELECT *, NULL::STRUCT(
    document VARCHAR, sentence VARCHAR, sentence_start BIGINT, head VARCHAR, head_start BIGINT,
    head_end BIGINT, tail VARCHAR, tail_start BIGINT, tail_end BIGINT, score DOUBLE, seen TIMESTAMP
)[] AS evidence FROM merged LIMIT 0
"""
LIST_PART = """
INSERT INTO listed
SELECT merged.*, evidence FROM merged JOIN (
    SELECT head, relation, tail, list(struct_pack(
        document := document, sentence := sentence, sentence_start := sentence_start,
        head := head_text, head_start := head_start, head_end := head_end,
        tail := tail_text, tail_start := tail_start, tail_end := tail_end,
        score := score, seen := seen
    ) ORDER BY rank) AS evidence
    FROM proofs WHERE hash(head, relation, tail) % $partitions = $part
    GROUP BY head, relation, tail
) USING (head, relation, tail)
"""


def merge_mentions(connection: Any) -> None:
    """Make the tables `facts`, `entities` and `evidence` of all mentions.

    connection (DuckDBPyConnection): A connection. The temporary tables stay for an export.
    """
    with transaction(connection):
        for query in (SPELLINGS, NAMES.format(most=MOST_SPELLINGS), NUMBERS, PLACES, EMPTY):
            connection.execute(query)
        partitions = 1 + count(connection, "places") // ROWS_PER_PARTITION
        for part in range(partitions):
            for query in PARTS:
                connection.execute(query, {"partitions": partitions, "part": part})
        for query in RESULTS:
            connection.execute(query)


def list_evidence(connection: Any) -> None:
    """Make the temporary table `listed`: the facts with a list of their evidence.

    connection (DuckDBPyConnection): A connection on which `merge_mentions` was called.
    """
    with transaction(connection):
        connection.execute(LISTED)
        partitions = 1 + count(connection, "proofs") // ROWS_PER_PARTITION
        for part in range(partitions):
            connection.execute(LIST_PART, {"partitions": partitions, "part": part})
