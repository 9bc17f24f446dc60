"""Weights: where they are found, and the record that says how they are used."""

from segmenter.weights.finding import HUB_RECORD, fetch, read_record
from segmenter.weights.record import Weights

__all__ = ["HUB_RECORD", "Weights", "fetch", "read_record"]
