import json

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from fer_course.expression.datasets import FaceSet  # noqa: E402
from fer_course.expression.fernet import build_fernet  # noqa: E402
from fer_course.expression.recipe import Recipe  # noqa: E402
from fer_course.expression.soup import average_fernets  # noqa: E402
from fer_course.expression.training import (  # noqa: E402
    load_fernet,
    save_fernet,
    train_fernet,
)

TINY = {"filters": [2, 3], "kernel_size": 3, "dropout": 0.1, "head": "average"}


def saved(path, seed, network=TINY):
    model = build_fernet(**network)
    rng = np.random.default_rng(seed)
    model.set_weights([rng.random(w.shape) for w in model.get_weights()])
    save_fernet(model, path, network)
    return model.get_weights()


def test_every_weight_is_the_mean_of_its_likes(tmp_path):
    paths = [tmp_path / f"{seed}.keras" for seed in range(3)]
    given = [saved(path, seed) for seed, path in enumerate(paths)]
    average_fernets(paths, tmp_path / "out" / "mean.keras")
    model, card = load_fernet(tmp_path / "out" / "mean.keras")
    assert card["network"] == TINY
    for mean, *parts in zip(model.get_weights(), *given, strict=True):
        np.testing.assert_allclose(mean, sum(parts) / 3, rtol=1e-6)


def test_a_temperature_is_left_out(tmp_path):
    """It was fitted to the old logits, and would stay in the new ones."""
    calibrated = {**TINY, "temperature": 0.8}
    saved(tmp_path / "a.keras", 0, calibrated)
    saved(tmp_path / "b.keras", 1)
    average_fernets([tmp_path / "a.keras", tmp_path / "b.keras"], tmp_path / "m.keras")
    assert load_fernet(tmp_path / "m.keras")[1]["network"] == TINY


def test_a_runs_last_file_counts_with_its_averaged_weights(tmp_path):
    """Of one epoch the best is the last, and its file holds the averaged weights."""
    run, count = tmp_path / "run", 28
    pixels = np.random.default_rng(0).integers(0, 256, (count, 48, 48))
    targets = np.eye(7, dtype=np.float32)[np.arange(count) % 7]
    split, names = np.full(count, "train"), np.arange(count).astype(str)
    faces = FaceSet("noise", pixels.astype(np.uint8), targets, split, names, names, {})
    train_fernet(faces, faces, run, Recipe(TINY, epochs=1, batch_size=7, ema=0.8))
    average_fernets([run / "last.keras", run / "best.keras"], tmp_path / "m.keras")
    mean, best = (
        load_fernet(path)[0].get_weights()
        for path in (tmp_path / "m.keras", run / "best.keras")
    )
    for one, other in zip(mean, best, strict=True):
        np.testing.assert_array_equal(one, other)
    raw = keras.models.load_model(run / "last.keras").get_weights()
    assert any((one != other).any() for one, other in zip(raw, best, strict=True))


def test_files_without_a_mean_are_one_sentence(tmp_path):
    saved(tmp_path / "a.keras", 0)
    saved(tmp_path / "b.keras", 0, {**TINY, "filters": (4, 8)})
    out = tmp_path / "m.keras"
    with pytest.raises(ValueError, match="at least two"):
        average_fernets([tmp_path / "a.keras"], out)
    with pytest.raises(ValueError, match=r"b\.keras holds another network than"):
        average_fernets([tmp_path / "a.keras", tmp_path / "b.keras"], out)
    saved(tmp_path / "reference.keras", 0, {})  # `build_fernet`'s own network
    with pytest.raises(ValueError, match=r"a\.keras holds another network than"):
        average_fernets([tmp_path / "reference.keras", tmp_path / "a.keras"], out)
    with pytest.raises(FileNotFoundError, match=r"no\.keras is missing"):
        average_fernets([tmp_path / "a.keras", tmp_path / "no.keras"], out)
    with pytest.raises(FileNotFoundError, match=r"last\.keras is missing"):
        average_fernets([tmp_path / "last.keras", tmp_path / "a.keras"], out)
    (tmp_path / "last.keras").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"recipe\.json beside it"):
        average_fernets([tmp_path / "last.keras", tmp_path / "a.keras"], out)
    (tmp_path / "recipe.json").write_text(json.dumps({"network": TINY}))
    with pytest.raises(ValueError, match=r"last\.keras .* is damaged"):
        average_fernets([tmp_path / "last.keras", tmp_path / "a.keras"], out)
    assert not out.exists()
