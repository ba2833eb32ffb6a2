"""A brand is readable or refused, and a logo is its picture and nothing else."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from postmortem.ground.brand import DARK, LIGHT, SIGNATURE, contrast, logo_png, nearest_shade
from postmortem.ground.config import build_config
from postmortem.ground.errors import ConfigError


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def png(*between: bytes, width: int = 2, height: int = 1) -> bytes:
    header = chunk(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0]))
    return SIGNATURE + header + b"".join(between) + chunk(b"IDAT", zlib.compress(b"\0\1\2")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ff0000", "#ffffff", 4.0)]
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005) == contrast(other, one)


@pytest.mark.parametrize("grounds", [LIGHT, DARK])
@pytest.mark.parametrize("colour", ["#ffcc00", "#1d5479", "#ffffff", "#000000", "#7f7f7f", "#00ff00"])
def test_the_nearest_shade_can_be_read_and_a_readable_colour_stays(colour: str, grounds: tuple[str, ...]) -> None:
    shade = nearest_shade(colour, grounds)
    assert min(contrast(shade, ground) for ground in grounds) >= 4.5
    is_readable = min(contrast(colour, ground) for ground in grounds) >= 4.5
    assert (shade == colour) == is_readable


def test_a_pale_accent_is_refused_with_a_shade_that_passes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"report\.brand\.accent.*nearest shade that can is '(#[0-9a-f]{6})'") as told:
        build_config({"report": {"brand": {"accent": "#ffcc00"}}}, tmp_path)
    shade = str(told.value).split("can is '")[1][:7]
    assert build_config({"report": {"brand": {"accent": shade}}}, tmp_path).report.brand.accent == shade


@pytest.mark.parametrize("value", ["red", "#fff", "#12345g", "#1d5479;} body{display:none"])
def test_an_accent_is_six_hexadecimal_digits(value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no colour such as"):
        build_config({"report": {"brand": {"accent": value}}}, tmp_path)


def test_what_a_drawing_tool_wrote_into_a_logo_stays_behind(tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    told = [chunk(kind, b"Author\0Jo Doe, at his desk") for kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME")]
    path.write_bytes(png(*told) + b"trailing bytes")
    assert logo_png(path) == png()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no PNG"),
        (png()[:-6], "damaged"),
        (png()[:30] + b"x" + png()[31:], "damaged"),
        (SIGNATURE, "damaged"),
        (png(width=4001, height=1000), "four million"),
        (png() + bytes(200_000), "at most"),
    ],
)
def test_a_logo_that_cannot_be_used_is_refused_beside_every_other_fault(
    content: bytes, fault: str, tmp_path: Path
) -> None:
    (tmp_path / "logo.png").write_bytes(content)
    with pytest.raises(ConfigError) as told:
        build_config({"report": {"brand": {"logo": "logo.png", "accent": "red"}}}, tmp_path)
    assert len(told.value.rows) == 2
    assert f"report.brand.logo: logo.png {told.value.rows[1].split('logo.png ')[1]}" == told.value.rows[1]
    assert fault in told.value.rows[1]


def test_a_missing_logo_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.png cannot be read"):
        build_config({"report": {"brand": {"logo": "nowhere.png"}}}, tmp_path)
