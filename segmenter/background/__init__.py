"""What goes behind the person: nothing, a colour, a picture, the blurred room, or a clip."""

from segmenter.background.blur import Blur
from segmenter.background.clip import Clip
from segmenter.background.contract import Background, require_background
from segmenter.background.fit import FITS
from segmenter.background.still import Colour, Picture, Transparent

__all__ = [
    "FITS",
    "Background",
    "Blur",
    "Clip",
    "Colour",
    "Picture",
    "Transparent",
    "require_background",
]
