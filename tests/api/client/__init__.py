"""Tests of the wire: requests, and the outcome of every kind of reply."""
