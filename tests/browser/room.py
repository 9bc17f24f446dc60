"""The scene before the fake webcam, whose truth is known, and what its pictures have to show.

A red disc, the person, in a textured green room; the new background is teal. The disc stays in the
left half of the camera's picture, so a mirrored picture has it in the right half.
"""

import cv2
import numpy as np

WIDTH, HEIGHT, RADIUS = 640, 480, 80
PERSON, TEAL, GREY = (210, 30, 40), (47, 127, 121), (128, 133, 140)


def scene(time_s, width=WIDTH, height=HEIGHT):
    """The disc swings between x = 100 and x = 220, once in two seconds."""
    rows, columns = np.mgrid[:height, :width]
    texture = 25 * ((rows // 16 + columns // 16) % 2)
    picture = np.dstack([20 + 0 * rows, 130 + texture, 40 + texture // 2]).astype(np.uint8)
    centre = (int(160 + 60 * np.sin(np.pi * time_s)) * width // WIDTH, height // 2)
    return cv2.circle(picture, centre, RADIUS * width // WIDTH, PERSON, -1, cv2.LINE_AA)


def near(picture, colour, tolerance=25):
    """Where a picture, (H, W, 3 or more), has a colour."""
    return np.abs(picture[..., :3].astype(int) - colour).max(axis=-1) <= tolerance


def is_room(picture):
    """Where the green room can be seen; teal has three times its blue."""
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    return (green - red > 60) & (green - blue > 45)


def require_replaced(picture):
    """Hold the claim of this product against one shown picture; give the disc's centre."""
    assert is_room(picture).mean() < 0.005, "the room can be seen"
    person = near(picture, PERSON, 60)
    disc = np.pi * RADIUS**2 / (WIDTH * HEIGHT)
    assert 0.85 * disc < person.mean() < 1.15 * disc, "the person is not whole"
    assert near(picture, TEAL).mean() > 0.9 * (1 - disc), "the new background is missing"
    return np.argwhere(person).mean(axis=0)[1]
