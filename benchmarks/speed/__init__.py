"""What the integration costs, compared with the minimum cost of reading a miner.

`scripts/benchmark` runs it. The measurements of one table are made in one run, and
compared ones alternate, because the same code takes twice as long on a busy machine.
"""
