"""From a probability to an alpha, along the picture's own edges; and how that is shown."""

from segmenter.refine.alpha import LIVE, PHOTO, VIDEO, RefineOptions, adjust, refine
from segmenter.refine.edges import LEGEND, edges_view

__all__ = ["LEGEND", "LIVE", "PHOTO", "VIDEO", "RefineOptions", "adjust", "edges_view", "refine"]
