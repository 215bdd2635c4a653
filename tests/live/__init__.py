"""Tests with the newest Home Assistant, which the other tests do not use."""
