"""A drawn coat beside a wall, where the network is in doubt across the edge between them."""

import numpy as np

HEIGHT, WIDTH, EDGE = 120, 160, 75  # the coat ends at this column
COAT, WALL = (40, 50, 140), (190, 180, 150)


def scene(coat=COAT, wall=WALL, *, scale=1, noise=6.0):
    """Return the probability, (HEIGHT, WIDTH), and a frame so many times as large."""
    probability = np.full((HEIGHT, WIDTH), 0.02, np.float32)
    probability[:, :60] = 0.98
    probability[:, 60:92] = np.linspace(0.65, 0.35, 32, dtype=np.float32)
    probability[:, 70:80] = 0.45  # half of it on either side: by itself it says nothing
    frame = np.empty((HEIGHT, WIDTH, 3))
    frame[:], frame[:, :EDGE] = wall, coat
    frame = frame.repeat(scale, 0).repeat(scale, 1)
    frame += np.random.default_rng(0).normal(0, noise, frame.shape)
    return probability, frame.clip(0, 255).astype(np.uint8)
