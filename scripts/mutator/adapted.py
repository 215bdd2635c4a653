"""mutmut, adapted to this project. Run as a file, with mutmut's own arguments.

It has further operators. mutmut's own change values, operators and arguments; these
find what no test misses when it is gone: a call, an assignment, an exception, a
condition. It leaves sentences alone. And the tests of a mutant end sooner.
"""

from collections.abc import Callable, Iterator
from functools import partial
import gc
from itertools import zip_longest
import json
from pathlib import Path
from typing import Any

from hypothesis.internal.conjecture import engine
import libcst as cst
from mutmut.__main__ import cli
from mutmut.configuration import config
from mutmut.mutation import file_mutation, mutators
from mutmut.runners.harness import PytestRunner
from mutmut.state import state
from mutmut.utils.file_utils import change_cwd
from mutmut.workers.isolation import ForkServerRunner
import pytest

# Not changed by mutmut: a condition or result of these kinds has no mutant
PLAIN = (cst.Attribute, cst.Call, cst.Name, cst.NamedExpr, cst.Subscript)


def left_out(node: cst.BaseSmallStatement) -> Iterator[cst.BaseSmallStatement]:
    """Remove a statement: a call, an assignment to an attribute or item, a raise."""
    if isinstance(node, cst.Expr):
        call = node.value
        if isinstance(call, cst.Await):
            call = call.expression
        if not isinstance(call, cst.Call):
            return
    elif isinstance(node, cst.Assign) and isinstance(node.targets[0].target, cst.Name):
        return
    yield cst.Pass()


def negated(node: cst.If | cst.While | cst.IfExp | cst.CompIf) -> Iterator[cst.CSTNode]:
    """Negate a condition that has no operator."""
    if isinstance(node.test, PLAIN):
        test = node.test
        if isinstance(test, cst.NamedExpr):
            test = test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), test))


def nothing_returned(node: cst.Return) -> Iterator[cst.Return]:
    """Return None instead of a plain value."""
    if isinstance(node.value, PLAIN) and not cst.Name("None").deep_equals(node.value):
        yield node.with_changes(value=cst.Name("None"))


def is_sentence(node: cst.CSTNode) -> bool:
    """Return whether a node is a text for people, whose wording is not behaviour."""
    texts = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)
    return isinstance(node, texts) and " " in cst.Module([]).code_for_node(node)


def other_string(node: cst.BaseString) -> Iterator[cst.BaseString]:
    """Change a text like mutmut, unless it is for people."""
    if not is_sentence(node):
        yield from mutators.operator_string(node)


def other_arguments(node: cst.Call) -> Iterator[cst.Call]:
    """Change arguments like mutmut, except texts for people."""
    kept = [argument for argument in node.args if is_sentence(argument.value)]
    for changed in mutators.operator_arg_removal(node):
        if all(argument in changed.args for argument in kept):
            yield changed


REPLACED = {
    mutators.operator_string: other_string,
    mutators.operator_arg_removal: other_arguments,
}

file_mutation.mutation_operators = [
    *((kind, REPLACED.get(use, use)) for kind, use in mutators.mutation_operators),
    *((kind, left_out) for kind in (cst.Expr, cst.Assign, cst.Raise, cst.Del)),
    *((kind, negated) for kind in (cst.If, cst.While, cst.IfExp, cst.CompIf)),
    (cst.Return, nothing_returned),
]
# Any failing example will do: it does not have to be the smallest
engine.MAX_SHRINKS = 0

TESTS = json.loads(Path("tests_of_modules.json").read_text())

submit = ForkServerRunner.submit


def submit_quickest_first(
    self: ForkServerRunner, name: str, tests: list[str], *limits: Any
) -> None:
    """Run the tests of a mutant up to the first that fails, the quickest ones first.

    They are those of its module that execute it.
    """
    own = tuple(TESTS[name.rpartition(".")[0]])
    tests = [test for test in tests if test.startswith(own)]
    tests.sort(key=lambda test: (state().duration_by_test[test], test))
    submit(self, name, tests, *limits)


ForkServerRunner.submit = submit_quickest_first

serve = ForkServerRunner._forkserver_main  # noqa: SLF001


def serve_within_session(self: ForkServerRunner, *pipes: int) -> None:
    """Fork the mutants' processes within a session whose tests are collected.

    Starting pytest and collecting tests take far longer than most tests.
    """
    with change_cwd("mutants"):
        selection = config().pytest_add_cli_args_test_selection
        serving = _Serving(partial(serve, self, *pipes))
        PytestRunner().execute_pytest(["-x", "-q", *selection], plugins=[serving])


class _Serving:
    """A plugin for pytest that serves in place of running all tests."""

    def __init__(self, serve_mutants: Callable[[], None]) -> None:
        self._serve = serve_mutants
        self._session: pytest.Session

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Serve until there are no more mutants."""
        self._session = session
        PytestRunner.run_tests = self._run
        # What the mutants' processes share is not looked through each time
        gc.collect()
        gc.freeze()
        self._serve()
        return True

    def _run(self, *, mutant_name: str, tests: list[str]) -> int:
        """Run tests up to the first that fails; return the exit status."""
        items = {item.nodeid: item for item in self._session.items}
        selected = [items[test] for test in tests]
        for item, following in zip_longest(selected, selected[1:]):
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._session.testsfailed:
                return 1
        return 0


ForkServerRunner._forkserver_main = serve_within_session  # noqa: SLF001
# The session above has imported everything
PytestRunner.warm_up = lambda _: None

if __name__ == "__main__":
    cli()
