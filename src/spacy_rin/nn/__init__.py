"""Word vectors → tag logits, relation tables and losses: the paper's network, equations (2) to (9).

Read `network` and `interaction` first: they are the equations. `table` holds the relation table in
factored form, `blocks` cuts it, `row_maximum` and `loss` read it, and `device` sets size and
precision. The folder imports torch and numpy only; `layers` wraps it for spaCy.
"""
