"""Pictures made from names."""

import re
from xml.etree import ElementTree

from marketplace.web.mosaic import HUES, SIDE, draw_mosaic

NAMES = [f"owner/algorithm{number}" for number in range(200)]


def test_a_name_has_one_picture_in_any_case() -> None:
    assert draw_mosaic("Opencv/Deblur") == draw_mosaic("opencv/deblur") != draw_mosaic("opencv/deblur2")


def test_names_have_pictures_of_their_own_in_every_hue() -> None:
    pictures = {str(draw_mosaic(name)) for name in NAMES}
    assert len(pictures) == len(NAMES)
    assert {re.findall(r"hue-(\d)", picture)[0] for picture in pictures} == {str(hue) for hue in range(HUES)}


def test_a_picture_is_well_formed_and_full_of_tiles() -> None:
    for name in NAMES:
        paths = [path.attrib["d"] for path in ElementTree.fromstring(draw_mosaic(name))]
        assert sum(path.count("M") for path in paths) == SIDE * SIDE


def test_classes_are_escaped() -> None:
    assert '"><script>' not in draw_mosaic("name", '"><script>')
