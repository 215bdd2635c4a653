"""Tests of the import from other integrations, on the files that one of them left."""
