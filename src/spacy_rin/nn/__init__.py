"""The paper's network, equations (2) to (9), and its factored table. torch and numpy only."""
