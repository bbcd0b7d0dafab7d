"""One order of the seven expressions, and every set's ids translated once."""

import pytest

from fer_course import labels

ORDER = ("anger", "happy", "sad", "fear", "neutral", "disgust", "surprise")


def test_the_order_is_the_courses():
    assert labels.EXPRESSIONS == ORDER


@pytest.mark.parametrize("table", ["COLORS", "HATCHES"])
def test_every_expression_looks_different(table):
    looks = getattr(labels, table)
    assert set(looks) == set(ORDER)
    assert len(set(looks.values())) == 7


@pytest.mark.parametrize(
    "table", ["FER2013_IDS", "FERPLUS_COLUMNS", "RAFDB_IDS", "AFFECTNET_IDS"]
)
def test_every_set_knows_all_seven_once(table):
    values = [name for name in getattr(labels, table).values() if name]
    assert sorted(values) == sorted(ORDER)


def test_ids_of_the_sets_authors():
    assert labels.FER2013_IDS[3] == "happy" and labels.FER2013_IDS[6] == "neutral"
    assert labels.RAFDB_IDS[1] == "surprise" and labels.RAFDB_IDS[6] == "anger"
    assert labels.AFFECTNET_IDS[0] == "neutral" and labels.AFFECTNET_IDS[7] is None


def test_index():
    assert [labels.index(name) for name in ORDER] == list(range(7))
    with pytest.raises(ValueError, match=r"'joy' is not .* anger, happy, sad"):
        labels.index("joy")
