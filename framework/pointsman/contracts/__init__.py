"""What a plugin hands over: the few shapes that the framework asks of it, and their settings."""

from pointsman.contracts.chores import Chore, Outcome
from pointsman.contracts.health import (
    CheckOver,
    CheckWithSecrets,
    CommandProbe,
    HealthCheck,
    Over,
    OverCommand,
    OverDatagrams,
    OverPing,
    OverTls,
    Probe,
    Verdict,
)
from pointsman.contracts.offers import (
    Comparable,
    Maker,
    Misfit,
    Offer,
    Section,
    SectionPlace,
    Surroundings,
)
from pointsman.contracts.persistence import Persistence, Pin, Sight, Table
from pointsman.contracts.scheduling import Arrival, Candidate, Scheduler
from pointsman.contracts.settings import Duration, Secret, SecretSetting, Settings, Size
from pointsman.contracts.values import Value, Values
from pointsman.contracts.written import Written

__all__ = [
    "Arrival",
    "Candidate",
    "CheckOver",
    "CheckWithSecrets",
    "Chore",
    "CommandProbe",
    "Comparable",
    "Duration",
    "HealthCheck",
    "Maker",
    "Misfit",
    "Offer",
    "Outcome",
    "Over",
    "OverCommand",
    "OverDatagrams",
    "OverPing",
    "OverTls",
    "Persistence",
    "Pin",
    "Probe",
    "Scheduler",
    "Secret",
    "SecretSetting",
    "Section",
    "SectionPlace",
    "Settings",
    "Sight",
    "Size",
    "Surroundings",
    "Table",
    "Value",
    "Values",
    "Verdict",
    "Written",
]
