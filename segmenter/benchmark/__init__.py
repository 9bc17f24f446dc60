"""How fast each stage and the whole is, on this machine, side by side in one run."""

from segmenter.benchmark.scenes import scene

__all__ = ["scene"]
