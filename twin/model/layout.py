"""Where everything of a compiled site stands in its state, its inputs and its outputs."""

from __future__ import annotations

from dataclasses import dataclass

from twin.kernels import columns as at
from twin.model.compiled import CompiledSite


@dataclass(frozen=True, slots=True)
class Layout:
    """First place of each block: `x_` in the state, `u_` in the inputs, `y_` in the outputs."""

    halls: int
    liquid: int
    ups: int
    batteries: int
    solar: int

    @staticmethod
    def of(site: CompiledSite) -> Layout:
        """The layout of one site."""
        return Layout(
            len(site.hall_ids), len(site.liquid_ids), len(site.ups_ids), len(site.battery_ids), len(site.solar_ids)
        )

    def x_hall(self, h: int) -> int:
        return at.X_HEAD + at.X_HALL * h

    def x_liquid(self, k: int) -> int:
        return self.x_hall(self.halls) + at.X_LIQUID * k

    def x_battery(self, k: int) -> int:
        return self.x_liquid(self.liquid) + at.X_BATTERY * k

    @property
    def n_x(self) -> int:
        return self.x_battery(self.batteries)

    def u_hall(self, h: int) -> int:
        return at.U_HEAD + at.U_HALL * h

    def u_liquid(self, k: int) -> int:
        return self.u_hall(self.halls) + at.U_LIQUID * k

    def u_ups(self, k: int) -> int:
        return self.u_liquid(self.liquid) + at.U_UPS * k

    def u_battery(self, k: int) -> int:
        return self.u_ups(self.ups) + at.U_BATTERY * k

    def u_solar(self, k: int) -> int:
        return self.u_battery(self.batteries) + at.U_PV * k

    @property
    def n_u(self) -> int:
        return self.u_solar(self.solar)

    def y_hall(self, h: int) -> int:
        return at.Y_HEAD + at.Y_HALL * h

    def y_liquid(self, k: int) -> int:
        return self.y_hall(self.halls) + at.Y_LIQUID_ROW * k

    def y_battery(self, k: int) -> int:
        return self.y_liquid(self.liquid) + at.Y_BATTERY_ROW * k

    @property
    def n_y(self) -> int:
        return self.y_battery(self.batteries)
