"""Ratings that go by a name: server fleets and UPS loss curves.

Sources: fleets, docs/reference/equations.md#servers: "R410" a Dell R410 test of 2016, "IBM1U" 1U servers of ASME
InterPACK2011, "modern" two colocation halls of 2025. UPS curves, docs/reference/equations.md#ups: engineering estimates
tuned to the vendors' efficiency classes; a site fits its own from its input and output meters.
"""

from __future__ import annotations

from twin.domain.facility import ServerFleet, UpsCurve

# identify it per hall when air flow is measured: published rises lie between 10 and 15 K
_RISE_K = 12.0
_MAX_SPEED_RATIO = 2.5

FLEETS: dict[str, ServerFleet] = {
    name: ServerFleet(name, reference_c, start_c, leakage, fan_share, speed, _MAX_SPEED_RATIO, _RISE_K)
    for name, reference_c, start_c, leakage, fan_share, speed in (
        ("modern", 23.0, 23.0, 0.0020, 0.010, 0.050),
        ("R410", 27.0, 27.0, 0.00108, 0.0050, 0.181),
        ("IBM1U", 20.0, 24.0, 0.0020, 0.0155, 0.1705),
    )
}

UPS_CURVES: dict[str, UpsCurve] = {
    "vfi-modern": UpsCurve(0.0085, 0.0085, 0.0175),
    "vfi-legacy": UpsCurve(0.0305, 0.0057, 0.0390),
    "eco": UpsCurve(0.0035, 0.0025, 0.0035),
}
