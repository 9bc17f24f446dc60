"""Colours of every kind of video as those of an ordinary screen: BT.709, SDR.

Phones film in HDR: HLG or PQ (ITU-R BT.2100), whose numbers, shown as they are, look grey and pale;
and screens are recorded with their own, wider primaries. Both are converted by a table of colours.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

PEAK = 1000  # cd/m2 of the screen that both kinds of HDR are made for
PAPER = 203  # cd/m2, ITU-R BT.2408: white paper, which becomes nearly SDR's white
TABLE = "bt709.cube"
# Colours along each side of the table: saturated ones are within 5 to 11 levels of 255, of which
# 33 leave up to 14; others within one. 65 take half a second to write.
_TABLE_SIDE = 49
_GAMMA = 2.4  # of an SDR screen, ITU-R BT.1886

# By ffmpeg's names: x and y of red, green and blue; ITU-R BT.709 and BT.2020, SMPTE EG 432 and
# RP 431 (which has another white: taken for this one's, as screens do).
PRIMARIES = MappingProxyType(
    {
        "bt709": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
        "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
        "smpte432": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
        "smpte431": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    }
)
_WHITE = (0.3127, 0.3290)  # x and y of D65
_BRIGHTNESS = np.array([0.2627, 0.6780, 0.0593])  # ITU-R BT.2020
# ITU-R BT.2100, table 4 and 5.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_SYSTEM_GAMMA = 1.2  # at `PEAK`


def needs_table(primaries: str | None, transfer: str | None) -> bool:
    """Tell whether a video's colours, by ffmpeg's names, are other than those of BT.709."""
    return transfer in LIGHT_OF or (primaries in PRIMARIES and primaries != "bt709")


def pq_light(signal: Values) -> Values:
    """Return the light in cd/m2 of PQ numbers in [0, 1]."""
    root = signal ** (1 / _M2)
    return 10_000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)


def pq_signal(light: Values) -> Values:
    """Return the PQ numbers in [0, 1] of light in cd/m2, at most 10,000."""
    power = (light / 10_000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def hlg_light(signal: Values) -> Values:
    """Return the light in cd/m2 of HLG colours (..., 3) in [0, 1], on a screen of `PEAK`."""
    bright = (np.exp((np.maximum(signal, 0.5) - _C) / _A) + _B) / 12
    scene = np.where(signal <= 0.5, signal**2 / 3, bright)
    brightness = scene @ _BRIGHTNESS
    return PEAK * scene * brightness[..., None] ** (_SYSTEM_GAMMA - 1)


LIGHT_OF = MappingProxyType({"smpte2084": pq_light, "arib-std-b67": hlg_light})


def darkened(light: Values) -> Values:
    """Return light of up to `PEAK` cd/m2 bent to end at `PAPER`; dark and middle tones stay.

    The spline of ITU-R BT.2390's EETF, in PQ numbers.
    """
    peak = pq_signal(np.array(float(PEAK)))
    end = pq_signal(np.array(float(PAPER))) / peak
    knee = 1.5 * end - 0.5
    signal = np.minimum(pq_signal(light) / peak, 1)
    t = np.maximum(signal - knee, 0) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee)
    bent += (3 * t**2 - 2 * t**3) * end
    return pq_light(np.where(signal < knee, signal, bent) * peak)


def to_bt709(colours: Values, primaries: str | None, transfer: str | None) -> Values:
    """Convert R'G'B' of any video to that of BT.709, both (..., 3) in [0, 1].

    All three of an HDR colour are darkened alike, by as much as the strongest, so that hues stay.

    Args:
        colours: as the video has them.
        primaries: ffmpeg's name; None for HDR's, BT.2020.
        transfer: ffmpeg's name; any but HDR's is SDR's.
    """
    colours = np.asarray(colours, np.float64)
    if transfer in LIGHT_OF:
        light = LIGHT_OF[transfer](colours)
        strongest = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
        linear = light * darkened(strongest) / strongest / PAPER
    else:
        linear = colours**_GAMMA
    linear = linear @ between_primaries(primaries or "bt2020", "bt709").T
    return np.clip(linear, 0, 1) ** (1 / _GAMMA)


def between_primaries(source: str, target: str) -> Values:
    """Return the (3, 3) matrix between linear colours; unknown primaries are BT.709's."""
    given, wanted = (to_xyz(PRIMARIES.get(name, PRIMARIES["bt709"])) for name in (source, target))
    return np.linalg.solve(wanted, given)


def to_xyz(primaries: tuple[tuple[float, float], ...]) -> Values:
    """Return the (3, 3) matrix from linear colours of such primaries to CIE XYZ (SMPTE RP 177)."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in (*primaries, _WHITE)]).T
    return columns[:, :3] * np.linalg.solve(columns[:, :3], columns[:, 3])


def write_table(path: Path, primaries: str | None, transfer: str | None) -> None:
    """Write `to_bt709` as a table in the .cube format, for ffmpeg's filter `lut3d`."""
    steps = np.linspace(0, 1, _TABLE_SIDE)
    # Red changes fastest.
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    table = to_bt709(np.stack([red, green, blue], axis=-1), primaries, transfer).reshape(-1, 3)
    np.savetxt(path, table, "%.6f", header=f"LUT_3D_SIZE {_TABLE_SIDE}", comments="")


@contextmanager
def folder_of_table(primaries: str | None, transfer: str | None) -> Iterator[Path | None]:
    """Give a folder that holds `TABLE` as long as it is needed; None where no table is."""
    if not needs_table(primaries, transfer):
        yield None
        return
    with TemporaryDirectory() as folder:
        write_table(Path(folder) / TABLE, primaries, transfer)
        yield Path(folder)
