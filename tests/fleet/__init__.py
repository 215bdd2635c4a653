"""Tests of the manager in Home Assistant."""
