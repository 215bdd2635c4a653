"""A real Home Assistant in a separate process, with a miner.

Nothing here imports Home Assistant, so that tests in an environment with another
version of it can use all of this.
"""
