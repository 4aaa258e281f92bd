"""What a series is called, for ever."""

from __future__ import annotations

import math

from tests.unit.historian.builders import START_NS, a_batch, a_catalogue, a_decision
from twin.domain.samples import SampleBatch
from twin.historian.blocks import Block, Priority
from twin.historian.line_protocol import NEWEST_NS, lines_of
from twin.historian.series import Catalogue, Series


def a_block(samples: SampleBatch | None = None, *records: bytes, catalogue: Catalogue | None = None) -> Block:
    return Block(
        1, Priority.TELEMETRY, 1, 0, 0, catalogue or a_catalogue(), samples or SampleBatch.empty(), records, b""
    )


def test_a_line_names_class_asset_hall_point_site_and_source() -> None:
    assert lines_of(a_block(a_batch((1, 0.0, 21.5)))).text == [
        f"rack,asset=r1,hall=h1,point=inlet_c,site=site,source=mqtt value=21.5,q=0i {START_NS}"
    ]


def test_an_empty_hall_is_left_out() -> None:
    assert a_catalogue(1, hall="").prefixes == ("rack,asset=r0,point=inlet_c,site=site,source=mqtt value=",)


def test_commas_blanks_equal_signs_and_line_breaks_cannot_break_a_line() -> None:
    odd = Catalogue("a b", "mqtt", (Series("x", "r,1=2", "t\n\\", "my rack", "degC", "h 1"),))
    assert odd.prefixes == ("my\\ rack,asset=r\\,1\\=2,hall=h\\ 1,point=t__,site=a\\ b,source=mqtt value=",)


def test_values_that_are_not_finite_have_no_line_and_are_counted() -> None:
    lines = lines_of(a_block(a_batch((0, 0, math.nan), (1, 0, 1.0), (2, 0, math.inf), (3, 0, -math.inf))))
    assert len(lines.text) == 1
    assert lines.non_finite == 3


def test_a_time_the_server_cannot_name_is_moved_to_the_nearest_it_can() -> None:
    batch = SampleBatch.of([0, 0], [-5, 2**63 - 1], [0, 0], [1.0, 2.0], [0, 0])
    lines = lines_of(a_block(batch))
    assert [line.rsplit(" ", 1)[1] for line in lines.text] == ["0", str(NEWEST_NS)]
    assert lines.clamped == 2


def test_whole_numbers_are_written_as_floats() -> None:
    assert " value=21.0,q=0i " in lines_of(a_block(a_batch((0, 0, 21)))).text[0]


def test_a_decision_has_a_measurement_of_its_own_and_its_id_is_a_field() -> None:
    (line,) = lines_of(a_block(None, a_decision("d42"))).text
    assert line.startswith("decision,asset=h1,point=supply_air_sp_c,site=site,source=mqtt cycle=7i,from=22.0,to=22.5,")
    assert ',id="d42",' in line
    assert line.endswith(f" {START_NS}")


def test_a_record_that_is_no_decision_is_refused_with_the_reason() -> None:
    lines = lines_of(a_block(None, b'{"id": 3}', a_decision()))
    assert len(lines.text) == 1
    assert [letter.line for letter in lines.unreadable] == ['{"id": 3}']


def test_a_catalogue_survives_being_stored_and_its_digest_follows_its_content() -> None:
    catalogue = a_catalogue()
    assert Catalogue.from_bytes(catalogue.to_bytes()) == catalogue
    assert Catalogue.from_bytes(catalogue.to_bytes()).digest == catalogue.digest
    assert a_catalogue(hall="h2").digest != catalogue.digest
