"""One change a variant; a table that is carried on and never made twice."""

import csv
from dataclasses import asdict, replace

import numpy as np
import pytest

pytest.importorskip("keras")

from fer_course.expression.ablation import run_ablation, variants
from fer_course.expression.datasets import FaceSet
from fer_course.expression.fernet import build_fernet
from fer_course.expression.recipe import Recipe

TINY = Recipe(network={"filters": (2, 3), "kernel_size": 3}, batch_size=7)


def shades(count):
    labels = np.arange(count) % 7
    rows = np.arange(count)
    return FaceSet(
        "shades",
        np.broadcast_to(30 * labels[:, None, None], (count, 48, 48)).astype(np.uint8),
        np.eye(7, dtype=np.float32)[labels],
        np.full(count, "train"),
        rows,
        rows.astype(str),
        {},
    )


def test_every_variant_changes_one_thing_and_can_be_built():
    base, *others = variants().values()
    for recipe in others:
        changed = {k for k, v in asdict(recipe).items() if v != asdict(base)[k]}
        assert changed in (
            {"network"},
            {"augmentation"},
            {"ema"},
            {"label_smoothing"},
            {"optimizer", "learning_rate", "weight_decay"},
        )
        assert build_fernet(**recipe.network).output_shape == (None, 7)


def test_the_fifth_block_is_the_one_the_reference_removed():
    """The paper has 64-128-256-256-512, the reference 64-128-256-512."""
    base = replace(TINY, network={"filters": (64, 128, 256, 512)})
    assert variants(base)["fifth block"].network["filters"] == (64, 128, 256, 256, 512)


def test_the_table_is_carried_on(tmp_path, capsys):
    recipes = {"plain": TINY, "wide, flat": replace(TINY, network={"filters": (4, 3)})}
    faces, few = shades(14), {"epochs": 1, "seeds": 2}
    table = run_ablation(
        faces, faces, tmp_path, recipes={"plain": recipes["plain"]}, **few
    )
    first = table.read_text()
    capsys.readouterr()
    run_ablation(faces, faces, tmp_path, recipes=recipes, **few)
    printed = capsys.readouterr().out
    assert printed.count("epoch 1:") == 1  # of "wide, flat" alone
    assert table.read_text().startswith(first)
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["variant"] for row in rows] == ["plain", "plain", "wide, flat"]
    assert rows[0]["seed"] != rows[1]["seed"]
    expected = build_fernet(**recipes["wide, flat"].network).count_params()
    assert int(rows[2]["parameters"]) == expected
    assert all(0 <= float(row["choose_accuracy"]) <= 1 for row in rows)
