"""Tests of what a miner says, by endpoint."""
