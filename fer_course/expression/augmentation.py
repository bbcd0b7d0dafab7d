"""Faces moved, turned, flipped, lit, coarsened and covered at random while training.

In: stored faces, uint8 (N, 48, 48). Out: the same faces changed, for one batch.
This happens outside the saved network: a served face is never changed. A whole
batch costs a few milliseconds: the geometry is one OpenCV call. Notebook 05.
"""

from dataclasses import dataclass

import cv2
import numpy as np

COARSE_PX = (16, 40)


@dataclass(frozen=True)
class Augmentation:
    """How far a face may be changed; 0 switches a change off.

    Attributes:
        flip: whether half of the faces are mirrored left to right.
        rotation_deg: largest turn either way, degrees.
        shift_px: largest move either way along each axis, px of the input.
        zoom: largest relative change of size either way (0.1: 0.9 to 1.1).
        contrast: largest relative change of contrast either way.
        brightness: largest change of brightness either way, gray levels.
        erase: probability that a rectangle of 2 to 20 % of the face is covered
            (random erasing, Zhong et al. 2020).
        coarse: probability that a face is shrunk to `COARSE_PX` and enlarged again, as
            a small face in a photo arrives.
    """

    flip: bool = True
    rotation_deg: float = 10.0
    shift_px: float = 4.0
    zoom: float = 0.1
    contrast: float = 0.0
    brightness: float = 0.0
    erase: float = 0.0
    coarse: float = 0.0

    def __call__(self, pixels, rng):
        """Return changed copies of the faces.

        Args:
            pixels: (N, H, W) uint8.
            rng: NumPy `Generator`; the same state gives the same faces.

        Returns:
            (N, H, W) float32 in 0..255.
        """
        faces = self._move(pixels, rng).astype(np.float32)
        if self.coarse:
            self._coarsen(faces, rng)
        if self.contrast or self.brightness:
            faces = self._light(faces, rng)
        if self.erase:
            self._cover(faces, rng)
        return faces

    def _move(self, pixels, rng):
        """Flip, turn, resize and shift: output pixel -> where it comes from."""
        count, height, width = pixels.shape
        draw = lambda most: rng.uniform(-most, most, (count, 1, 1)).astype(np.float32)  # noqa: E731
        angle, zoom = np.deg2rad(draw(self.rotation_deg)), 1 + draw(self.zoom)
        shift_x, shift_y = draw(self.shift_px), draw(self.shift_px)
        sign = np.where(self.flip & (rng.random((count, 1, 1)) < 0.5), -1.0, 1.0)
        center_y, center_x = (height - 1) / 2, (width - 1) / 2
        y, x = np.mgrid[:height, :width].astype(np.float32)
        x, y = x - center_x, y - center_y
        cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
        from_x = sign.astype(np.float32) * (cos * x - sin * y) + center_x + shift_x
        from_y = sin * x + cos * y + center_y + shift_y
        # One tall picture of all faces: clip, so that no face sees its neighbor.
        from_x = np.clip(from_x, 0, width - 1)
        from_y = np.clip(from_y, 0, height - 1)
        from_y += (np.arange(count, dtype=np.float32) * height)[:, None, None]
        return np.concatenate(
            [
                cv2.remap(
                    pixels[part].reshape(-1, width),
                    from_x[part].reshape(-1, width),
                    from_y[part].reshape(-1, width) - part.start * height,
                    cv2.INTER_LINEAR,
                ).reshape(-1, height, width)
                # OpenCV's remap takes pictures of up to 32,766 rows.
                for part in _parts(count, 32766 // height)
            ]
            or [pixels]
        )

    def _light(self, faces, rng):
        shape = (len(faces), 1, 1)
        gain = 1 + rng.uniform(-self.contrast, self.contrast, shape)
        offset = rng.uniform(-self.brightness, self.brightness, shape)
        mean = faces.mean((1, 2), keepdims=True)
        return np.clip((faces - mean) * gain + mean + offset, 0, 255).astype(np.float32)

    def _coarsen(self, faces, rng):
        count, height, width = faces.shape
        for i in np.flatnonzero(rng.random(count) < self.coarse):
            share = rng.uniform(*COARSE_PX) / width
            small = cv2.resize(
                faces[i], None, fx=share, fy=share, interpolation=cv2.INTER_AREA
            )
            faces[i] = cv2.resize(
                small, (width, height), interpolation=cv2.INTER_LINEAR
            )

    def _cover(self, faces, rng):
        count, height, width = faces.shape
        for i in np.flatnonzero(rng.random(count) < self.erase):
            share, aspect = rng.uniform(0.02, 0.2), np.exp(rng.uniform(-0.7, 0.7))
            h = min(round(np.sqrt(share * aspect) * height), height)
            w = min(round(np.sqrt(share / aspect) * width), width)
            top, left = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
            faces[i, top : top + h, left : left + w] = rng.uniform(0, 255)


def _parts(count, most):
    """Slices of at most `most` faces that cover `count`."""
    return [slice(at, min(at + most, count)) for at in range(0, count, most)]
