"""Line numbers of keys in TOML texts."""

from __future__ import annotations

import pytest

from twin.sitefile.locate import KeyPath, key_text, locate

TEXT = '''\
# a comment
title = "x # not a comment"
"quoted key" = 1

[plant]
chillers.count = 3
[plant.towers]
words = { "ON" = 1, OFF = 0 }

[[halls]]
id = "h1"
list = [
    1,  # one
    { deep = [2,
        3] },
]
[[halls.racks]]
count = 10
[[halls.racks]]
count = 20
text = """
[not.a.table]
"""
after = 1
[[halls]]
id = "h2"
[halls.crah]
needed = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("quoted key",), 3),
        (("plant",), 5),
        (("plant", "chillers", "count"), 6),
        (("plant", "towers"), 7),
        (("plant", "towers", "words", "OFF"), 8),
        (("halls", 0, "id"), 11),
        (("halls", 0, "list", 0), 13),
        (("halls", 0, "list", 1, "deep", 1), 15),
        (("halls", 0, "racks", 0, "count"), 18),
        (("halls", 0, "racks", 1, "count"), 20),
        (("halls", 0, "racks", 1, "after"), 24),
        (("halls", 1, "id"), 26),
        (("halls", 1, "crah", "needed"), 28),
    ],
)
def test_a_key_is_found_on_its_line(path: KeyPath, line: int) -> None:
    assert locate(TEXT).of(path) == line


def test_a_key_that_is_not_there_is_placed_at_its_table() -> None:
    lines = locate(TEXT)
    assert lines.of(("halls", 1, "crah", "count")) == 27
    assert lines.of(("nothing", "here")) == 1


@pytest.mark.parametrize(
    "text", ["[", "[[a", "= 3", "a = [1, 2", "a = {b = ", 'a = "open', "]\n}\n{\n", "a.b.", "\x00"]
)
def test_a_text_that_is_not_toml_is_no_error(text: str) -> None:
    assert locate(text).of(("a",)) == 1


def test_a_path_is_written_as_people_write_it() -> None:
    assert key_text(("halls", 0, "crah", "needed")) == "halls[0].crah.needed"
    assert key_text(()) == "."
