"""A photo in three views: two tell who is a person, and with the largest where the outline runs.

In a small view people look as large as the network knows them, and bodies stay whole; a large view
shows the outline, but parts of a body far from it may puzzle the network.
"""

import numpy as np

from segmenter.arrays import Frame, Probability
from segmenter.closeup import thickness
from segmenter.people.holes import WORKING_SIZE, open_gaps, overlooked_gaps, pieces_of
from segmenter.refine.outline import distance_to_outline
from segmenter.resample import enlarge, shrink

# Long sides of the three views, as shares of a record's `photo_size`; the last two grow with the
# zoom.
FIRST, WHOLE, NEAR = 5 / 6, 7 / 12, 7 / 6
# People are small where the tallest and their thickness together are less than SMALL of the first
# view's side. As groups are, they are seen from nearer, and their first and smallest view are one.
SMALL, SMALL_WHOLE, SMALL_NEAR = 0.75, 3 / 2, 13 / 6
# Where people fill less than SPARSE of the first view, a finer one, SCAN, looks for those that it
# overlooks. Whoever is at least as probable as FAINT there gets a look of her own.
SPARSE, SCAN, FAINT = 0.1, 7 / 3, 0.3
# Somebody whom the first view overlooked is believed to be there if, seen from near, MOSTLY of her
# is more probable than SURELY, and she fills no more than FITTING of the part of the photo around
# her. Of 59 people far away it overlooked 32, who have .81 or more and .21 or less. Of twelve
# things taken for people, in those scenes and in 155 pictures of nobody, it overlooked nine: all
# nine are refused.
SURELY, MOSTLY, FITTING = 0.9, 0.7, 0.35
# People who fill less of the photo than this are looked at from nearer, up to so many times.
FILLED, LARGEST_ZOOM = 0.5, 1.6
# As shares of the long side: up to the first distance from the outline the largest view counts
# fully, and from the second on not at all.
NEARBY, FAR = 0.015, 0.045


def is_sparse(first: Probability) -> bool:
    """Tell whether people fill so little of the first view, (h, w), that it may overlook some."""
    return float((first > 0.5).mean()) < SPARSE


def is_believed(joined: Probability) -> bool:
    """Tell whether somebody whom the first view overlooked is there.

    Args:
        joined: (h, w) float32 in [0, 1], of a nearer look at the part of the photo around her.
    """
    person = joined > 0.5
    surely = np.count_nonzero(joined > SURELY) >= MOSTLY * np.count_nonzero(person)
    return surely and 0 < person.mean() <= FITTING


def is_small(first: Probability) -> bool:
    """Tell whether all people in the first view, (h, w), are small, and there are some."""
    people = first > 0.5
    tallest = max((rows.stop - rows.start for (rows, _), _ in pieces_of(people)), default=0)
    return bool(0 < tallest < (SMALL - thickness(people)) * max(people.shape))


def next_shares(first: Probability) -> tuple[float, float]:
    """Return how large the smallest and the nearest view are, as shares of `photo_size`.

    Args:
        first: (h, w), of the first view.
    """
    if is_small(first):
        return SMALL_WHOLE, SMALL_NEAR
    zoom = zoom_for(first)
    return zoom * WHOLE, zoom * NEAR


def zoom_for(first: Probability) -> float:
    """Return how much larger the other views should be, so that people look equally large."""
    filled = float((first > 0.5).mean())
    return (
        LARGEST_ZOOM if filled == 0 else float(np.clip((FILLED / filled) ** 0.5, 1, LARGEST_ZOOM))
    )


def join_views(first: Probability, whole: Probability, near: Probability) -> Probability:
    """Join three views of one aspect.

    Args:
        first: (h, w) float32 in [0, 1], like the others, but each of its own size.
        whole: the smallest, which sees people whole.
        near: the largest, which sees their outline.

    Returns:
        As large as `near`, float32 in [0, 1].
    """
    height, width = near.shape
    first, whole = enlarge(first, height, width), enlarge(whole, height, width)
    who, where = (first + whole) / 2, (first + 2 * near) / 3
    distance = np.minimum(distance_to_outline(who > 0.5) / max(height, width), FAR)
    weight = np.minimum((FAR - distance) / (FAR - NEARBY), 1)
    return who + weight * (where - who)


def with_gaps_of(near: Probability, joined: Probability, frame: Frame) -> Probability:
    """Open gaps, as between arm and body, that the nearest view sees and the others close.

    Args:
        near: (h, w) float32 in [0, 1].
        joined: (h, w) float32 in [0, 1], of all views.
        frame: (H, W, 3) uint8 RGB, the photo.
    """
    small, small_near = shrink(joined, WORKING_SIZE), shrink(near, WORKING_SIZE)
    return open_gaps(joined, overlooked_gaps(small, small_near, frame))
