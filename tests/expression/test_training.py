import csv
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from fer_course.expression.augmentation import Augmentation  # noqa: E402
from fer_course.expression.datasets import FaceSet  # noqa: E402
from fer_course.expression.fernet import build_fernet  # noqa: E402
from fer_course.expression.recipe import Recipe, plateau_rate  # noqa: E402
from fer_course.expression.training import (  # noqa: E402
    CARD,
    export_fernet,
    learning_rate_range_test,
    load_fernet,
    save_fernet,
    train_fernet,
)
from fer_course.labels import EXPRESSIONS  # noqa: E402
from fer_course.settings import ROOT  # noqa: E402

TINY = {
    "filters": (4, 6),
    "kernel_size": 3,
    "batch_norm": "before_relu",
    "dropout": 0.1,
    "head": "average",
}
RECIPE = Recipe(
    network=TINY,
    epochs=4,
    batch_size=16,
    optimizer="sgd",
    learning_rate=0.1,
    schedule="cosine",
    warmup_epochs=1,
    ema=0.8,
    weight_decay=1e-3,
)


def faces(count=64, seed=0):
    """Faces whose class is their brightness: a network this small can learn them."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 7
    noise = rng.integers(0, 40, (count, 48, 48))
    pixels = (noise + 30 * labels[:, None, None]).astype(np.uint8)
    return FaceSet(
        name="shades",
        pixels=pixels,
        targets=np.eye(7, dtype=np.float32)[labels],
        split=np.full(count, "train"),
        group=np.arange(count),
        names=np.arange(count).astype(str),
        dropped={},
    )


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_a_stopped_run_resumes_exactly(tmp_path, monkeypatch):
    """Four epochs in one go equal two, a kill, and two more: weights and history."""
    whole = train_fernet(faces(), faces(28, 1), tmp_path / "whole", RECIPE)

    class Killed(Exception):
        pass

    from fer_course.expression import training

    draft_of = training.draft_of

    def dies_in_the_third_epoch(path):
        third = (
            path.name == "last.keras" and len(rows(path.parent / "history.csv")) == 3
        )
        if third:
            raise Killed
        return draft_of(path)

    monkeypatch.setattr(training, "draft_of", dies_in_the_third_epoch)
    with pytest.raises(Killed):
        train_fernet(faces(), faces(28, 1), tmp_path / "cut", RECIPE)
    monkeypatch.setattr(training, "draft_of", draft_of)
    with pytest.raises(FileExistsError, match="resume"):
        train_fernet(faces(), faces(28, 1), tmp_path / "cut", RECIPE)
    cut = train_fernet(faces(), faces(28, 1), tmp_path / "cut", RECIPE, resume=True)

    assert rows(cut.history) == rows(whole.history)
    assert len(rows(whole.history)) == 4
    first, second = load_fernet(whole.best)[0], load_fernet(cut.best)[0]
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_run_of_another_recipe_is_not_continued(tmp_path):
    short = replace(RECIPE, epochs=1)
    train_fernet(faces(), faces(28, 1), tmp_path, short)
    with pytest.raises(ValueError, match=r"recipe\.json"):
        train_fernet(faces(), faces(28, 1), tmp_path, RECIPE, resume=True)


def test_a_run_of_other_faces_is_not_continued(tmp_path):
    """Nor one with the same faces and softer targets, or other labels."""
    short = replace(RECIPE, epochs=1)
    learn, choose = faces(), faces(28, 1)
    train_fernet(learn, choose, tmp_path, short)
    softer = replace(learn, targets=0.8 * learn.targets + 0.2 / 7)
    other = replace(learn, targets=np.roll(learn.targets, 3, axis=1))
    for others, chosen in (
        (faces(len(learn), 2), choose),
        (softer, choose),
        (other, choose),
    ):
        with pytest.raises(ValueError, match="or of other faces"):
            train_fernet(others, chosen, tmp_path, short, resume=True)
    with pytest.raises(ValueError, match="or of other faces"):
        train_fernet(learn, faces(21, 1), tmp_path, short, resume=True)
    train_fernet(learn, choose, tmp_path, short, resume=True)


def test_a_slow_epoch_says_how_far_it_is(tmp_path, monkeypatch, capsys):
    from fer_course.expression import training

    now = iter(range(0, 100_000, 25))  # seconds, 25 more at each look
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=lambda: next(now)))
    train_fernet(faces(), faces(28, 1), tmp_path, replace(RECIPE, epochs=2))
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("loss")[0] for line in lines] == [
        "epoch 1: step 3 of 4",
        "epoch 1: ",
        "epoch 2: step 3 of 4",
        "epoch 2: ",
    ]


def test_the_best_epoch_is_not_judged_by_a_rounded_score(tmp_path, monkeypatch):
    """20,014 and then 20,013 of 29,000 right: both 0.6901, the first is better."""
    from fer_course.expression import training

    saved, scores = [], iter([20_014, 20_013, 20_014, 20_015])
    many = faces(29_000, 1)

    class Model:
        trainable_variables = non_trainable_variables = ()
        optimizer = type("Optimizer", (), {"learning_rate": 0.1})()

        def predict(self, inputs, **_):
            right = np.arange(len(inputs)) < next(scores)
            shown = np.where(right, many.labels, (many.labels + 1) % 7)
            return np.eye(7)[shown]

        def save(self, path):
            path.touch()

    monkeypatch.setattr(training, "save_fernet", lambda *_: saved.append(len(saved)))
    recipe = replace(RECIPE, ema=0.0)
    keeper = training._Keeper(many, tmp_path, recipe, done=0)
    keeper.set_model(Model())
    counts = []
    for epoch in range(4):
        keeper.on_epoch_end(epoch, {"loss": 1.0, "accuracy": 0.5})
        counts.append(len(saved))
    assert counts == [1, 1, 1, 2]


def test_a_run_may_start_from_weights(tmp_path):
    few = faces(32)
    first = train_fernet(few, few, tmp_path / "first", replace(RECIPE, epochs=1))
    still = replace(RECIPE, epochs=1, learning_rate=0.0, ema=0.0)
    second = train_fernet(few, few, tmp_path / "second", still, weights=first.best)
    old, new = (load_fernet(run.best)[0] for run in (first, second))
    for a, b in zip(old.trainable_variables, new.trainable_variables, strict=True):
        np.testing.assert_array_equal(np.array(a), np.array(b))
    wider = replace(RECIPE, network={**TINY, "filters": (4, 8)})
    with pytest.raises(ValueError, match="holds another network than the recipe's"):
        train_fernet(few, few, tmp_path / "third", wider, weights=first.best)


def test_an_empty_set_is_named(tmp_path):
    nothing = faces().select(np.zeros(64, bool))
    with pytest.raises(ValueError, match="at least one face"):
        train_fernet(nothing, faces(), tmp_path, RECIPE)


def test_it_learns_and_keeps_the_best_epoch(tmp_path):
    recipe = replace(
        RECIPE,
        epochs=30,
        # no batch norm: its moving averages need far more than 100 steps
        network=TINY | {"batch_norm": "none", "dropout": 0.0},
        optimizer="adam",
        learning_rate=0.02,
        augmentation=Augmentation(flip=True, rotation_deg=0, shift_px=0, zoom=0),
    )
    trained = train_fernet(faces(140), faces(70, 1), tmp_path, recipe)
    history = rows(trained.history)
    assert trained.choose_accuracy > 0.8
    assert trained.choose_accuracy == max(float(r["choose_accuracy"]) for r in history)
    model, _ = load_fernet(trained.best)
    held = faces(70, 1)
    probabilities = model.predict(held.pixels[..., None].astype(np.float32), verbose=0)
    assert (probabilities.argmax(1) == held.labels).mean() == pytest.approx(
        trained.choose_accuracy, abs=0.02
    )


def test_the_saved_file_is_float32_bare_and_labeled(tmp_path):
    train_fernet(faces(), faces(28, 1), tmp_path, replace(RECIPE, epochs=1))
    model, card = load_fernet(tmp_path / "best.keras")
    assert all(layer.dtype_policy.name == "float32" for layer in model.layers)
    assert getattr(model, "optimizer", None) is None
    assert tuple(card["labels"]) == EXPRESSIONS
    assert card["input_size"] == 48
    with zipfile.ZipFile(tmp_path / "best.keras") as archive:
        assert "fer_course.json" in archive.namelist()
        assert "optimizer" not in archive.read("config.json").decode()


def test_a_saved_network_gives_equal_outputs(tmp_path):
    model = build_fernet(**TINY)
    inputs = faces(9).pixels[..., None].astype(np.float32)
    save_fernet(model, tmp_path / "net.keras", TINY, crop_margin=0.2)
    again, card = load_fernet(tmp_path / "net.keras")
    assert card["crop_margin"] == 0.2
    np.testing.assert_allclose(
        np.asarray(again(inputs)), np.asarray(model(inputs)), atol=1e-6
    )


def test_the_onnx_twin_agrees_and_carries_the_card(tmp_path):
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    model = build_fernet(**TINY)
    save_fernet(model, tmp_path / "n.keras", TINY, crop_margin=0.25, sure_threshold=0.5)
    assert export_fernet(tmp_path / "n.keras", tmp_path / "n.onnx") <= 1e-4
    session = onnxruntime.InferenceSession(tmp_path / "n.onnx")
    inputs = faces(5).pixels[..., None].astype(np.float32)
    (found,) = session.run(None, {session.get_inputs()[0].name: inputs})
    np.testing.assert_allclose(found, np.asarray(model(inputs)), atol=1e-4)
    props = {p.key: p.value for p in onnx.load(tmp_path / "n.onnx").metadata_props}
    assert props["labels"] == ",".join(EXPRESSIONS)
    assert float(props["crop_margin"]) == 0.25
    assert float(props["sure_threshold"]) == 0.5


def test_a_strange_keras_file_is_refused(tmp_path):
    build_fernet(**TINY).save(tmp_path / "plain.keras")
    with pytest.raises(ValueError, match="save_fernet"):
        load_fernet(tmp_path / "plain.keras")
    with pytest.raises(FileNotFoundError, match="train fernet"):
        load_fernet(tmp_path / "none.keras")
    (tmp_path / "page.keras").write_text("<html>Sign in</html>")
    with pytest.raises(ValueError, match=r"page\.keras is not a Keras file"):
        load_fernet(tmp_path / "page.keras")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "n.keras"
    save_fernet(build_fernet(**TINY), path, TINY)
    return path


@pytest.mark.parametrize(
    "entry, change",
    [
        pytest.param(CARD, lambda data: data[:9], id="card"),
        pytest.param("config.json", lambda data: data[:99], id="network"),
        pytest.param("model.weights.h5", lambda data: data[:999], id="weights"),
    ],
)
def test_a_damaged_keras_file_is_one_sentence(saved, tmp_path, entry, change):
    with zipfile.ZipFile(saved) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "bad.keras", "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, change(data) if name == entry else data)
    with pytest.raises(ValueError, match=r"bad\.keras is not a Keras file of this"):
        load_fernet(tmp_path / "bad.keras")


def test_a_flipped_byte_is_one_sentence(saved, tmp_path):
    data = bytearray(saved.read_bytes())
    data[len(data) // 2] ^= 255
    (tmp_path / "bad.keras").write_bytes(data)
    with pytest.raises(ValueError, match=r"bad\.keras is not a Keras file of this"):
        load_fernet(tmp_path / "bad.keras")


def test_a_keras_file_said_to_be_locked_is_one_sentence(saved, tmp_path):
    data = bytearray(saved.read_bytes())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:  # the list at the end
        data[at + 8] |= 1
        at += 4
    (tmp_path / "bad.keras").write_bytes(data)
    with pytest.raises(ValueError, match=r"bad\.keras is not a Keras file of this"):
        load_fernet(tmp_path / "bad.keras")


def test_code_in_a_keras_file_is_not_run(saved, tmp_path):
    """Safe mode refuses a Lambda layer, whose code comes out of the file."""
    network = keras.Sequential([keras.Input((1,)), keras.layers.Lambda(lambda x: x)])
    network.save(tmp_path / "code.keras")
    with zipfile.ZipFile(saved) as archive:
        card = archive.read(CARD)
    with zipfile.ZipFile(tmp_path / "code.keras", "a") as archive:
        archive.writestr(CARD, card)
    with pytest.raises(ValueError, match=r"code\.keras is not a Keras file of this"):
        load_fernet(tmp_path / "code.keras")


def test_a_lost_recipe_is_no_reason_to_mix_runs(tmp_path):
    (tmp_path / "last.keras").touch()
    (tmp_path / "recipe.json").write_text("")
    with pytest.raises(ValueError, match="run of another recipe"):
        train_fernet(faces(), faces(28, 1), tmp_path, RECIPE, resume=True)


@pytest.mark.parametrize(
    ("lost", "sentence"),
    [
        ("last.keras", r"last\.keras is damaged, the run cannot go on"),
        ("history.csv", r"history\.csv has lost some of its 1 epochs"),
    ],
)
def test_a_damaged_run_is_not_continued(tmp_path, lost, sentence):
    recipe = replace(RECIPE, epochs=1)
    train_fernet(faces(), faces(28, 1), tmp_path, recipe)
    (tmp_path / lost).write_bytes(b"")
    with pytest.raises(ValueError, match=sentence):
        train_fernet(faces(), faces(28, 1), tmp_path, recipe, resume=True)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param([], 1.0, id="start"),
        pytest.param([0.1 * i for i in range(9)], 1.0, id="always rising"),
        pytest.param([0.5] * 8, 0.2, id="seven without a new best"),
        pytest.param([0.5] * 7, 1.0, id="six without"),
        pytest.param([0.5] * 15, 0.04, id="twice"),
        pytest.param([0.5] * 200, 1e-7, id="floor"),
    ],
)
def test_plateau_rule(scores, expected):
    assert plateau_rate(1.0, scores) == pytest.approx(expected)


def test_range_test_rises_and_stops_when_the_loss_explodes():
    recipe = Recipe(network=TINY, batch_size=16, optimizer="sgd", learning_rate=1.0)
    result = learning_rate_range_test(
        faces(), recipe, lowest=1e-4, highest=1e4, steps=40
    )
    assert len(result.rates) == len(result.losses) < 40
    assert (np.diff(result.rates) > 0).all()
    assert result.losses[:5] == pytest.approx(np.log(7), abs=1.0)


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
from test_training import RECIPE, faces, train_fernet
train_fernet(faces(), faces(28, 1), sys.argv[2], RECIPE, resume=True)
"""


@pytest.mark.slow
def test_a_killed_process_resumes_exactly(tmp_path):
    """SIGKILL after the second epoch's line; a new process gives the same history."""
    here = str(ROOT / "tests" / "expression")
    command = [sys.executable, "-u", "-c", KILLED, here]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def start(folder):
        return subprocess.Popen(
            [*command, str(tmp_path / folder)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    with start("cut") as cut:
        for line in cut.stdout:
            if line.startswith("epoch 2"):
                cut.kill()
    assert cut.returncode not in (0, None)
    for folder in ("cut", "whole"):
        with start(folder) as run:
            run.communicate(timeout=300)
        assert run.returncode == 0
    assert len(rows(tmp_path / "whole" / "history.csv")) == 4
    assert rows(tmp_path / "cut" / "history.csv") == rows(
        tmp_path / "whole" / "history.csv"
    )


TORCH = """
import numpy as np
from fer_course.expression.fernet import build_fernet
from fer_course.expression.recipe import Recipe
from fer_course.expression.training import learning_rate_range_test, load_fernet
import keras, sys
sys.path.insert(0, sys.argv[1])
from test_training import TINY, faces, RECIPE, train_fernet
from dataclasses import replace
assert keras.backend.backend() == "torch"
run = train_fernet(faces(32), faces(14, 1), sys.argv[2], replace(RECIPE, epochs=1))
model, card = load_fernet(run.best)
assert model.predict(np.zeros((2, 48, 48, 1), "float32"), verbose=0).shape == (2, 7)
print("two steps on torch")
"""


def test_the_same_code_trains_on_torch(tmp_path):
    pytest.importorskip("torch")
    environment = os.environ | {"KERAS_BACKEND": "torch", "PYTHONPATH": str(ROOT)}
    here = str(ROOT / "tests" / "expression")
    done = subprocess.run(
        [sys.executable, "-c", TORCH, here, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "two steps on torch" in done.stdout, done.stderr[-2000:]
    history = rows(tmp_path / "history.csv")
    assert len(history) == 1
    assert json.loads((tmp_path / "recipe.json").read_text())["batch_size"] == 16
