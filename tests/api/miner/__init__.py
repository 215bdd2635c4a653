"""Tests of commands, which end when the miner shows the result or an error occurs."""
