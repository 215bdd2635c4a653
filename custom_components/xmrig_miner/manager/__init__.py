"""One power budget for all miners, implemented as pure functions.

Nothing here depends on Home Assistant, the network or a clock. The shell around it
makes one call whenever a meter reports, a member or a setting changes, or `wake_at`
is reached:

    plan = decide(settings, Inputs(members=members, meters=meters), state, now)

- `now` is in seconds on a monotonic clock; all times use that clock.
- `meters` is what `Sources.meters` returns for the states of the sensors.
- Each `Member` is what the coordinator of a miner reports, plus its `Curve`. Cache the
  curve until the power model changes.
- `plan.targets` maps the members to change to their new number of threads. The shell
  sends the commands and, once a member shows the result, reports it:
  `state = state.with_result(id, ok=ok, now=now)`.
- `plan.sleep_actions` names the computers to wake, to put to sleep, or to switch off at
  their plugs. The outcome shows in the members.
- `plan.state` is the state to pass to the next call.

The modules, bottom up: `curve` (what threads are worth), `heat` (threads a temperature
allows), `members`, `distribution` (a budget over members), `sources` and `budget` (the
power left over), `household` (loads that return), `policy` (what the user wants),
`study` (measures missing thread counts), `smart`, `sleep` (when a rig sleeps, by the
`sleep_rules`), `sleepers` (all rigs that may sleep) and `decision`.

Other modules only report: `energy` (where the power came from), `figures` (of all
members together), `earnings` (compared with the cost of power) and `events`.
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
from .sleep_rules import Phase, SleepAction, SleepFault, SleepRules
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
    "Phase",
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
