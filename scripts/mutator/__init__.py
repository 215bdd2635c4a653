"""Mutation testing with mutmut, in a copy of the project."""
