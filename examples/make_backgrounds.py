"""Draw the example backgrounds: `python examples/make_backgrounds.py`.

Computed from formulas and seeded noise alone, without any photo; the same versions of NumPy and
OpenCV draw the same pixels every time. Colours are RGB in [0, 1].
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np

HEIGHT, WIDTH = 900, 1600
ROWS, COLUMNS = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
FOLDER = Path(__file__).parent / "backgrounds"


def fractal_noise(seed, cell_px, octaves=5, shape=(HEIGHT, WIDTH)):
    """Sum octaves of smooth noise; `cell_px` is (vertical, horizontal). Mean 0, deviation 1."""
    rng = np.random.default_rng(seed)
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        grid = np.array(shape) * 2**octave // np.array(cell_px) + 3
        layer = rng.standard_normal(grid).astype(np.float32)
        total += cv2.resize(layer, shape[::-1], interpolation=cv2.INTER_CUBIC) * 0.5**octave
    return (total - total.mean()) / total.std()


def gradient(position, stops):
    """Colour each number of `position` (any shape) between the `stops` {number: colour}."""
    places = sorted(stops)
    channels = [np.interp(position, places, [stops[at][c] for at in places]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def mix(first, second, amount):
    """Blend two pictures; `amount` (H, W) in [0, 1] is how much of the second."""
    share = np.clip(amount, 0, 1)[..., None]
    return first * (1 - share) + np.asarray(second, np.float32) * share


def glow(row, column, radius_px, squash=1.0):
    """A soft round light, 1 at its middle."""
    distance = np.hypot(COLUMNS - column, (ROWS - row) * squash)
    return np.exp(-((distance / radius_px) ** 2)).astype(np.float32)


def develop(picture, seed, grain=0.008):
    """Turn colours in [0, 1] into uint8, with a little grain so that gradients do not band."""
    grains = np.random.default_rng(seed).normal(0, grain, picture.shape[:2])[..., None]
    return np.rint(np.clip(picture + grains, 0, 1) * 255).astype(np.uint8)


def studio():
    """A hand-painted canvas backdrop with a pool of warm light behind the head."""
    mottle = fractal_noise(1, (300, 460), 3) * 0.6 + fractal_noise(2, (90, 140), 4) * 0.4
    weave = cv2.GaussianBlur(fractal_noise(3, (14, 14), 2), (0, 0), 1.2)
    light = glow(400, 800, 800, 1.1) * 0.85 + glow(330, 640, 460) * 0.12
    tone = light + 0.030 * mottle * (0.5 + light) + 0.008 * weave
    picture = gradient(tone, {
        0.0: (0.110, 0.135, 0.160), 0.35: (0.260, 0.300, 0.325),
        0.70: (0.530, 0.540, 0.530), 1.1: (0.830, 0.800, 0.750),
    })
    return develop(picture, 10)


def ridge_line(seed, level, swell, rough):
    """Return the height (row) of one chain of hills for every column."""
    broad, fine = fractal_noise(seed, (900, 620), 2), fractal_noise(seed + 50, (900, 150), 6)
    return level + broad[450] * swell + fine[450] * rough


def conifers(seed, ridge, tallest):
    """Raise `ridge` by the outlines of fir trees that stand on it."""
    rng, top = np.random.default_rng(seed), ridge.copy()
    for foot in np.cumsum(rng.uniform(3, 19, 165)) % WIDTH:
        height = tallest * rng.uniform(0.25, 1) ** 1.4
        away = np.abs(np.arange(WIDTH) - foot) / (height * rng.uniform(0.20, 0.28))
        jagged = 0.84 + 0.16 * np.cos(away * rng.uniform(14, 20))
        top = np.minimum(top, ridge - height * np.clip(1 - away**0.85, 0, 1) * jagged)
    return top


def misty_hills():
    """The sun going down behind layer upon layer of hazy hills."""
    picture = gradient(ROWS / HEIGHT, {
        0.0: (0.225, 0.300, 0.470), 0.22: (0.480, 0.460, 0.590), 0.38: (0.860, 0.610, 0.560),
        0.50: (0.985, 0.770, 0.560), 0.62: (1.0, 0.860, 0.660),
    })
    streaks = np.clip(fractal_noise(21, (70, 620), 5) - 0.35, 0, 2) * np.clip(1 - ROWS / 420, 0, 1)
    picture = mix(picture, (0.985, 0.690, 0.590), 0.30 * streaks)
    sun = (418, 1040)
    picture = picture + glow(*sun, 420)[..., None] * np.float32([0.20, 0.13, 0.03])
    picture = mix(picture, (1.0, 0.955, 0.80), np.clip(
        (46 - np.hypot(ROWS - sun[0], COLUMNS - sun[1])) / 2, 0, 1) + glow(*sun, 92) * 0.55)
    near, far = np.float32([0.055, 0.075, 0.125]), np.float32([0.845, 0.615, 0.545])
    for layer in range(7):
        depth = layer / 6
        ridge = ridge_line(30 + layer, 462 + 375 * depth**1.25, 26 + 20 * depth, 7 + 5 * depth)
        top = ridge if layer < 5 else conifers(60 + layer, ridge, 46 if layer == 5 else 96)
        colour = far * (1 - depth**0.72) + near * depth**0.72
        lit = colour + glow(*sun, 520)[..., None] * np.float32([0.14, 0.09, 0.02]) * (1 - depth)
        below = np.clip((ROWS - ridge) / (95 + 70 * depth), 0, 1)
        mist = below * (0.62 - 0.40 * depth) * (1 + 0.22 * fractal_noise(90 + layer, (60, 420), 4))
        body = mix(lit, np.float32([0.985, 0.780, 0.640]) * (1 - 0.42 * depth), mist)
        picture = mix(picture, body, ROWS - top + 0.5)
    return develop(picture, 20)


def lens_disc(radius_px, edge_px):
    """The blur disc of a lens: even, a little brighter at its rim, soft at the very edge."""
    reach = int(radius_px + 2 * edge_px) + 1
    y, x = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    distance = np.hypot(x, y)
    disc = 1 / (1 + np.exp((distance - radius_px) / (edge_px * 0.45)))
    rim = np.exp(-(((distance - radius_px * 0.93) / (radius_px * 0.07 + 1)) ** 2))
    return (disc * (0.80 + 0.30 * rim)).astype(np.float32)


def city_lights():
    """A street at night through a wide-open lens; lights add up as they do on a sensor."""
    rng, border = np.random.default_rng(4), 160
    picture = gradient(ROWS / HEIGHT, {
        0: (0.0015, 0.0030, 0.0110), 0.5: (0.0100, 0.0090, 0.0220), 1: (0.003, 0.003, 0.007)})
    picture += glow(540, 800, 900, 2.4)[..., None] * np.float32([0.034, 0.014, 0.010])
    linear = cv2.copyMakeBorder(picture, *[border] * 4, cv2.BORDER_REPLICATE)
    amber, gold, white = (1.0, 0.40, 0.07), (1.0, 0.62, 0.24), (1.0, 0.86, 0.66)
    red, teal, blue = (1.0, 0.06, 0.05), (0.04, 0.62, 0.52), (0.13, 0.30, 1.0)
    colours = np.float32([amber, amber, amber, gold, gold, white, red, teal, blue])
    for _ in range(190):
        nearness = rng.random() ** 1.6
        radius = 10 + 54 * nearness
        disc = lens_disc(radius, 1.2 + radius * 0.03)
        row = np.clip(505 + rng.normal(0, 38 + 130 * nearness) - 80 * nearness, -40, HEIGHT)
        top, left = int(row) + border - disc.shape[0] // 2, int(rng.integers(0, WIDTH + 200))
        power = rng.uniform(0.08, 0.75) * (1 - 0.70 * nearness)
        light = disc[..., None] * rng.choice(colours) * np.float32(power)
        part = linear[top:top + len(disc), left:left + len(disc)]
        part += light[:part.shape[0], :part.shape[1]]
    linear = linear[border:-border, border:-border]
    mirror = np.flip(linear[260:580], 0)
    wet = cv2.GaussianBlur(mirror, (0, 0), sigmaX=15, sigmaY=52)
    shine = np.interp(np.arange(320), [0, 110, 319], [0, 0.62, 0.05]).astype(np.float32)
    linear[580:] += wet * shine[:, None, None]
    linear = cv2.GaussianBlur(linear, (0, 0), 0.8) + cv2.GaussianBlur(linear, (0, 0), 45) * 0.12
    return develop((linear / (1 + 0.30 * linear)) ** (1 / 2.2), 40)


def dusk_sky(elevation):
    """Colour of a clear evening sky; `elevation` 0 at the horizon, 1 at the picture's top."""
    return gradient(elevation, {
        0.0: (1.0, 0.780, 0.600), 0.10: (0.985, 0.700, 0.610), 0.30: (0.790, 0.640, 0.700),
        0.60: (0.470, 0.560, 0.730), 1.0: (0.270, 0.410, 0.640),
    })


def sea_slope(below):
    """Slope of the waves at each pixel, from its distance `below` the horizon in pixels."""
    slope = np.zeros_like(below)
    across = (COLUMNS[:len(below)] - WIDTH / 2) / below
    for octave, (length, strength) in enumerate([(9, 1.0), (4.5, 0.8), (2.2, 0.6), (1.1, 0.4)]):
        texture = fractal_noise(70 + octave, (16, 44), 3, (1024, 1024))
        # Folding back and forth keeps the texture without seams, however far away.
        x = 1023 - np.abs(np.mod(across * 745 / length + 511, 2046) - 1023)
        y = 1023 - np.abs(np.mod(745 * 1200 / below / length, 2046) - 1023)
        # Waves smaller than a pixel average out: they fade towards the horizon.
        visible = 1 / (1 + (745 * 1200 / below**2 / length / 7) ** 2)
        slope += cv2.remap(texture, x, y, cv2.INTER_LINEAR) * strength * visible
    return slope


def calm_sea():
    """A quiet sea after sunset: the sky, and the sky again in slow ripples."""
    horizon, sun_column = 486, 560
    elevation = np.clip((horizon - ROWS[:horizon]) / horizon, 0, 1)
    sky = dusk_sky(elevation)
    cloud = np.clip(fractal_noise(51, (46, 640), 6)[:horizon] - 0.30, 0, 2.2)
    cloud *= np.exp(-(((elevation - 0.34) / 0.24) ** 2))
    sky = mix(sky, (0.985, 0.735, 0.690), 0.34 * cloud)
    below = ROWS[horizon:] - horizon + 1.5
    slope = sea_slope(below)
    seen = np.clip(below / (HEIGHT - horizon) * 0.92 + 0.055 * slope, 0, 1)
    grazing = np.clip(0.93 - 0.42 * below / (HEIGHT - horizon) - 0.035 * slope, 0, 1)
    sea = mix(np.float32([0.085, 0.170, 0.265]), dusk_sky(seen), grazing)
    path = np.exp(-(((COLUMNS[horizon:] - sun_column) / (70 + 0.62 * below)) ** 2))
    sparkle = np.clip(slope - 0.55, 0, 2) * path * np.exp(-below / 300)
    sea = mix(sea, (1.0, 0.830, 0.690), 0.30 * path * np.exp(-below / 240) + 0.55 * sparkle)
    picture = np.concatenate([sky, sea])
    picture += glow(horizon - 8, sun_column, 330, 1.5)[..., None] * np.float32([0.13, 0.10, 0.03])
    line = np.exp(-(((ROWS - horizon) / 2.4) ** 2))
    return develop(mix(picture, (0.93, 0.720, 0.620), 0.45 * line), 50)


def stamp_leaf(mask, foot, angle, length):
    """Draw one pointed leaf of `length` pixels into `mask` (uint8)."""
    along = np.linspace(0, 1, 24)
    half = 0.19 * length * np.sin(math.pi * along**0.85) ** 0.9
    x = np.concatenate([along * length, along[::-1] * length])
    y = np.concatenate([half, -half[::-1]]) + 0.10 * x * x / length
    turn = np.float32([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    points = (turn @ np.stack([x, y])).T + np.float32(foot)
    cv2.fillPoly(mask, [np.rint(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)


def twig(seed, foot, lean, length):
    """A leafy twig growing from `foot` (x, y) towards the angle `lean`: a mask in [0, 1]."""
    rng = np.random.default_rng(seed)
    mask, place, angle = np.zeros((HEIGHT, WIDTH), np.uint8), np.float32(foot), lean
    for step in range(15):
        ahead = place + length / 15 * np.float32([math.cos(angle), math.sin(angle)])
        cv2.line(mask, np.rint(place).astype(int), np.rint(ahead).astype(int), 255, 5, cv2.LINE_AA)
        if step >= 3:
            side = (0.85 if step % 2 else -0.85) + rng.uniform(-0.25, 0.25)
            stamp_leaf(mask, ahead, angle + side, length * rng.uniform(0.15, 0.22))
        place, angle = ahead, angle + rng.normal(0.03, 0.05)
    stamp_leaf(mask, place, angle, length * 0.2)
    return mask.astype(np.float32) / 255


def window_light():
    """A plain plaster wall, with low sun falling on it through a window and some leaves."""
    panes = np.zeros((HEIGHT, WIDTH), np.uint8)
    for left in (690, 935, 1180):
        for top in (70, 355, 640):
            x, y = np.float32([left, left + 225, left + 225, left]), np.repeat([top, top + 265], 2)
            corners = np.stack([x - 0.20 * y, y + 0.13 * x - 110], axis=1)
            cv2.fillPoly(panes, [np.rint(corners).astype(np.int32)], 255, cv2.LINE_AA)
    light = cv2.GaussianBlur(panes.astype(np.float32) / 255, (0, 0), 7)
    leaves = np.maximum(twig(7, (1500, 960), -2.25, 720), twig(8, (1250, 980), -2.0, 520))
    light *= 1 - 0.80 * cv2.GaussianBlur(leaves, (0, 0), 8)
    plaster = 0.010 * fractal_noise(5, (260, 260), 4)
    plaster += 0.006 * cv2.GaussianBlur(fractal_noise(6, (12, 12), 2), (0, 0), 1)
    shade = 0.60 + 0.13 * glow(300, 900, 1150) - 0.10 * (ROWS / HEIGHT) ** 2 + plaster
    wall = shade[..., None] * np.float32([1.0, 0.952, 0.890])
    light *= 0.92 + 2 * plaster
    return develop(wall + light[..., None] * np.float32([0.34, 0.275, 0.175]), 60)


def main():
    """Draw all backgrounds into examples/backgrounds."""
    FOLDER.mkdir(exist_ok=True)
    for draw in (studio, misty_hills, city_lights, calm_sea, window_light):
        path = FOLDER / f"{draw.__name__.replace('_', '-')}.jpg"
        cv2.imwrite(str(path), draw()[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
