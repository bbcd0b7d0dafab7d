"""How the sets differ: faces per photo, sizes, shapes and places, side by side.

In: annotated photos. Out: a pandas table with one row per face, and its summary with
one row per set. Notebook 01 plots both.
"""

import numpy as np

from fer_course.boxes import as_boxes
from fer_course.detection.harmonize import face_sizes
from fer_course.images import ImageError, image_hw

_STRIDE_PX = 8  # the finest grid of YOLOv8


def face_table(annotations):
    """Return a pandas table, one row per face of every readable photo.

    Columns: dataset, photo (name), ignore; width, height and size_px = sqrt(w h) in
    pixels of the photo; size_640 and height_640 after letterbox to 640 px; aspect =
    height / width; center_x, center_y as shares of the photo. Boxes are those given:
    the set's own or harmonized.

    Args:
        annotations: set name -> `Annotations`; of each photo the header is read, and
            photos that cannot be read are left out.
    """
    import pandas as pd

    parts = [pd.DataFrame(columns=_COLUMNS)]
    for found in annotations.values():
        for photo in found.photos:
            try:
                parts.append(_faces(photo))
            except (ImageError, OSError):
                continue  # prepare_yolo names those
    parts = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(parts, ignore_index=True)


_COLUMNS = (
    "dataset photo ignore width height size_px size_640 height_640 aspect "
    "center_x center_y"
).split()


def _faces(photo):
    import pandas as pd

    image_height, image_width = image_hw(photo.path)
    boxes = as_boxes(photo.boxes_xyxy)
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    columns = {
        "dataset": photo.dataset,
        "photo": photo.name,
        "ignore": photo.ignore,
        "width": width,
        "height": height,
        "size_px": np.sqrt(width * height),
        "size_640": face_sizes(boxes, (image_height, image_width)),
        "height_640": height * 640 / max(image_height, image_width),
        "aspect": height / np.maximum(width, 1e-9),
        "center_x": (boxes[:, 0] + boxes[:, 2]) / 2 / image_width,
        "center_y": (boxes[:, 1] + boxes[:, 3]) / 2 / image_height,
    }
    return pd.DataFrame(columns)


def dataset_statistics(annotations):
    """Return a pandas table that sets the data sets side by side, one row each.

    Columns: photos and faces as annotated, without_face, ignored; faces_per_photo
    (mean) and most_in_a_photo; medians of size_px, size_640, aspect, center_x and
    center_y; and below_stride, the share of faces lower than the finest grid of the
    network (8 px) after letterbox to 640.

    Args:
        annotations: set name -> `Annotations`.
    """
    import pandas as pd

    faces = face_table(annotations)
    rows = {}
    for name, found in annotations.items():
        counts = np.array([len(photo.boxes_xyxy) for photo in found.photos] or [0])
        of_set = faces[faces["photo"].isin({photo.name for photo in found.photos})]
        medians = of_set[_MEDIANS].astype(float).median()
        rows[name] = {
            "photos": len(found.photos),
            "without_face": sum(len(p.boxes_xyxy) == 0 for p in found.photos),
            "faces": int(counts.sum()),
            "ignored": sum(int(photo.ignore.sum()) for photo in found.photos),
            "faces_per_photo": counts.mean(),
            "most_in_a_photo": int(counts.max()),
            **medians,
            "below_stride": (of_set["height_640"].astype(float) < _STRIDE_PX).mean(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("dataset")


_MEDIANS = ["size_px", "size_640", "aspect", "center_x", "center_y"]
