"""Polls a miner: all endpoints in parallel, and what only several polls reveal."""

from dataclasses import replace
import time
from typing import override

from .intent import is_pause_over, is_resumed_by_rule
from .miner import Miner
from .models import Backends, Summary
from .polled import Endpoint, PolledReplies, ProcessReader
from .restart import RestartDetector
from .rolling import RollingHashrates
from .snapshot import Snapshot


class MinerReader(ProcessReader[Snapshot]):
    """Polls a miner, and keeps what only several polls reveal."""

    def __init__(self, miner: Miner) -> None:
        """Initialize the reader."""
        self._miner = miner
        self._backends: Endpoint[Backends] = Endpoint(miner.link.backends)
        super().__init__(PolledReplies(miner.link, miner.read_config, self._backends))
        self._restarts = RestartDetector(started=miner.state.started)
        self._hashrates = RollingHashrates()
        self._last_complete: Snapshot | None = None
        self._previous_backends: Backends | None = None
        self.restore_due = False
        """Whether the miner restarted, or may have, and the request has not been restored
        yet."""
        self.resumed_by_rule = False
        """Whether XMRig's own rules ended a pause that was requested from here."""
        self.is_pause_over = False
        """Whether a requested pause has reached its end."""
        self.keeps_config: bool | None = None
        """Whether changes of the config outlasted the last restart, if that is known.

        XMRig saves no changes if it was started without a config file, or cannot write
        it.
        """
        self._is_config_new = False

    @override
    async def poll(self) -> Snapshot:
        """Read the miner once; see `ProcessReader`."""
        async with self._miner.queue.poll():
            timed = await self._replies.read()
            restarted = self._restarts.observe(
                timed.summary,
                sent=timed.sent,
                received=timed.received,
                wall=time.time(),
            )
            if restarted:
                self._restart_seen = self.restore_due = self._is_config_new = True
                self._miner.forget_change()
            elif self._restarts.is_unknown:
                # A power cut of both computers is likelier than another clock alone
                self.restore_due = True
            snapshot = self._snapshot(timed.summary, restarted=restarted)
            hashrates = self._hashrates.observe(
                snapshot, now=timed.received, restarted=restarted
            )
            snapshot = replace(snapshot, hashrates=hashrates)
            self._compare_config(snapshot)
            if not self.restore_due:
                snapshot = await self._observe(snapshot)
            if snapshot.is_complete:
                self._last_complete = snapshot
            self._previous_backends = snapshot.backends
            return snapshot

    def _compare_config(self, snapshot: Snapshot) -> None:
        """Find out after a restart whether the miner kept what was written from here."""
        if self._is_config_new and snapshot.config and snapshot.is_fresh:
            self._is_config_new = False
            kept = snapshot.state.all_edits.is_in(snapshot.config.document)
            if kept is not None:
                self.keeps_config = kept

    def _snapshot(self, summary: Summary, *, restarted: bool) -> Snapshot:
        """Return this poll's replies, and earlier ones that are still used."""
        replies = self._replies
        if restarted:
            replies.drop_stale()
        restricted = replies.is_restricted
        config = replies.config.reply
        return Snapshot(
            summary=summary,
            backends=self._backends.reply,
            config=config,
            restricted=restricted,
            state=self._miner.state,
            is_fresh=self._backends.is_fresh
            and (restricted or replies.config.is_fresh)
            and not (config and self._miner.is_overwritten(config)),
            previous_backends=self._previous_backends,
        )

    async def _observe(self, snapshot: Snapshot) -> Snapshot:
        """Update the stored state, and return the snapshot with it."""
        before = self._last_complete
        self._changed_paths += await self._miner.observe(
            before, snapshot, self._restarts.started
        )
        if self._miner.state is not snapshot.state:
            snapshot = replace(snapshot, state=self._miner.state)
        self.resumed_by_rule = not snapshot.restricted and is_resumed_by_rule(
            snapshot.state, before, snapshot
        )
        self.is_pause_over = not snapshot.restricted and is_pause_over(
            snapshot.state, time.time()
        )
        return snapshot
