"""The import of miners from other integrations for XMRig.

`mapping.py` names the entities that mean the same, `candidates.py` reads and sorts
the entries of the other integration, `record.py` is what is stored of an import,
`moves.py` moves entities and devices, `steps.py` says when and carries on after a
restart, and `statistics.py` renews units.
"""
