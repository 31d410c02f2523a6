"""A small picture of a large one. The work is Pillow's; this file decides what to ask of it."""

import base64
import io

from PIL import Image, ImageOps

FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
LARGEST_SIDE = 2_048
LARGEST_PIXELS = 100_000_000
SIDE = 128


class PictureError(ValueError):
    """The input is not a picture, or asks for what cannot be made."""


def apply(input):
    """The thumbnail's bytes."""
    options = input if isinstance(input, dict) else {"image": input}
    width, height = side(options, "width"), side(options, "height")
    picture = open_picture(options.get("image"))
    picture.draft("RGB", (2 * width, 2 * height))  # a JPEG need not be decoded larger than twice the thumbnail
    small = ImageOps.exif_transpose(picture)
    small.thumbnail((width, height), Image.Resampling.LANCZOS)
    return encode(small, options.get("format", "jpeg"))


def side(options, name):
    pixels = options.get(name, SIDE)
    if type(pixels) is not int or not 1 <= pixels <= LARGEST_SIDE:
        raise PictureError(f"{name} must be a whole number of pixels from 1 to {LARGEST_SIDE}")
    return pixels


def open_picture(given):
    try:
        if isinstance(given, str):
            given = base64.b64decode(given.partition("base64,")[2] or given, validate=True)
        if not isinstance(given, bytes):
            raise PictureError('send the bytes of a picture, or {"image": "its bytes as base64"}')
        picture = Image.open(io.BytesIO(given))
    except PictureError:
        raise
    except (OSError, ValueError, Image.DecompressionBombError):
        raise PictureError("the input is not a picture that can be read: send PNG, JPEG, GIF or WebP") from None
    if picture.width * picture.height > LARGEST_PIXELS:
        raise PictureError(f"the picture has more than {LARGEST_PIXELS:,} pixels: send a smaller one")
    return picture


def encode(picture, name):
    if name not in FORMATS:
        raise PictureError(f"format must be one of {', '.join(FORMATS)}")
    see_through = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    picture = picture.convert("RGBA" if see_through else "RGB")
    if name == "jpeg" and see_through:  # JPEG knows no transparency: paper is white
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    content = io.BytesIO()
    picture.save(content, FORMATS[name], quality=85, optimize=True)
    return content.getvalue()
