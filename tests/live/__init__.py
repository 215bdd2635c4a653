"""Tests of the newest Home Assistant, which the other tests do not run on."""
