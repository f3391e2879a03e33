"""A gold corpus → a config that was written for it: the recipe for data of one's own.

`numbers` has every number of the recipe, `survey` what it has to know of a corpus, `plan` how long
to train, and `config` writes the text. `words` and `distill` make word vectors of a transformer.
"""
