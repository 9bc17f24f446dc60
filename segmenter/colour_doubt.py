"""Doubt about a moving picture, decided by the colours nearby: graph_cut.py for frames.

Histograms of what the network is sure of near the doubt tell how likely each doubtful colour is on
either side (as Boykov & Jolly 2001 do, here without their cut, for which a frame has no time), and
by Bayes' rule the network's own odds count as well.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Frame, Mask, Probability
from segmenter.resample import enlarge, shrink, shrink_to

# The values below were chosen on two real and 24 staged clips, and on photos seen as frames.
STUDIED_SIDE = 320  # pixels; 240 gains a little less
# Probabilities between these are doubt. With .1 and .9 flicker grows, and parts of people go.
DOUBT = 0.3, 0.7
# Fewer pixels than this of one kind are nothing to decide, or to learn colours from.
LEAST_PIXELS = 20
NEAR_PX = 30  # farther away, to either side or up and down, colours do not count
# Of each channel. A bin shares with its neighbours as under a Gaussian of this standard deviation;
# wider, or with 16 bins, half of the gain is lost.
BINS, BIN_SPREAD = 32, 0.5
# What a colour that nobody has counts: a few of a million sure pixels.
LEAST_DENSITY = 3e-6
# Where the logarithm of the odds, colours and network together, is so much, they decide wholly, and
# less with less.
CLEAR_ODDS = 3.0
DOUBT_PX = 1.5  # standard deviation of where doubt ends
# The photos that the network learned from leave passers-by unmarked, and of people who are small in
# real clips each of its odds is too low, by .4 to .6 as a logarithm. Who fills less of a frame than
# the first of these shares is small, more than the second large; of small people doubt begins
# earlier, and the logarithm of the odds is raised.
SMALL, LARGE = 0.1, 0.2
EARLIER, RAISED = 0.1, 0.5

Histogram = NDArray[np.float32]  # (BINS, BINS, BINS), of red, green and blue; its sum is 1


def smallness_of(probability: Probability) -> float:
    """Return how small people are in a frame's (h, w): 1 is far away or nobody, 0 is near."""
    filled = float(np.mean(probability > 0.5))
    return float(np.clip((LARGE - filled) / (LARGE - SMALL), 0, 1))


def decide_by_colours(
    probability: Probability, frame: Frame, smallness: float = 0.0
) -> Probability:
    """Move doubtful pixels to the side whose colours they have, as far as the colours tell.

    Args:
        probability: (h, w) float32 in [0, 1].
        frame: (H, W, 3) uint8 RGB of the same aspect.
        smallness: 0 to 1, of the people in it.

    Returns:
        (h, w) float32 in [0, 1]; the same array when nothing is to decide.
    """
    small = shrink(probability, STUDIED_SIDE)
    least, most = DOUBT[0] - EARLIER * smallness, DOUBT[1]
    is_doubtful = (small > least) & (small < most)
    window = (2 * NEAR_PX + 1,) * 2
    is_near = cv2.dilate(is_doubtful.astype(np.uint8), np.ones(window, np.uint8)) > 0
    hers, background = is_near & (small >= most), is_near & (small <= least)
    if any(np.count_nonzero(kind) < LEAST_PIXELS for kind in (is_doubtful, hers, background)):
        return probability
    studied = np.ascontiguousarray(shrink_to(frame, *small.shape))
    bins = tuple((studied[is_doubtful] // (256 // BINS)).T)
    of_hers, of_background = (histogram(studied, side)[bins] for side in (hers, background))
    doubtful = small[is_doubtful]
    odds = np.log((of_hers + LEAST_DENSITY) / (of_background + LEAST_DENSITY))
    odds += np.log(doubtful / (1 - doubtful)) + RAISED * smallness
    way = (odds > 0) - doubtful  # to 1 or to 0
    moved = np.zeros(small.shape, np.float32)
    moved[is_doubtful] = way * np.minimum(np.abs(odds) / CLEAR_ODDS, 1)
    moved = cv2.GaussianBlur(moved, (0, 0), DOUBT_PX)
    return np.clip(probability + enlarge(moved, *probability.shape), 0, 1)


def histogram(picture: Frame, mask: Mask) -> Histogram:
    """Return how often each colour stands under a mask, (h, w), of (h, w, 3) uint8, smoothed."""
    channels, ranges = [0, 1, 2], [0, 256] * 3
    counts = cv2.calcHist([picture], channels, mask.astype(np.uint8), [BINS] * 3, ranges)
    # OpenCV blurs two axes: red and green, for each blue, and then blue.
    two = cv2.GaussianBlur(counts, (3, 3), BIN_SPREAD, borderType=cv2.BORDER_REPLICATE)
    flat = two.reshape(-1, BINS)
    three = cv2.GaussianBlur(flat, (3, 1), BIN_SPREAD, borderType=cv2.BORDER_REPLICATE)
    return three.reshape(counts.shape) / np.count_nonzero(mask)
