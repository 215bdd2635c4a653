"""Sweeps: every command under every single failure, each time in a whole Home Assistant.

The time is virtual (`tests/virtual_time.py`), everything else is real: the sockets, the
simulated miner with its half second until a config applies, all constants of the
integration. Only public behaviour is looked at: actions and their errors, entities,
repairs, what is stored, the log, and what the simulated miner was asked for.

- `test_failures.py`: each command x each request that it sends x each kind of failure.
  Either the action raises an error that is true, and what is shown agrees with the
  miner, or everything is as without the failure.
- `test_lifecycle.py`: each command x {reload, unload, remove, stop of Home Assistant} at
  each request and at each write to disk.
- `test_odd_values.py`: each value of each document x odd values in its place.

To add a command, add it to `COMMANDS` in `commands.py`: what to do, what has to be true
before (`prepare`), and what it needs of the miner and of the options. The tests find it
there. It is run once without a failure, and what is seen then is what is expected. What
is done without a command, as after a restart of the miner, is one that waits for it
(`background.py`).

To add a kind of failure, add it to `FAULTS` of the simulator and to `KINDS` in
`kinds.py`, with the errors that are true when it happens. Name it by what goes wrong on
the wire, and add a second one if it matters whether the command took effect before.

To add an operation on the entry, add it to `OPERATIONS` in `lifecycle.py`. To add an odd
value, add it to `ODD_VALUES` in `odd.py`.

At the end of the run is printed how many combinations there are, and how many of them
ran. None is skipped, but those that are equal to another one are folded into it:

- Positions, where a command repeats itself, as it does while it waits for the miner to
  show a result: the first and the last of a row stand for all (`folding.py`).
- Failures that nothing above the client can tell apart (`ALIKE` in `kinds.py`, each
  proven by `test_alike.py`), and late replies of a miner that did not change meanwhile.
- Failures of reads that end in one place which catches every error (`caught.py`): the
  parts of a poll but its summary, and reads that are repeated until they show a result
  (`ALIKE_IF_CAUGHT`, proven too). What lies in between is the same for all commands, so
  that those with `tries_all` try each of them.
- The three requests of the poll at the end of a command, for operations on the entry,
  and an unload while the command reads: a reload and a removal begin with the same.
- Commands that do to the miner what another one does (`like`): each error that differs
  is raised once by each request, and operations on the entry come right after it wrote.
- Values of a document that are alike (`places` in `odd.py`). Of the others,
  several are tried at a time, each in an object of its own; where one of them is wrong
  or hides the others, all are tried one by one.
"""
