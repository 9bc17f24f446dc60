"""What a video's numbers mean, by the equations of ITU-R BT.709, BT.601 and SMPTE 240M."""

import numpy as np

WEIGHTS = {  # of red and blue in brightness
    "bt709": (0.2126, 0.0722),
    "smpte170m": (0.299, 0.114),
    "bt470bg": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
}


def colours_of(codes, matrix, *, is_full_range=False):
    """Return R, G, B (..., 3) in 0 to 255, beyond where no screen shows it, of Y, Cb, Cr (3, ...).

    R = Y + 2 (1 - Kr) Cr, B = Y + 2 (1 - Kb) Cb, and Y = Kr R + Kg G + Kb B.
    """
    kr, kb = WEIGHTS[matrix]
    foot, height, spread = (0, 255, 255) if is_full_range else (16, 219, 224)
    bright = (codes[0] - foot) / height
    blue_less, red_less = (codes[1] - 128) / spread, (codes[2] - 128) / spread
    red, blue = bright + 2 * (1 - kr) * red_less, bright + 2 * (1 - kb) * blue_less
    green = (bright - kr * red - kb * blue) / (1 - kr - kb)
    return 255 * np.stack([red, green, blue], axis=-1)
