"""A real Home Assistant in a process of its own, with a miner set up in it.

Nothing here imports Home Assistant, so that tests in an environment with another version
of it can use all of this.
"""
