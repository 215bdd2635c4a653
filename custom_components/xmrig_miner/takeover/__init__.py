"""Import miners from other integrations for XMRig.

`mapping.py` maps entities to those of this integration, `candidates.py` reads and sorts
the entries of the other integration, `record.py` defines what is stored of an import,
`moves.py` moves entities and devices, `steps.py` runs the steps and resumes them after
a restart, and `statistics.py` updates units.
"""
