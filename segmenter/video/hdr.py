"""HDR video made SDR: what players do with it on an ordinary screen, as a table of colours.

Phones film in HLG or PQ (ITU-R BT.2100), whose numbers, shown as they are, look grey and pale.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

PEAK = 1000  # cd/m2 of the screen that both kinds are made for
WHITE = 203  # cd/m2, ITU-R BT.2408: white paper, which becomes nearly SDR's white
TABLE = "sdr.cube"
_GAMMA = 2.4  # of an SDR screen, ITU-R BT.1886
_CUBE_SIDE = 33  # colours along each side of the table

# Of linear light, ITU-R BT.2087.
_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)
_BRIGHTNESS = np.array([0.2627, 0.6780, 0.0593])  # ITU-R BT.2020
# ITU-R BT.2100, table 4 and 5.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_SYSTEM_GAMMA = 1.2  # at `PEAK`


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
    """Return light of up to `PEAK` cd/m2 bent to end at `WHITE`; dark and middle tones stay.

    The spline of ITU-R BT.2390's EETF, in PQ numbers.
    """
    peak = pq_signal(np.array(float(PEAK)))
    end = pq_signal(np.array(float(WHITE))) / peak
    knee = 1.5 * end - 0.5
    signal = np.minimum(pq_signal(light) / peak, 1)
    t = np.maximum(signal - knee, 0) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee)
    bent += (3 * t**2 - 2 * t**3) * end
    return pq_light(np.where(signal < knee, signal, bent) * peak)


def to_sdr(colours: Values, transfer: str) -> Values:
    """Convert R'G'B' of BT.2020 in HLG or PQ to R'G'B' of BT.709, both (..., 3) in [0, 1].

    All three of a colour are darkened alike, by as much as the strongest, so that hues stay.

    Args:
        colours: as the video has them.
        transfer: ffmpeg's name, a key of `LIGHT_OF`.
    """
    light = LIGHT_OF[transfer](np.asarray(colours, np.float64))
    strongest = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
    linear = (light * darkened(strongest) / strongest / WHITE) @ _BT2020_TO_BT709.T
    return np.clip(linear, 0, 1) ** (1 / _GAMMA)


def write_table(path: Path, transfer: str) -> None:
    """Write `to_sdr` as a table in the .cube format, for ffmpeg's filter `lut3d`."""
    steps = np.linspace(0, 1, _CUBE_SIDE)
    # Red changes fastest.
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    table = to_sdr(np.stack([red, green, blue], axis=-1), transfer).reshape(-1, 3)
    np.savetxt(path, table, "%.6f", header=f"LUT_3D_SIZE {_CUBE_SIDE}", comments="")


@contextmanager
def folder_of_table(transfer: str | None) -> Iterator[Path | None]:
    """Give a folder that holds `TABLE` for as long as it is needed; None for SDR, without one."""
    if transfer is None:
        yield None
        return
    with TemporaryDirectory() as folder:
        write_table(Path(folder) / TABLE, transfer)
        yield Path(folder)
