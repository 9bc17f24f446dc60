"""Replace what is behind people, in photos, videos and live cameras.

from segmenter import Segmenter, replace_in_image, replace_in_video
"""

from segmenter.background import Blur, Clip, Colour, Picture, Transparent
from segmenter.errors import SegmenterError
from segmenter.images import open_image, save_image
from segmenter.inference import Segmenter
from segmenter.pipeline import Replacement, ReplaceOptions, read_background, replace_in_image
from segmenter.refine import RefineOptions
from segmenter.stream import LiveReplacer, Progress, replace_in_video
from segmenter.strokes import Stroke

__all__ = [
    "Blur",
    "Clip",
    "Colour",
    "LiveReplacer",
    "Picture",
    "Progress",
    "RefineOptions",
    "ReplaceOptions",
    "Replacement",
    "Segmenter",
    "SegmenterError",
    "Stroke",
    "Transparent",
    "open_image",
    "read_background",
    "replace_in_image",
    "replace_in_video",
    "save_image",
]
