"""Tests of the wire: what is sent, and what every kind of answer leads to."""
