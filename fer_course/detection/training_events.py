"""What happens during a detector's training besides what Ultralytics does itself.

In: Ultralytics' trainer, at its named events. Out: a faster network on processors,
some poorer training pictures, what a resumed run needs (`resuming.py`), and one line
an epoch. Notebook 02 reads the lines.
"""

import math
import os
import time
from functools import partial

from fer_course.detection import resuming
from fer_course.detection.augmentation import train_on_poor_photos
from fer_course.settings import processor_favors_bfloat16, usable_cores

EMA_DECAY, EMA_TAU = 0.998, 100  # over some 500 steps, three epochs of the course's


def lean_on_processor(trainer):
    """Make steps without a GPU faster; `models/EXPERIMENTS.md` has the times.

    What Ultralytics does on GPUs alone: a pixel's channels side by side in memory
    and, where the processor is faster in bfloat16, convolutions in it. Losses stay
    float32: bfloat16 would round a box's edge to a quarter of a stride. And each
    photo's places are matched with its own faces alone.
    """
    import torch

    if trainer.device.type != "cpu":
        return
    trainer.ema.ema.to(memory_format=torch.channels_last)
    network = trainer.model.to(memory_format=torch.channels_last)
    network.criterion = network.init_criterion()
    assigner = network.criterion.assigner
    assigner.forward = partial(assign_one_by_one, assigner.forward)
    plain_forward = network.forward
    if not processor_favors_bfloat16():
        return

    def forward(batch, *args, **kwargs):
        if isinstance(batch, dict):  # the loss, which calls the network in turn
            return plain_forward(batch, *args, **kwargs)
        with torch.autocast("cpu", torch.bfloat16):
            outputs = plain_forward(batch, *args, **kwargs)
        return _to_float32(outputs)

    network.forward = forward


def assign_one_by_one(assign, scores, boxes, points, labels, truth, mask):
    """Return what a `TaskAlignedAssigner` assigns, worked out photo by photo.

    For a whole batch Ultralytics pads every photo to the faces of the fullest, which
    costs most with a crowd in it (`models/EXPERIMENTS.md`).

    Args:
        assign: the assigner's own `forward`.
        scores: (N, A, 1) predicted scores.
        boxes: (N, A, 4) predicted boxes, px.
        points: (A, 2) centers of the places, px.
        labels: (N, F, 1) classes of the faces, padded.
        truth: (N, F, 4) their boxes, px, padded.
        mask: (N, F, 1) bool, false for padding, which comes last.

    Returns:
        its five results, each (N, A, ...).
    """
    import torch

    counts = mask.bool().sum((1, 2)).clamp(min=1).tolist()
    parts = [
        assign(s[None], b[None], points, lab[None, :n], t[None, :n], m[None, :n])
        for s, b, lab, t, m, n in zip(
            scores, boxes, labels, truth, mask, counts, strict=True
        )
    ]
    return tuple(torch.cat(result) for result in zip(*parts, strict=True))


def average_weights(trainer):
    """Let the network that is measured and saved be an average over some epochs.

    Ultralytics' own takes thousands of steps to become one and begins anew with each
    run: after 1,400 steps the last one makes up half of it.
    """
    trainer.ema.decay = lambda steps: EMA_DECAY * (1 - math.exp(-steps / EMA_TAU))


def _to_float32(outputs):
    if isinstance(outputs, dict):
        return {name: _to_float32(value) for name, value in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return [_to_float32(value) for value in outputs]
    return outputs.float()


def training_events(progress=None, threads=None):
    """Return what happens at which of Ultralytics' events: event name -> function.

    Args:
        progress: called with a line after 20 steps (how long an epoch will take)
            and after each epoch; None for silence.
        threads: processor threads; None means one a core.
    """

    def set_threads(trainer):
        import torch  # Ultralytics has left one core out, one of two on small machines

        torch.set_num_threads(threads or usable_cores())

    plain_share = _PlainShare()

    def start(trainer):
        set_threads(trainer)
        resuming.restore_state(trainer)

    def start_epoch(trainer):
        average_weights(trainer)  # anew: after a NaN Ultralytics begins another average
        plain_share(trainer)
        resuming.seed_epoch(trainer)

    def prepare(trainer):
        lean_on_processor(trainer)
        train_on_poor_photos(trainer)

    events = {
        "on_train_start": start,
        "on_train_epoch_start": start_epoch,
        "on_pretrain_routine_end": prepare,
        "on_train_epoch_end": partial(_on_the_first_gpu, resuming.keep_epoch),
        "on_train_end": resuming.drop_kept,
    }
    if progress is not None:
        report = _Report(progress)
        for event, tell in {
            "on_train_batch_start": report.start,
            "on_train_batch_end": report.step,
            "on_fit_epoch_end": report.epoch,
        }.items():
            events[event] = partial(_on_the_first_gpu, tell)
    return events


def _on_the_first_gpu(function, trainer):
    # Several GPUs have a process each; the first one's measures and saves for all.
    if os.environ.get("RANK", "0") == "0":
        function(trainer)


class _PlainShare:
    """Keeps the share of epochs without mosaic when a time limit changes their number.

    Ultralytics keeps the number instead, as first guessed: with 20 of 100 epochs
    plain, a limit that leaves time for 15 would turn the mosaics off at once.
    """

    def __init__(self):
        self.share = None

    def __call__(self, trainer):
        if self.share is None:
            self.share = trainer.args.close_mosaic / trainer.epochs
        trainer.args.close_mosaic = round(self.share * trainer.epochs)


class _Report:
    def __init__(self, progress):
        self.progress = progress
        self.started = None
        self.steps = 0

    def start(self, trainer):
        if self.started is None:
            self.started = time.perf_counter()

    def step(self, trainer):
        self.steps += 1
        if self.steps == 20:
            step_s = (time.perf_counter() - self.started) / 20
            minutes = step_s * len(trainer.train_loader) / 60
            self.progress(f"{step_s:.2f} s a step, about {minutes:.1f} min an epoch")

    def epoch(self, trainer):
        if trainer.epoch >= trainer.epochs:  # the closing look at best.pt
            return
        losses = ", ".join(f"{name} {loss:.3f}" for name, loss in trainer.tloss.items())
        minutes = (time.perf_counter() - self.started) / 60
        self.progress(
            f"epoch {trainer.epoch + 1} of {trainer.epochs} after {minutes:.1f} min: "
            f"{losses}; AP50 on choose {trainer.metrics['metrics/mAP50(B)']:.3f}"
        )
