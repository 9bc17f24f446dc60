"""People behind those whom a photo shows: passers-by, friends who stand further back."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.random import Generator

from segmenter.training.augment.compose import Extent, Person, match_light, place_person
from segmenter.training.augment.views import Sample

# Of the height of those in front, or of the frame's; they stand nearer.
SMALLEST, TALLEST = 0.25, 1.0
# So often a lens that looks at those in front blurs who is behind, by up to so much of the height.
BLUR_CHANCE, STRONGEST_BLUR = 0.4, 0.012


def put_behind(
    sample: Sample, people: Iterable[tuple[np.ndarray, np.ndarray]], rng: Generator
) -> Sample:
    """Put people (image, alpha 0 to 255) anywhere behind those of a photo; they count as people."""
    height, width = sample.mask.shape
    image = sample.image.astype(np.float32)
    in_front = sample.mask.astype(np.float32) / 255
    mask = in_front.copy()
    tall = cv2.boundingRect((sample.mask > 127).astype(np.uint8))[3] / height or 1.0
    extent = Extent(SMALLEST * tall, TALLEST * tall, across=(0.0, 1.0))
    placed = [place_person(*person, height, width, rng, extent) for person in people]
    # Whoever her photo cuts off on two opposite sides spans the frame, and may get too large.
    behind = [person for person in placed if person.tall <= extent.tallest * height]
    for person in sorted(behind, key=lambda one: one.tall):  # whoever is farther looks smaller
        if rng.random() < BLUR_CHANCE:
            person = blurred(person, float(rng.uniform(0, STRONGEST_BLUR)) * height)
        coverage = person.coverage * (1 - in_front)
        over = coverage[..., None]
        image = over * match_light(person, sample.image, rng) + (1 - over) * image
        mask = coverage + (1 - coverage) * mask
    rounded = np.rint(np.clip(image, 0, 255)).astype(np.uint8)
    return Sample(rounded, np.rint(mask * 255).astype(np.uint8), sample.counts)


def blurred(person: Person, sigma: float) -> Person:
    """See somebody out of focus, by a Gaussian of `sigma` pixels."""
    sigma = max(sigma, 0.1)  # below it OpenCV would choose one
    colours = cv2.GaussianBlur(person.colours, (0, 0), sigma)
    return Person(colours, cv2.GaussianBlur(person.coverage, (0, 0), sigma), person.tall)
