"""Where people are in a picture, to be seen from nearer when they are small."""

from segmenter.closeup.crops import LEAST_PIECE, WHOLE, Crop, crops_around
from segmenter.closeup.nearness import (
    OF_CAMERA,
    OF_CAMERA_WITH_TIME,
    OF_VIDEO,
    Nearness,
    thickness,
    thickness_px,
)
from segmenter.closeup.pace import FixedPace, Pace
from segmenter.closeup.parts import QUARTERS, Closeup, Part

__all__ = [
    "LEAST_PIECE",
    "OF_CAMERA",
    "OF_CAMERA_WITH_TIME",
    "OF_VIDEO",
    "QUARTERS",
    "WHOLE",
    "Closeup",
    "Crop",
    "FixedPace",
    "Nearness",
    "Pace",
    "Part",
    "crops_around",
    "thickness",
    "thickness_px",
]
