"""Members as loads for the distribution."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from .distribution import Load
from .members import Member, Record


def loads_of(
    members: Iterable[Member],
    records: Mapping[str, Record],
    now: float,
    *,
    keep_mining: bool = False,
    leaving: Container[str] = (),
) -> list[Load]:
    """Return the members that can be changed now, as loads.

    Leaves out members without a curve, offline, not steerable, left out after failures
    or falling asleep. `keep_mining` does not apply to a load that can only be switched
    on and off: keeping one thread would mean running it at full power.
    """
    loads = []
    for member in members:
        record = records[member.id]
        if (
            member.curve is None
            or not member.is_online
            or not member.is_steerable
            or member.threads is None
            or now < record.left_out_until
            or member.id in leaving
        ):
            continue
        ceiling = record.heat.limited(member.ceiling)
        keeps = keep_mining and member.curve.hashrates is not None
        loads.append(
            Load(
                id=member.id,
                curve=member.curve,
                threads=record.threads(member),
                floor=min(1, ceiling) if keeps else 0,
                ceiling=ceiling,
                is_hot=ceiling < member.ceiling,
                is_settled=now >= record.changed_at + member.settle,
                algorithm=member.algorithm,
                priority=member.priority,
                rested_since=record.rested_since,
            )
        )
    return loads


def without_heat(loads: Sequence[Load], members: Iterable[Member]) -> list[Load]:
    """Return loads without the limits by temperature."""
    ceilings = {member.id: member.ceiling for member in members}
    return [replace(load, ceiling=ceilings[load.id]) for load in loads]


def draw_of_others(
    loads: Sequence[Load],
    members: Iterable[Member],
    records: Mapping[str, Record],
    now: float,
) -> float:
    """Return the mining power of members that are not loads now, in W.

    Includes the idle power of loads where it counts as mining, since their threads do
    not change it.
    """
    ids = {load.id for load in loads}
    return sum(
        member.counted_idle
        if member.id in ids
        else records[member.id].current_draw(member, now)
        for member in members
    )


def held_power(
    members: Iterable[Member], records: Mapping[str, Record], now: float
) -> float:
    """Return the power reserved for members that went offline a moment ago, in W."""
    return sum(
        records[member.id].draw
        for member in members
        if records[member.id].is_held(member, now)
    )
