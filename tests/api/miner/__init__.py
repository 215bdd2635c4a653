"""Tests of commands: each is done when the miner shows it, or says why not."""
