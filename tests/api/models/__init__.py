"""Tests of the models, by endpoint."""
