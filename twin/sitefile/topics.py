"""points.toml -> the numbered points and the topic map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from twin.domain.points import Point, PointTable
from twin.domain.site import SourceRule, TopicMap
from twin.sitefile.catalogue import KnownPoint
from twin.sitefile.locate import KeyPath
from twin.sitefile.problems import Problems
from twin.sitefile.schema_base import suggestion
from twin.sitefile.schema_points import MessageTable, PointsFile, ValueTable
from twin.sitefile.templates import TemplateError, render
from twin.sitefile.topology import Asset
from twin.sitefile.wire import wire_of
from twin.sitefile.wiring import check_codec, check_filter, check_topic, filter_covers

FILE = "points.toml"
_MAX_POINTS = 500_000
_STALE_PERIODS = 3.0


class TopicTables:
    """The point table and the rules under construction."""

    def __init__(self, file: PointsFile, assets: list[Asset], site: str, problems: Problems) -> None:
        self._file, self._site, self._problems = file, site, problems
        self._assets = assets
        self.points: list[Point] = []
        self.rules: list[SourceRule] = []
        self._taken: dict[str, KeyPath] = {}  # point id -> where it was given
        self._read: dict[tuple[str, ...], str] = {}  # place in a message -> point id that reads it
        self._codec: dict[str, str] = {}  # topic -> codec

    def build(self) -> tuple[PointTable, TopicMap] | None:
        """Points and topic map, or None when they were refused."""
        before = len(self._problems)
        root = self._rendered(self._file.root, ("root",), {"site": self._site}) or ""
        check_topic(root, ("root",), "", self._problems)
        for i, table in enumerate(self._file.points):
            self._message(table, ("points", i), root)
            if len(self.points) > _MAX_POINTS:
                self._problems.add(FILE, ("points", i), f"more than {_MAX_POINTS} points", "split the site")
                break
        subscriptions = self._filters("subscribe")
        ignored = self._filters("ignore")
        self._check_coverage(subscriptions)
        if len(self._problems) > before:
            return None
        topics = tuple(dict.fromkeys(rule.topic for rule in self.rules))
        return PointTable(tuple(self.points)), TopicMap(
            root, tuple(self.rules), subscriptions or topics, ignored, self._file.max_payload_bytes
        )

    def _rendered(self, template: str, path: KeyPath, fields: dict[str, str | int]) -> str | None:
        try:
            return render(template, fields)
        except TemplateError as error:
            self._problems.add(FILE, path, str(error), error.fix)
            return None

    def _filters(self, key: str) -> tuple[str, ...]:
        filters: list[str] = []
        for i, template in enumerate(getattr(self._file, key)):
            text = self._rendered(template, (key, i), {"site": self._site})
            if text is not None:
                check_filter(text, (key, i), self._problems)
                filters.append(text)
        return tuple(filters)

    def _check_coverage(self, subscriptions: tuple[str, ...]) -> None:
        if not subscriptions:
            return
        told: set[KeyPath] = set()
        for rule in self.rules:
            path = self._taken[self.points[rule.point].id][:2]
            if path not in told and not any(filter_covers(text, rule.topic) for text in subscriptions):
                told.add(path)
                self._problems.add(
                    FILE,
                    (*path, "topic"),
                    f"no filter of subscribe covers topic {rule.topic}",
                    "add a filter, or leave subscribe out: then exactly the topics of [[points]] are subscribed",
                )

    def _message(self, table: MessageTable, path: KeyPath, root: str) -> None:
        check_codec(table, path, self._problems)
        stale_s = table.stale_after_s if table.stale_after_s is not None else _STALE_PERIODS * table.period_s
        if stale_s < table.period_s:
            self._problems.add(
                FILE,
                (*path, "stale_after_s"),
                f"stale_after_s = {stale_s:g} is shorter than period_s = {table.period_s:g}",
                f"three periods are usual: {_STALE_PERIODS * table.period_s:g}",
            )
        wires = {
            name: wire_of(table, name, value, (*path, "values", name), self._problems)
            for name, value in table.values.items()
        }
        for asset in self._assets_of(table, path):
            topic = self._rendered(table.topic, (*path, "topic"), asset.fields)
            if topic is None or not check_topic(topic, (*path, "topic"), root, self._problems):
                return
            if self._codec.setdefault(topic, table.codec) != table.codec:
                self._problems.add(
                    FILE,
                    (*path, "codec"),
                    f"topic {topic} is read with two codecs, {self._codec[topic]} and {table.codec}",
                    "one topic has one codec; use another topic",
                )
                return
            for name, value in table.values.items():
                wire = wires[name]
                if wire is None:
                    continue
                known, rule = wire
                if not self._value(table, asset, topic, name, value, known, rule, stale_s, (*path, "values", name)):
                    return

    def _assets_of(self, table: MessageTable, path: KeyPath) -> Iterator[Asset]:
        of_class = [asset for asset in self._assets if asset.asset_class == table.each]
        known = {asset.id for asset in of_class}
        for i, wanted in enumerate(table.only):
            if wanted not in known:
                fix = suggestion(wanted, sorted(known)[:200])
                self._problems.add(FILE, (*path, "only", i), f'there is no {table.each} "{wanted}"', fix)
        yield from (asset for asset in of_class if not table.only or asset.id in table.only)

    def _value(
        self,
        table: MessageTable,
        asset: Asset,
        topic: str,
        name: str,
        value: ValueTable,
        known: KnownPoint,
        rule: SourceRule,
        stale_s: float,
        path: KeyPath,
    ) -> bool:
        """Add one point; False when the table should not be tried for further assets."""
        place = self._rendered(value.path, (*path, "path"), asset.fields)
        measurement = self._rendered(table.measurement, (*path[:2], "measurement"), asset.fields)
        tags: list[tuple[str, str]] = []
        for tag, template in table.tags.items():
            text = self._rendered(template, (*path[:2], "tags", tag), asset.fields)
            if text is None:
                return False
            tags.append((tag, text))
        if place is None or measurement is None:
            return False
        point_id = f"{asset.id}/{name}"
        if point_id in self._taken:
            message = f"point {point_id} is mapped twice"
            self._problems.add(FILE, path, message, "keep one of the two, or use only = [...]")
            return False
        key = (topic, table.values_path, measurement, *(f"{k}={v}" for k, v in sorted(tags)), place)
        other = self._read.setdefault(key, point_id)
        if other != point_id:
            self._problems.add(
                FILE,
                path,
                f"{point_id} reads the same value as {other}, in topic {topic}",
                "let topic or path tell them apart, with a field such as {asset} or {n}",
            )
            return False
        self._taken[point_id] = path
        index = len(self.points)
        self.points.append(
            Point(
                index,
                point_id,
                asset.id,
                name,
                asset.asset_class,
                known.unit,
                asset.hall,
                known.low,
                known.high,
                table.period_s,
                stale_s,
            )
        )
        self.rules.append(
            replace(rule, topic=topic, point=index, value_path=place, measurement=measurement, tags=tuple(tags))
        )
        return True
