"""A folder too large for one machine: the worker that Ray Data's `map_batches` wants.

In: a batch of paths, as Ray hands it over. Out: one row per photo. Ray shares out the
paths, starts the workers, and gives what a dead one held to another; nothing here
imports it (`pip install -r fer_course/requirements-ray.txt`). Notebook 06 ends with
the lines that use it.
"""

import json

from fer_course.analysis.analyzer import FaceAnalyzer, PhotoError


class PhotoReader:
    """Opens both networks once, then reads one batch after the other."""

    def __init__(self):
        self.analyzer = FaceAnalyzer()

    def __call__(self, batch):
        """Return a row per photo, in order; one that cannot be read has a row too.

        All columns are text, so that the files which different workers write have
        the same columns, whether or not there was a face or an error.

        Args:
            batch: dict with `photo`: N paths that this machine can open.

        Returns:
            dict of lists of N texts. `photo`: the path as given. `faces`: JSON, the
            list that `demo --json` has for it; "[]" where it could not be read.
            `error`: the sentence that says why not; "" where it could.
        """
        rows = {"photo": list(batch["photo"]), "faces": [], "error": []}
        for result in self.analyzer.analyze_many(rows["photo"]):
            failed = isinstance(result, PhotoError)
            faces = [] if failed else result.to_dict()["faces"]
            rows["faces"].append(json.dumps(faces))
            rows["error"].append(result.message if failed else "")
        return rows
