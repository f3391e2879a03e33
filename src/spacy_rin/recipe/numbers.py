"""Every number of the recipe. They come from single runs on CoNLL04.

Most were chosen on its dev set, which is too small to tell runs apart that are close. The rounds
were chosen by training on half of train, and scoring on the other half and dev together.

`plan` makes batches and epochs of them by the size of a corpus, `config` writes the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# -- How long to train -----------------------------------------------------------------------------

# Sentences of a batch, by the least number of sentences that it is for: small corpora have small
# batches, so that an epoch still has some updates.
BATCHES = {0: 4, 64: 8, 256: 16}
# Looks at dev.
LOOKS = 20
# Texts that are sorted by length, where a batch holds texts of similar length.
BUFFER = 256

# -- What the component does -----------------------------------------------------------------------

# Share of texts that the pipeline's own tokenizer splits, where train came as words.
RETOKENIZE = 0.5

# Words of the longest unit that is read at once, and what it may be where train has longer ones.
WINDOW, LONGEST_WINDOW = 200, 500


# -- The network and its training ------------------------------------------------------------------


@dataclass(frozen=True)
class Numbers:
    """The numbers of one kind of encoder.

    hidden_width (int): Width of the features and of the pair features.
    encoder_width (int): Width of the BiLSTM.
    rounds (int): K, rounds of interaction.
    distance (int): Words up to which distances between head and tail are told apart.
    between (bool): Whether a cell sees the mean of what is between head and tail.
    types (bool): Whether a cell sees the tagger's probabilities of head and tail.
    vector_width (int): Width that static vectors are projected to.
    word_width (int): Width of the word table, where there are no vectors; 0 for none.
    word_dropout (float): How often rare words are read as unknown by the word table.
    affix_width (int): Width of what the ends and the shape of a word say of it; 0 for none.
    letters_width (int): Filters over the characters of a word; 0 for none.
    dropout (float): On what is known of a word.
    encoder_dropout (bool): Whether there is dropout behind the encoder, too.
    updates (int): Updates to make at least, if the most epochs allow it.
    least_epochs (int): Epochs of a large corpus.
    most_epochs (int): Epochs of a tiny one.
    learn_rate (float): The highest rate; it falls to zero.
    warmup (int): Updates in which the rate rises.
    learn_rate_factor (float): Times that rate, for rin's own layers.
    averages (bool): Whether dev is scored, and models saved, with a moving average.
    """

    hidden_width: int = 150
    encoder_width: int = 200
    rounds: int = 2
    distance: int = 20
    between: bool = True
    types: bool = False
    vector_width: int = 100
    word_width: int = 100
    word_dropout: float = 1.0
    affix_width: int = 0
    letters_width: int = 50
    dropout: float = 0.5
    encoder_dropout: bool = True
    updates: int = 2600
    least_epochs: int = 20
    most_epochs: int = 300
    learn_rate: float = 0.002
    warmup: int = 100
    learn_rate_factor: float = 1.0
    averages: bool = False


VECTORS = Numbers()
# Without vectors, what a word is made of has to say more.
WORDS = replace(VECTORS, affix_width=128, letters_width=100)
TRANSFORMER = replace(
    VECTORS,
    encoder_width=150,
    word_width=0,
    dropout=0.3,
    updates=1540,
    least_epochs=15,
    learn_rate=0.0002,
    warmup=250,
    learn_rate_factor=15.0,
)
