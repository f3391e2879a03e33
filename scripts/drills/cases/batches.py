"""Neither the order of texts nor the company of others changes a triple."""

from __future__ import annotations

import torch

from scripts.drills.modules.drill import SENTENCES, Drill, Finding
from spacy_rin.component import find_rin, load_pipeline
from spacy_rin.relations import get_relations

BATCHES = 100
SIZES = (1, 2, 3, 7, 16, 64)
# Scores depend in their last digits on what is read at once.
MOST = 1e-4

Found = dict[tuple[int, int, str, int, int], float]


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): How many triples differ, and how far scores do at most."""
    torch.set_num_threads(1)
    nlp = load_pipeline(str(drill.pipeline))
    threshold = find_rin(nlp).cfg["threshold"]
    joined = [" ".join(drill.random.sample(SENTENCES, k)) for k in (2, 3, 4) for _ in range(6)]
    pool = [*SENTENCES, *joined, "", " ", "\n", "Tea.", "A" * 300, "Bram Quill"]

    def read(texts: list[str], size: int) -> list[Found]:
        return [
            {
                (r.head.start, r.head.end, r.label, r.tail.start, r.tail.end): r.score
                for r in get_relations(doc)
            }
            for doc in nlp.pipe(texts, batch_size=size)
        ]

    alone = {text: read([text], 1)[0] for text in dict.fromkeys(pool)}
    triples = other = 0
    worst = 0.0
    for _ in range(BATCHES):
        texts = drill.random.choices(pool, k=drill.random.randrange(1, 40))
        found = read(texts, drill.random.choice(SIZES))
        for text, here in zip(texts, found, strict=True):
            triples += len(here)
            expected = alone[text]
            for key in here.keys() ^ expected.keys():
                # One that is right at the threshold may be on either side of it.
                other += abs((here | expected)[key] - threshold) > MOST
            for key in here.keys() & expected.keys():
                worst = max(worst, abs(here[key] - expected[key]))
    figure = f"{BATCHES} batches, {triples} triples: {other} differ, scores by {worst:.0e} at most"
    return Finding(figure, not other and worst <= MOST)
