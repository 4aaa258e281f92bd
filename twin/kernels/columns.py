"""Where everything stands in the state, the inputs and the outputs of the whole-site step.

Each vector begins with a head for the site and goes on in blocks of equal length, one for each hall, liquid loop,
UPS side, battery, in the order of the compiled tables. `twin.model.layout` gives every place a name.
"""

from __future__ import annotations

# --- state
(
    X_CHWS,  # chilled water supplied, degC
    X_BASIN,  # condenser water in the tower basin, degC
    X_FACILITY_WATER,  # warm-water loop of the liquid cooling, degC
    X_RUNNING,  # chillers that run
    X_MODE,  # of the water-side economiser
    X_MODE_S,  # seconds in it
    X_TOWER_FAN,  # what the solvers found a moment ago
    X_COOLER_FAN,
) = range(8)
X_HEAD = 8
XH_AIR, XH_METAL, XH_SUPPLY, XH_INLET, XH_WATER = range(5)
X_HALL = 5
XL_SUPPLY, XL_PRIMARY = range(2)  # coolant supplied degC (of a tank: its bath), facility water W/K
X_LIQUID = 2
XB_ENERGY = 0  # J
X_BATTERY = 1

# --- inputs
(
    U_OUTDOOR,  # dry bulb, degC
    U_WET_BULB,
    U_CHWS,  # setpoints, degC
    U_CWS,
    U_FACILITY_WATER,
    U_AVAILABLE,  # chillers that may run
    U_OUTDOOR_RATIO,  # kg/kg
    U_HALL_RATIO,  # humidity in the halls, kg/kg
    U_WIND,  # m/s
    U_SMOKE,  # 1.0: smoke or dust outside, dampers stay shut
) = range(10)
U_HEAD = 10
UH_LOAD, UH_SUPPLY, UH_RUNNING, UH_OFFSET = range(4)  # W at the reference inlet, degC, air handlers, K
U_HALL = 4
UL_SUPPLY = 0  # coolant setpoint, degC
U_LIQUID = 1
UU_ECO = 0  # 1.0: the side is in ECO
U_UPS = 1
UB_CHARGE = 0  # W at the terminals, negative discharges
U_BATTERY = 1
UP_IRRADIANCE = 0  # in the plane of the array, W/m2
U_PV = 1

# --- outputs: means over the step, W unless said
(
    Y_FACILITY,  # everything the site takes: net of storage, before its own generation
    Y_GRID,  # bought: facility less PV, negative when exported
    Y_IT,
    Y_IT_FAN,
    Y_COOLING,
    Y_CHILLER,
    Y_TOWER,
    Y_CHW_PUMP,
    Y_CW_PUMP,
    Y_AIR_FAN,
    Y_COMPRESSOR,  # DX units
    Y_LIQUID_PUMP,
    Y_UPS_LOSS,
    Y_DISTRIBUTION,  # PDU, transformers, lights
    Y_PV,
    Y_BATTERY,  # into the terminals
    Y_BATTERY_LOSS,
    Y_COIL_HEAT,  # into chilled water
    Y_FREE_HEAT,  # taken by the economiser
    Y_CHILLED_HEAT,  # taken by chillers
    Y_CONDENSER_HEAT,  # into the basin
    Y_REJECTED,  # by the towers
    Y_LIQUID_HEAT,  # into facility water
    Y_LIQUID_REJECTED,
    Y_ENVELOPE,  # into the halls from outdoors
    Y_DIRECT_REJECTED,  # by DX condensers and outside air
    Y_MAKE_UP,  # water, kg/s
    Y_LOAD_FRAC,  # part load of a running chiller
    Y_RUNNING,
    Y_CHW_FLOW,  # kg/s
    Y_CHW_RETURN,  # degC
    Y_BASIN,  # condenser water at the end of the step, degC
    Y_TOWER_FAN,
    Y_CHW_SHORT,  # flags: chillers, tower, fitted box
    Y_TOWER_SHORT,
    Y_EXTRAPOLATING,
    Y_MODE,
    Y_FACILITY_FLOW,  # kg/s, facility water
    Y_FACILITY_RETURN,  # degC
    Y_COOLER,  # W, fans that reject the heat of the liquid cooling
    Y_COOLER_SHORT,
) = range(41)
Y_HEAD = 41
(
    YH_IT,
    YH_IT_FAN,
    YH_INLET,  # degC
    YH_SUPPLY,  # degC
    YH_RETURN,  # degC
    YH_FAN_FRAC,
    YH_FAN,
    YH_COIL_HEAT,  # into chilled water
    YH_WATER,  # kg/s
    YH_COMPRESSOR,  # DX units
    YH_DIRECT,  # heat rejected outdoors by DX units and outside air
    YH_ENVELOPE,
    YH_LIQUID,  # heat of the cold plates
    YH_DOOR,  # heat of the rear doors
    YH_OUTSIDE,  # share of outside air
    YH_MAKE_UP,  # water of evaporative pads, kg/s
    YH_SHORT,  # flag: the supply floats above its setpoint
) = range(17)
Y_HALL = 17
YL_SUPPLY, YL_HEAT, YL_PRIMARY, YL_SHORT = range(4)  # degC, W into facility water, W/K, flag
Y_LIQUID_ROW = 4
YB_CHARGE, YB_LOSS = range(2)
Y_BATTERY_ROW = 2
