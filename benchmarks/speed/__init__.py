"""What the integration costs, next to the least that reading a miner can cost.

`scripts/benchmark` runs it. The measurements of one table are made in one run, the
compared ones in turns, because the same code takes twice as long on a busy machine.
"""
