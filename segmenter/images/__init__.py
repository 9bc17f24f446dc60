"""Opening and saving still pictures."""

from segmenter.images.opening import IMAGE_ENDINGS, open_image
from segmenter.images.saving import SAVED_AS, require_saved_as, save_image

__all__ = ["IMAGE_ENDINGS", "SAVED_AS", "open_image", "require_saved_as", "save_image"]
