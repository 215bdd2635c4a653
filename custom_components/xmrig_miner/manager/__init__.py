"""One power budget for all miners, as functions of values.

Nothing here depends on Home Assistant, on the network or on a clock. The shell around
it makes one call at each report of a meter, at each change of a member or a setting,
and at `wake_at`:

    plan = decide(settings, Inputs(members=members, meters=meters), state, now)

- `now` is in seconds, by a clock that is never set back; all times are by it.
- `meters` is what `Sources.meters` makes of the states of the sensors.
- Each `Member` is what the coordinator of a miner shows, and its `Curve`, which is
  worth keeping for as long as the model of its power is the same.
- `plan.targets` names the members to change, and their threads. The shell commands them
  and reports how each went, once the member shows it:
  `state = state.with_result(id, ok=ok, now=now)`.
- `plan.sleep_actions` names the computers to wake, to put to sleep, or to switch off at
  their plugs. What becomes of that shows in the members.
- `plan.state` is the memory for the next call.

The parts, from the bottom: `curve` (what threads are worth), `heat` (what a temperature
leaves), `members`, `distribution` (a budget over members), `sources` and `budget` (what
is left over), `household` (loads that return), `policy` (what the user wants), `smart`,
`sleep` (when a rig sleeps, by the `sleep_rules`), `sleepers` (all of these) and `decision`.

Beside them are those that only tell: `energy` (where the power came from), `figures`
(of all members together), `earnings` (compared with what power costs) and `events`.
"""

from .curve import Curve
from .decision import Plan, decide
from .earnings import Work
from .energy import Account
from .events import MemberEvent, MemberEventType, Watch
from .figures import Figures, SleepState, efficiency, hashrate, hottest
from .inputs import Inputs
from .members import Member
from .policy import Caution, Mode, Prices, Reason, Settings
from .sleep import Sleep
from .sleep_rules import SleepAction, SleepFault, SleepRules
from .sources import Flow, Meters, Reading, Sample, Sources
from .state import ManagerState

__all__ = [
    "Account",
    "Caution",
    "Curve",
    "Figures",
    "Flow",
    "Inputs",
    "ManagerState",
    "Member",
    "MemberEvent",
    "MemberEventType",
    "Meters",
    "Mode",
    "Plan",
    "Prices",
    "Reading",
    "Reason",
    "Sample",
    "Settings",
    "Sleep",
    "SleepAction",
    "SleepFault",
    "SleepRules",
    "SleepState",
    "Sources",
    "Watch",
    "Work",
    "decide",
    "efficiency",
    "hashrate",
    "hottest",
]
