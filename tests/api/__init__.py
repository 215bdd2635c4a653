"""Tests of what speaks with the miner, which knows nothing of Home Assistant."""
