"""Which cause lies behind which: of what one event sets off, only its root is an alarm."""

from __future__ import annotations

from twin.alarms.facts import Condition
from twin.alarms.kinds import Severity
from twin.alarms.known import Known

SITE, TWIN = "site", "twin"
_BLIND = ("sensors", "doubtful", "quorum", "inputs", "residual", "no-effect", "not-followed")
# kind of the root -> kinds behind it
BEHIND: dict[str, tuple[str, ...]] = {
    "link": (*_BLIND, "session", "ups-lost", "ups-source", "battery", "chilled-water"),
    "sensors": _BLIND,
    "doubtful": ("quorum", "no-effect", "residual"),
    "inputs": ("residual",),
    "mains": ("ups-source", "battery", "chillers", "crah", "chilled-water", "inlet", "no-effect", "residual"),
    "chillers": ("chilled-water", "inlet", "no-effect", "residual"),
    "chilled-water": ("no-effect",),
    "crah": ("inlet", "no-effect", "residual"),
    "ups-lost": ("battery", "residual"),
    "ups-source": ("battery",),
    "checker": ("not-followed",),
    "foreign": ("not-followed", "no-effect"),
    "not-followed": ("no-effect",),
    "disk": ("sink",),
}
SAID_ANYWAY = ("inlet", "battery")  # whatever the cause: once they are critical they cannot wait


def hides(root: Condition, other: Condition, known: Known) -> bool:
    """Whether a cause explains another one. A small one never hides a larger."""
    if root.id == other.id or other.kind not in BEHIND.get(root.kind, ()) or root.severity < other.severity:
        return False
    if other.kind in SAID_ANYWAY and other.severity is Severity.CRITICAL:
        return False
    return _reaches(root, other, known)


def _reaches(root: Condition, other: Condition, known: Known) -> bool:
    """Whether what happens at one asset is felt at another."""
    if root.kind == "sensors" and other.kind == "sensors":
        return root.asset == SITE
    if root.asset == SITE or other.asset == TWIN:
        return True
    if root.kind in {"chillers", "chilled-water"}:
        return True  # the water goes everywhere
    if root.point:
        return (root.asset, root.point) == (other.asset, other.point)
    area = next((area for area in known.areas if area.id == root.asset), None)
    return root.asset == other.asset or (area is not None and other.asset in area.assets)
