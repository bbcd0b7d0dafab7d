"""What a run needs to go on after a kill as if nothing had happened.

In: Ultralytics' trainer, at its named events. Out: beside its `last.pt`, which holds
the averaged weights alone, in half precision, a copy of the epoch before and a file
with the exact state. Each epoch draws its pictures from a seed of its own, so that an
epoch that is run again sees the same ones.
"""

import io
import os
import random
import shutil

import numpy as np

from fer_course.files import write_atomically


def seed_epoch(trainer):
    """Let an epoch's random numbers depend on its number alone."""
    import torch

    process = int(os.environ.get("RANK", "0"))  # one a GPU, with photos of its own
    seed = trainer.args.seed + trainer.epoch + 100_000 * process
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - Ultralytics draws from the global ones
    torch.manual_seed(seed)
    trainer.train_loader.generator.manual_seed(seed)
    trainer.train_loader.reset()  # its workers have drawn pictures ahead


def keep_epoch(trainer):
    """Write the state at an epoch's end, and keep the checkpoint of the one before.

    Called before Ultralytics rewrites `last.pt` in place: a kill at that moment must
    not cost the run. A copy, for Ultralytics reads `last.pt` where a loss is no number.
    """
    folder = trainer.wdir
    if trainer.last.is_file():
        shutil.copyfile(trainer.last, folder / "previous.pt")
    state = {name: part.state_dict() for name, part in _parts(trainer).items()}
    state["updates"] = trainer.ema.updates
    write_content(_state_path(folder, trainer.epoch), state)
    _state_path(folder, trainer.epoch - 2).unlink(missing_ok=True)


def restore_state(trainer):
    """Go on from the exact state at the end of the last complete epoch, if it is kept.

    Without it Ultralytics goes on from the averaged weights, which is a little worse.
    """
    import torch

    path = _state_path(trainer.wdir, trainer.start_epoch - 1)
    if not path.is_file():
        return
    state = torch.load(path, map_location=trainer.device, weights_only=True)
    for name, part in _parts(trainer).items():
        part.load_state_dict(state[name])
    trainer.ema.updates = state["updates"]


def write_content(path, content):
    """Write a whole file of torch's, or leave what was there; a full disk is `OSError`.

    (Written by torch itself, it would be a `RuntimeError` about a stream.)
    """
    import torch

    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_atomically(path, buffer.getbuffer())


def drop_kept(trainer):
    """Delete what only a resumed run would need."""
    for name in ("previous.pt", "state-*.pt"):
        for path in trainer.wdir.glob(name):
            path.unlink()


def _parts(trainer):
    # several GPUs' wrapper holds the network inside
    network = getattr(trainer.model, "module", trainer.model)
    return {
        "network": network,
        "average": trainer.ema.ema,
        "optimizer": trainer.optimizer,
    }


def _state_path(folder, epoch):
    return folder / f"state-{epoch}.pt"


def resumable(out, load):
    """Return the file of a run to carry on from, None where the run is complete.

    Args:
        out: the run's folder; what a kill left half done in it is mended.
        load: path of a .pt file -> network and content; ValueError if it is damaged.

    Raises:
        FileNotFoundError: no epoch was kept.
    """
    # A kill while last.pt is being written leaves it broken: then the copy counts.
    last, previous = out / "weights" / "last.pt", out / "weights" / "previous.pt"
    for path in (last, previous):
        try:
            _, checkpoint = load(path)
        except (FileNotFoundError, ValueError):
            continue
        if checkpoint.get("optimizer") is None:
            return None
        if path == previous:
            shutil.copyfile(previous, last)
        score = checkpoint.get("train_metrics", {}).get("fitness")
        if score is not None and score == checkpoint["best_fitness"]:
            # written after last.pt: a kill in between leaves it old or broken
            shutil.copyfile(last, last.with_name("best.pt"))
        _cut_history(out / "results.csv", checkpoint["epoch"] + 1)
        return last
    raise FileNotFoundError(
        f"No epoch to carry on from in {last.parent}. Start the run without resume."
    )


def _cut_history(csv, epochs):
    """Leave out rows of an epoch that ended with a kill and will be run again."""
    if csv.is_file():
        heading, *rows = csv.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [row for row in rows if int(row.partition(",")[0]) <= epochs]
        write_atomically(csv, "".join([heading, *kept]))
