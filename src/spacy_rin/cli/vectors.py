"""`spacy-rin vectors`: a transformer → a pipeline with static word vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import Errors, check_least
from ..files import replacing
from ..recipe.distill import distill, load_transformer
from ..recipe.words import coverage, frequent_words, read_words, whole_words
from .terminal import make_bar, msg


def vectors_command(
    output: Annotated[Path, typer.Argument(help="Directory to write, for --vectors of `init`")],
    transformer: Annotated[str, typer.Option(help="A directory, or a name on the hub")],
    words: Annotated[
        list[Path] | None, typer.Option(help="Words of your own: train.spacy, or a word a line")
    ] = None,
    frequent: Annotated[
        int, typer.Option(help="So many frequent words of the language; 0 for none")
    ] = 100_000,
    width: Annotated[int, typer.Option(help="Width of the vectors")] = 100,
    lang: Annotated[str, typer.Option(help="Language")] = "en",
    covers: Annotated[
        Path | None, typer.Option(help="Say how many words of this text or corpus have vectors")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the directory if it exists")] = False,
    gpu_id: Annotated[int, typer.Option(help="GPU, -1 for the CPU")] = -1,
) -> None:
    """Make static word vectors of a transformer: each word read alone, the main components kept.

    The words are those of --words, those that the transformer does not split, and frequent ones.
    """
    check_least("--width", width, 1)
    check_least("--frequent", frequent, 0)
    if output.exists() and not overwrite:
        raise ValueError(Errors.R154.format(path=output))
    frequent_ones = frequent_words(lang, frequent)
    own = {word for path in words or () for word in read_words(path)}
    loaded = load_transformer(transformer, gpu_id)
    listed = [*whole_words(loaded.tokenizer), *frequent_ones]
    # Names are written with a capital, and the lists have lower case.
    capitals = [] if loaded.lower else [word.capitalize() for word in listed]
    wanted = {*own, *listed, *capitals}
    with make_bar(total=len(wanted), unit=" words") as bar:
        nlp, kept = distill(
            loaded, wanted, width=width, lang=lang, progress=lambda n: bar.update(n - bar.n)
        )
    with replacing(output) as temporary:
        nlp.to_disk(temporary)
    vectors = nlp.vocab.vectors
    msg.good(f"Wrote {output}")
    case = ", in lower case, as the transformer reads" if loaded.lower else ""
    msg.text(f"{vectors.n_keys:,} words{case}, with {kept:.0%} of the variance of their vectors")
    if covers:
        known = {word.lower() for word in own}
        of_all, of_new = coverage(vectors, read_words(covers), known)
        msg.text(f"They cover {of_all:.1%} of the words of {covers}")
        if known:
            msg.text(f"and {of_new:.1%} of those that are not in --words")
