"""A picture file as the row of numbers that a network was trained on: light strokes on a dark ground."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, MissingExtraError, ShapeError

_MIDDLE = 127.5  # a ground lighter than this is paper


def read_picture(path: Path, inputs: int, invert: bool | None) -> tuple[np.ndarray[Any, Any], str]:
    """Read a picture in grey, fitted into the square that a network takes.

    inputs   how many numbers the network takes: the pixels of a square
    invert   whether to turn dark into light, None to do so where the border is light, as that of paper is
    returns  the pixels as uint8, shape (inputs,), and in words what was done to the picture
    raises   DataError when it is no picture, ShapeError when the network takes no square, MissingExtraError without
             Pillow
    """
    side = math.isqrt(inputs)
    if side * side != inputs:
        what = (
            f"{path} would be read as a picture, but the network takes {inputs} numbers, which are no square"
        )
        raise ShapeError(what, fix="give an .npy file with rows of numbers")
    image = _read_grey(path)
    done = [f"{image.width} × {image.height} pixels, in grey"]
    pixels = np.asarray(image)
    ground = float(np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])))
    if image.size != (side, side):
        from PIL import ImageOps

        pixels = np.asarray(ImageOps.pad(image, (side, side), color=round(ground)))
        done.append(f"fitted into {side} × {side}")
    if ground > _MIDDLE if invert is None else invert:
        pixels = 255 - pixels
        done.append("inverted" + (", because its border is light" if invert is None else ""))
    return pixels.reshape(-1), ", ".join(done)


def _read_grey(path: Path) -> Any:
    """The picture in Pillow's mode L: grey from 0 to 255."""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise MissingExtraError.for_extra("image", "pillow", f"reading {path} as a picture") from None
    with warnings.catch_warnings():
        # Pillow warns of pictures that are small as files and huge in memory.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as opened:
                image = ImageOps.exif_transpose(opened)
            if image.mode.startswith("I"):  # 16 bits, which Pillow would cut off instead of scaling
                return Image.fromarray((np.asarray(image, np.float64) / 257).clip(0, 255).astype(np.uint8))
            if "A" in image.mode or "transparency" in image.info:
                paper = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(paper, image.convert("RGBA"))
            return image.convert("L")
        # Pillow's decoders raise all of these for damaged files.
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning) as error:
            what = f"{path} cannot be read as a picture: {error}"
            raise DataError(what, fix="give an .npy or IDX file, or a picture such as a PNG") from error
