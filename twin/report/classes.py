"""Classes that the air and water of a data centre are held to, and what a warm inlet does to reliability.

Sources: ASHRAE TC9.9 thermal guidelines (2021), and its white paper of 2011; docs/reference/equations.md#metrics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from twin.domain.errors import DataTooPoor


@dataclass(frozen=True, slots=True)
class AirClass:
    """Limits of the air at a server's inlet; temperatures in degC, humidity 0..1."""

    name: str
    recommended_c: tuple[float, float]
    allowable_c: tuple[float, float]
    highest_dew_c: float
    highest_rh_frac: float
    metres_per_k: float  # above 900 m the highest allowable temperature falls by 1 K each

    def highest_allowable_c(self, altitude_m: float) -> float:
        return self.allowable_c[1] - max(altitude_m - 900.0, 0.0) / self.metres_per_k

    def standing(
        self, inlet_c: float, dew_point_c: float, rh_frac: float, *, altitude_m: float = 0.0, corrosive: bool = False
    ) -> str:
        """ "recommended", "allowable", "outside", or "unknown" when a value is missing.

        `corrosive` is for rooms with corrosive gases, where the recommended humidity ends at 50 %.
        """
        if math.isnan(inlet_c) or math.isnan(dew_point_c) or math.isnan(rh_frac):
            return "unknown"
        highest_c = self.highest_allowable_c(altitude_m)
        dry_enough = dew_point_c <= self.highest_dew_c and rh_frac <= self.highest_rh_frac
        damp_enough = dew_point_c >= -12.0 and rh_frac >= 0.08
        if not (self.allowable_c[0] <= inlet_c <= highest_c and dry_enough and damp_enough):
            return "outside"
        low_c, high_c = self.recommended_c
        humid_well = -9.0 <= dew_point_c <= 15.0 and rh_frac <= (0.50 if corrosive else 0.70)
        return "recommended" if low_c <= inlet_c <= high_c and humid_well else "allowable"


AIR_CLASSES = {
    one.name: one
    for one in (
        AirClass("A1", (18.0, 27.0), (15.0, 32.0), 17.0, 0.80, 300.0),
        AirClass("A2", (18.0, 27.0), (10.0, 35.0), 21.0, 0.80, 300.0),
        AirClass("A3", (18.0, 27.0), (5.0, 40.0), 24.0, 0.85, 175.0),
        AirClass("A4", (18.0, 27.0), (5.0, 45.0), 24.0, 0.90, 125.0),
        AirClass("H1", (18.0, 22.0), (5.0, 25.0), 17.0, 0.80, 500.0),
    )
}
# highest facility water supply by class, degC; none of them below 2 degC
WATER_CLASSES_C = {"W17": 17.0, "W27": 27.0, "W32": 32.0, "W40": 40.0, "W45": 45.0, "W+": math.inf}
LOWEST_FACILITY_WATER_C = 2.0


def water_class(highest_supply_c: float) -> str:
    """The coolest class that allows this facility water supply."""
    if math.isnan(highest_supply_c) or highest_supply_c < LOWEST_FACILITY_WATER_C:
        raise DataTooPoor(f"facility water of {highest_supply_c} degC belongs to no class", where="highest_supply_c")
    return next(name for name, limit_c in WATER_CLASSES_C.items() if highest_supply_c <= limit_c)


# failures of volume servers by inlet temperature, relative to 20 degC
X_FACTORS = (
    (15.0, 0.72), (17.5, 0.87), (20.0, 1.00), (22.5, 1.13), (25.0, 1.24), (27.5, 1.34), (30.0, 1.42), (32.5, 1.48),
    (35.0, 1.55),
)  # fmt: skip


def x_factor(inlet_c: float) -> float:
    """Failure rate relative to 20 degC: straight lines between the table's points.

    Colder than the table it stays at the first value, warmer it goes on as the last line rises. NaN stays NaN.
    """
    if inlet_c <= X_FACTORS[0][0]:
        return X_FACTORS[0][1]
    upper = next((n for n, (t_c, _) in enumerate(X_FACTORS) if inlet_c <= t_c), len(X_FACTORS) - 1)
    (low_c, low), (high_c, high) = X_FACTORS[upper - 1], X_FACTORS[upper]
    return low + (high - low) * (inlet_c - low_c) / (high_c - low_c)


def mean_x_factor(hours_at: Sequence[tuple[float, float]]) -> float:
    """Failure rate of a period relative to 20 degC, from (inlet degC, hours) pairs."""
    hours = math.fsum(length for _, length in hours_at)
    if not hours > 0.0 or min(length for _, length in hours_at) < 0.0:
        raise DataTooPoor(f"a period of {hours} hours has no mean", where="hours", fix="give hours of at least 0")
    return math.fsum(x_factor(inlet_c) * length for inlet_c, length in hours_at) / hours
