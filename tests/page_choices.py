"""A photo and a video with a person of known place, and what the page's widgets say."""

import numpy as np
from scenes import RedSegmenter

ROOM, PERSON, BLUE = (20, 150, 60), (220, 30, 40), (0, 0, 255)
# The widgets' values: kind, preset, colour, upload, blur, fit, people, detail, softness, shift.
COLOUR = ("Colour", "", "#0000ff", None, 20, "cover", "everyone", 0.0, 0.0, 0.0)
NOTHING = ("Transparent", *COLOUR[1:])


class RedPeople(RedSegmenter):
    """Says that what is red is a person."""

    live_size = photo_size = 64


def scene(height=96, width=160):
    picture = np.full((height, width, 3), ROOM, np.uint8)
    picture[height // 4 :, width // 4 : width // 2] = PERSON
    return picture


def near(colour, wanted, tolerance=30):
    return np.abs(np.asarray(colour).astype(int) - wanted).max() <= tolerance


def drawing_on(photo, *, keeps=False):
    """A stroke over the couple's right one, in columns 110-140."""
    points = [[125 / 160, 0.3], [125 / 160, 0.95]]
    return {"photo": photo, "strokes": [{"points": points, "width": 0.12, "keeps": keeps}]}


def last_of(steps):
    *_, last = steps
    return last
