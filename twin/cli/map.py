"""`twin map test`: what one message would give, without a broker."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import Annotated

import typer
from rich.markup import escape

from twin.cli.options import ConfigOption, JsonOption, SiteOption, site_directory
from twin.cli.output import Json, console, failing, print_json
from twin.domain.clock import SystemClock
from twin.domain.errors import ConfigError, DataTooPoor, Problem
from twin.domain.messages import MessageIn
from twin.domain.points import Quality
from twin.domain.site import Site
from twin.domain.timestamps import iso_utc
from twin.settings import load_settings
from twin.sitefile.load import load_site

app = typer.Typer(help="Try the topic map.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Try the topic map."""


@app.command(name="test")
def try_message(
    topic: Annotated[str, typer.Argument(help="Topic of the message.")],
    payload: Annotated[str, typer.Argument(help="Payload as text; - reads it from standard input.")],
    site: SiteOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Decode one message as the daemon would: points, values in house units, quality; or why it is refused.

    Exit 0 when every value was read, 3 for a topic that nobody maps, 7 when something was refused.
    """
    with failing(as_json=json):
        loaded = load_site(site_directory(site, load_settings(config)))
        given = sys.stdin.buffer.read() if payload == "-" else payload.encode()
        samples, rejects = _decoded(loaded, topic, given)
    if json:
        print_json({"ok": not rejects, "topic": topic, "samples": samples, "rejects": rejects})
    else:
        out = console()
        for sample in samples:
            style = "good" if sample["quality"] == "good" else "bad"
            shown = "-" if sample["value"] is None else f"{sample['value']:.6g}"
            out.print(
                f"{escape(str(sample['point']))} = {shown} {escape(str(sample['unit']))}  "
                f"[{style}]{sample['quality']}[/]  [quiet]{sample['source_time']}[/]"
            )
        for reject in rejects:
            out.print(f"[bad]refused[/]: {escape(str(reject['reason']))}: {escape(str(reject['detail']))}")
    if rejects or not samples:
        raise typer.Exit(int(DataTooPoor.exit_code))


def _decoded(site: Site, topic: str, payload: bytes) -> tuple[list[dict[str, Json]], list[dict[str, Json]]]:
    """Samples and refusals of one message. Raises: ConfigError: nobody maps the topic."""
    topics = {rule.topic for rule in site.topics.rules}
    if topic not in topics:
        close = get_close_matches(topic, sorted(topics), n=1, cutoff=0.4)
        fix = f"did you mean {close[0]}?" if close else "add a [[points]] table for it, or name it under ignore"
        raise ConfigError((Problem("points.toml", "points", 1, f"no point is mapped to topic {topic}", fix),))
    from twin.ingest.decode import Decoder

    decoded = Decoder(site).decode(MessageIn(topic, payload, 0, False, SystemClock().now_ns()))
    batch = decoded.batch
    points = site.points.points
    samples: list[dict[str, Json]] = []
    for i in range(len(batch)):
        point, value = points[int(batch.point[i])], float(batch.value[i])
        samples.append(
            {
                "point": point.id,
                "value": value if value - value == 0.0 else None,
                "unit": point.unit,
                "quality": Quality(int(batch.quality[i])).name.lower(),
                "source_time": iso_utc(int(batch.source_ns[i])),
            }
        )
    return samples, [{"reason": str(reason), "detail": str(detail)} for reason, detail in decoded.rejects]
