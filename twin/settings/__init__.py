"""Settings of the process, grouped and frozen, and the one function that reads them."""

from twin.settings.load import load_settings
from twin.settings.model import (
    ClockSettings,
    ControlSettings,
    HistorianSettings,
    HttpSettings,
    InfluxSettings,
    LogSettings,
    MqttSettings,
    Settings,
    TlsSettings,
)

__all__ = [
    "ClockSettings",
    "ControlSettings",
    "HistorianSettings",
    "HttpSettings",
    "InfluxSettings",
    "LogSettings",
    "MqttSettings",
    "Settings",
    "TlsSettings",
    "load_settings",
]
