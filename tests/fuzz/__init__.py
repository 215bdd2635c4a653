"""Anything at the socket, in actions and in forms.

The examples are the same in each run. `--hypothesis-profile=long` tries many times as
many, others in each run.
"""
