"""Tests of what happened between two polls."""

from custom_components.xmrig.api.activity import (
    MAX_PATHS,
    ActivityType,
    detect_activities,
)

from .captures import NEW, snapshot


def test_an_event_names_no_more_paths_than_can_be_recorded() -> None:
    """A config with thousands of new values is one event that remains small."""
    known = snapshot(NEW, "mining")
    paths = [f"cpu.key{number}" for number in range(100_000)]
    (activity,) = detect_activities(known, known, restarted=False, changed_paths=paths)
    assert activity.type is ActivityType.CONFIG_CHANGED
    assert activity.facts == {"paths": paths[:MAX_PATHS]}
