"""Any decoded picture as 8-bit sRGB."""

from io import BytesIO
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageCms

# Not merely "sRGB": profiles with its primaries and a linear curve are called sRGB-something too.
SRGB_NAMES = ("sRGB IEC61966", "sRGB built-in")
GREY_STEPS = MappingProxyType({"L;2": 85, "L;4": 17})  # from one of few greys to the next


def scale_key(image: Image.Image) -> None:
    """Bring the colour that a PNG calls transparent to the depth that its pixels will have.

    Pillow leaves it in the file's. Must come before the pixels are loaded.
    """
    key = image.info.get("transparency")
    stored = image.tile[0][3] if image.format == "PNG" and image.tile else None
    if isinstance(key, int) and stored in GREY_STEPS:
        image.info["transparency"] = key * GREY_STEPS[stored]
    elif isinstance(key, tuple) and stored == "RGB;16B":
        image.info["transparency"] = tuple(value >> 8 for value in key)


def over_white(image: Image.Image) -> Image.Image:
    """Return a loaded picture of 8 or 16 bits as 8-bit sRGB, over white where it is transparent."""
    if not image.has_transparency_data:
        return _in_srgb(image)
    if image.mode.startswith("I;16"):
        is_clear = np.asarray(image) == image.info["transparency"]
        return Image.composite(
            Image.new("RGB", image.size, "white"), _in_srgb(image), Image.fromarray(is_clear)
        )
    with_alpha = image.convert("RGBA")
    page = Image.new("RGB", image.size, "white")
    colours = _in_srgb(image if image.mode == "LA" else with_alpha)
    page.paste(colours, mask=with_alpha.getchannel("A"))
    return page


def _in_srgb(image: Image.Image) -> Image.Image:
    """Convert to 8-bit RGB, through the picture's colour profile if it has one."""
    profile = image.info.get("icc_profile")
    image = _in_eight_bits(image)
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if not ImageCms.getProfileDescription(source).startswith(SRGB_NAMES):
                return _between_profiles(image, source)
        except (ImageCms.PyCMSError, OSError):
            pass  # as viewers do: a broken profile, or one for other channels, counts as none
    return image.convert("RGB")


def _between_profiles(image: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    if image.mode != "L":
        return _transform(image, source, ImageCms.Flags.BLACKPOINTCOMPENSATION)
    # LittleCMS's shortcut for grey is off by up to 10 in the shadows; without it, 256 greys are
    # quickly converted and the picture looks them up.
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    exact = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOOPTIMIZE
    return image.point(_transform(ramp, source, exact).tobytes()[1::3]).convert("RGB")


def _transform(
    image: Image.Image, source: ImageCms.ImageCmsProfile, flags: ImageCms.Flags
) -> Image.Image:
    return ImageCms.profileToProfile(
        image,
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=flags,
    )


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture as L, RGB or CMYK, 8 bits a channel."""
    if image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.uint32)
        # 65535 is 255 x 257; converting with Pillow would clip everything above 255.
        return Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if image.mode == "LA":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")
