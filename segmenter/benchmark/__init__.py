"""How fast each stage and the whole is, on this machine, side by side in one run."""

from segmenter.benchmark.scenes import SCENE_SIZES, scene

__all__ = ["SCENE_SIZES", "scene"]
