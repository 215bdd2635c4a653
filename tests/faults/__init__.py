"""A table of faults over real sockets, and what they show; docs/faults.md is made of it."""
