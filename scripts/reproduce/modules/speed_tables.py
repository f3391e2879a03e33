"""benchmark.json, extract.json and way.json of results/ → what they say of speed and memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spacy_rin.evaluation.markdown import table
from spacy_rin.extract.engines import ENGINES

# Name in the benchmark's summary → what is measured, and how it is shown.
SPEEDS = {
    "step_speedup_same_batches": ("a training step against the plain one, same texts", "{:.1f}×"),
    "epoch_speedup": ("a shuffled epoch of WebNLG against the plain one, one thread", "{:.0f}×"),
    "epoch_speedup_all_threads": ("- the same, all threads", "{:.0f}×"),
    "webnlg_epoch_s": ("`spacy train`: an epoch of WebNLG with all it does", "{:.0f} s"),
    "tagger_share": ("- the frozen tagger's share of it", "{:.0%}"),
    "share_outside_network": ("- share outside the network", "{:.0%}"),
    "train_peak_mb": ("peak memory of a step, 50 texts of 100 words, K 7", "{:.0f} MB"),
    "long_doc_peak_mb": ("peak memory of reading a sentence of 2,000 words", "{:.0f} MB"),
    "pipe_words_per_s": ("`nlp.pipe` on raw texts, one core", "{:,.0f} words/s"),
    "rin_over_ner": ("`rin` alone against spaCy's `ner`, words/s", "{:.2f}×"),
    "gemm_share": ("share of the processor's product rate in the blocks", "{:.2f}"),
}
# What a user asks for first: the README shows these alone.
FIRST = (
    *("pipe_words_per_s", "rin_over_ner", "long_doc_peak_mb"),
    *("webnlg_epoch_s", "epoch_speedup"),
)


def speed_table(benchmark: dict[str, Any], names: Iterable[str] = SPEEDS) -> str:
    """Write figures of the benchmark, and what they were measured on.

    benchmark (dict): What `make bench` has written.
    names (Iterable[str]): Figures of its summary; those that were not measured are left out.
    RETURNS (str): Markdown.
    """
    summary, hardware = benchmark["summary"], benchmark["hardware"]
    body = []
    for name in names:
        text, form = SPEEDS[name]
        figures = [summary[f"{name}_{short}"] for short in ("fp32", "bf16")]
        if None not in figures:
            body.append([text, *map(form.format, figures)])
    return (
        table(["measured", "float32", "bfloat16"], body)
        + f"\n{hardware['processor']}, {hardware['torch_threads']} threads"
        + f" on {hardware['cores']} cores; d 100, 216 relations, K 3 unless said. "
        + "The plain implementation is equation (7) as the paper writes it.\n"
    )


def extract_table(result: dict[str, Any]) -> str:
    """RETURNS (str): Speed and memory of each engine, and what the other runs showed."""
    engines = [name for name in ENGINES if name in result]
    found = [result[engine] for engine in engines]
    body = [
        ["documents/s", *(f"{run['documents_per_second']:,.0f}" for run in found)],
        ["words/s", *(f"{run['words_per_second']:,}" for run in found)],
        ["memory of the command, first and last tenth", *(_memory(run, "main") for run in found)],
        [
            "memory of all workers, first and last tenth",
            *(_memory(run, "workers") for run in found),
        ],
    ]
    long, kills = result["long_document"], result["kills"]
    hardware = result["hardware"]
    return (
        table([f"{result['documents']:,} documents", *engines], body)
        + f"\n{result['processes']} workers, {hardware['processor']}, {hardware['cores']} cores. "
        + ("Both engines found the same rows. " if result["engines_agree"] else "The rows differ. ")
        + f"A run that was killed {len(kills)} times and resumed each time gave "
        + ("the same rows. " if result["killed_run_agrees"] else "other rows. ")
        + f"A document of {long['words']:,} words took {long['time_per_word_to_short']} times as "
        "long for a word as its sentences did as documents of their own.\n"
    )


def way_table(result: dict[str, Any]) -> str:
    """RETURNS (str): Time and memory of each command of the page, and of the readers."""
    body = [
        [_name(step["command"]), f"{step['seconds']} s", f"{step['peak_mb']:,} MB"]
        for step in result["steps"]
    ]
    dev, hardware = result["dev"], result["hardware"]
    readers = "; ".join(
        f"`{name}` {found['records_per_second']:,.0f} records/s, {found['peak_mb']:,} MB, and "
        f"{found['peak_mb_of_many']:,} MB for ten times as many"
        for name, found in result["readers"].items()
    )
    return (
        table(["command", "time", "peak memory"], body)
        + f"\n{result['sentences']:,} sentences and {result['texts']:,} new texts on "
        + f"{hardware['processor']}, {hardware['cores']} cores: {result['gold_seconds']} s to the "
        + f"facts of the gold, {result['seconds']} s in all. `rel_f` is {100 * dev['rel_f']:.1f} "
        + f"on dev, and there are {result['facts']:,} facts. Readers: {readers}.\n"
    )


def _name(command: str) -> str:
    """The first words of a command: what it does, and with which file."""
    return f"`{' '.join(command.split()[:3])}`"


def _memory(run: dict[str, Any], who: str) -> str:
    first, *_, last = run["rss_mb_by_tenth"][who]
    return f"{first:,} MB, {last:,} MB"
