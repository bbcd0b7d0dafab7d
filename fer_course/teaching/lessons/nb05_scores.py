"""Notebook 05, exercise 3: macro-F1 and class weights."""

import numpy as np

from fer_course.teaching.exercises import (
    Case,
    Exercise,
    Mutant,
    Property,
    Slip,
    judge_function,
    seeded_cases,
)


def rare_classes(confusion):
    """Return (macro_f1, weights) of the classes that occur among the labels.

    Args:
        confusion: (K, K) int, rows labels, columns predictions.

    Returns:
        the mean F1 of the classes whose row is not empty; and (K,) weights that give
        each of them the same share of the loss, 1 for a face on average, 0 where no
        face has the class.
    """
    right = np.diag(confusion)
    occurs, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    present = occurs > 0
    f1 = 2 * right[present] / (occurs + predicted)[present]
    weights = np.zeros(len(occurs))
    weights[present] = occurs.sum() / (present.sum() * occurs[present])
    return float(f1.mean()), weights


def _macro_f1(confusion):
    return rare_classes(confusion)[0]


def _weights(confusion):
    return rare_classes(confusion)[1]


def _over_all_classes(confusion):
    right = np.diag(confusion)
    both = confusion.sum(axis=1) + confusion.sum(axis=0)
    return float((2 * right / np.maximum(both, 1)).mean()), _weights(confusion)


def _weighted_by_faces(confusion):
    right = np.diag(confusion)
    occurs, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = 2 * right / np.maximum(occurs + predicted, 1)
    return float((f1 * occurs).sum() / occurs.sum()), _weights(confusion)


def _mean_recall(confusion):
    occurs = confusion.sum(axis=1)
    recall = np.diag(confusion)[occurs > 0] / occurs[occurs > 0]
    return float(recall.mean()), _weights(confusion)


def _plain_accuracy(confusion):
    return float(np.trace(confusion) / confusion.sum()), _weights(confusion)


def _weights_not_scaled(confusion):
    occurs = confusion.sum(axis=1)
    weights = np.zeros(len(occurs))
    weights[occurs > 0] = 1 / occurs[occurs > 0]
    return _macro_f1(confusion), weights


def _weights_over_all_classes(confusion):
    occurs = confusion.sum(axis=1)
    share = (occurs > 0).mean()  # present of all classes
    return _macro_f1(confusion), _weights(confusion) * share


def _weights_by_predictions(confusion):
    return _macro_f1(confusion), _weights(confusion.T)


def _weights_infinite(confusion):
    occurs = confusion.sum(axis=1)
    with np.errstate(divide="ignore"):
        weights = occurs.sum() / ((occurs > 0).sum() * occurs)
    return _macro_f1(confusion), weights


def _mean_precision(confusion):
    present, predicted = confusion.sum(axis=1) > 0, confusion.sum(axis=0)
    precision = np.diag(confusion) / np.maximum(predicted, 1)
    return float(precision[present].mean()), _weights(confusion)


def _harmonic_mean_of_means(confusion):
    precision, recall = _mean_precision(confusion)[0], _mean_recall(confusion)[0]
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0, _weights(confusion)


def _without_the_two(confusion):
    return _macro_f1(confusion) / 2, _weights(confusion)


def _never_right_left_out(confusion):
    """Precision is 0 / 0 for a class never predicted, and nanmean drops it."""
    right = np.diag(confusion)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = right / confusion.sum(axis=1)
        precision = right / confusion.sum(axis=0)
        f1 = 2 * precision * recall / (precision + recall)
    return float(np.nanmean(f1)), _weights(confusion)


def _weights_over_seven(confusion):
    share = (confusion.sum(axis=1) > 0).sum() / 7
    return _macro_f1(confusion), _weights(confusion) * share


def _weights_from_the_largest(confusion):
    occurs = confusion.sum(axis=1)
    weights = np.zeros(len(occurs))
    weights[occurs > 0] = occurs.max() / occurs[occurs > 0]
    return _macro_f1(confusion), weights


def _weights_sum_to_one(confusion):
    weights = _weights(confusion)
    return _macro_f1(confusion), weights / weights.sum()


def _by_loop(confusion):
    """The same through precision and recall, class by class."""
    values, weights = [], np.zeros(len(confusion))
    present = [k for k in range(len(confusion)) if confusion[k].sum()]
    for k in present:
        recall = confusion[k, k] / confusion[k].sum()
        precision = confusion[k, k] / max(confusion[:, k].sum(), 1)
        both = precision + recall
        values.append(2 * precision * recall / both if both else 0.0)
        weights[k] = confusion.sum() / confusion[k].sum() / len(present)
    return float(np.mean(values)), weights


def _random_confusion(rng):
    classes = int(rng.integers(2, 8))
    matrix = rng.integers(0, 30, (classes, classes))
    matrix[rng.integers(classes)] *= rng.integers(0, 2)
    matrix[0, 0] += 1
    return Case("a random confusion matrix", (matrix,))


RARE_CLASSES = Exercise(
    id="05.3",
    title="macro-F1 and class weights",
    stars=2,
    reference=rare_classes,
    judge=judge_function(
        (
            Case(
                "two classes",
                (np.array([[3, 1], [2, 5]]),),
                expected=((6 / 9 + 10 / 13) / 2, np.array([11 / 8, 11 / 14])),
                rule="F1 = 2 · right / (labels + predictions), then the mean; a weight "
                "is all faces / (classes · faces of the class)",
            ),
            Case(
                "a class that no face has",
                (np.array([[3, 1, 0], [2, 3, 1], [0, 0, 0]]),),
                rule="a class without a label is left out of the mean, weighs 0 and is "
                "not counted among the classes",
            ),
            Case(
                "a class that occurs and is never predicted",
                (np.array([[9, 0], [1, 0]]),),
                expected=(9 / 19 * 2 / 2, np.array([10 / 18, 10 / 2])),
                rule="a class that is never right counts as 0",
            ),
            *seeded_cases(_random_confusion),
        ),
        rare_classes,
        properties=(
            Property(
                "the order of the classes does not matter to macro-F1",
                lambda f: bool(
                    np.isclose(
                        f(np.array([[5, 2, 1], [0, 7, 3], [4, 1, 6]]))[0],
                        f(np.array([[6, 1, 4], [3, 7, 0], [1, 2, 5]]))[0],
                    )
                ),
            ),
        ),
        slips=(
            Slip("This mean counts a class that no face has as 0.", _over_all_classes),
            Slip("This mean weights each class by its faces.", _weighted_by_faces),
            Slip("This is the mean recall: precision is missing.", _mean_recall),
            Slip("This is the accuracy.", _plain_accuracy),
            Slip("This is the mean precision: recall is missing.", _mean_precision),
            Slip(
                "This joins the mean precision and the mean recall: F1 of each class "
                "first, then the mean.",
                _harmonic_mean_of_means,
            ),
            Slip("The factor 2 of F1 is missing.", _without_the_two),
            Slip(
                "A class that is never right is 0 / 0 here and fell out of the mean.",
                _never_right_left_out,
            ),
            Slip(
                "These weights divide by 7: count the classes that occur.",
                _weights_over_seven,
            ),
            Slip(
                "These weights make the most frequent class 1, not the mean face.",
                _weights_from_the_largest,
            ),
            Slip(
                "These weights add up to 1: a face shall weigh 1 on average.",
                _weights_sum_to_one,
            ),
            Slip(
                "These weights are 1 / faces: a face weighs 1 on average only where "
                "they are multiplied by faces / classes.",
                _weights_not_scaled,
            ),
            Slip(
                "These weights divide by all classes: count those that occur.",
                _weights_over_all_classes,
            ),
            Slip(
                "These weights count the columns, the predictions.",
                _weights_by_predictions,
            ),
            Slip(
                "A class that no face has weighs infinity: give it 0.",
                _weights_infinite,
            ),
        ),
    ),
    hints=(
        "Which sums of the matrix are labels, which are predictions?",
        "Rows add up to labels, columns to predictions; F1 is twice the diagonal "
        "over both; average the classes whose row is not empty. A weight is the share "
        "that a class should have, over the share that it has.",
        "A mask of rows with a sum above 0, a division of masked arrays, a mean; "
        "weights of zeros, filled where the mask is true.",
    ),
    why=(
        "55 disgust faces of 3,589 cannot move the accuracy; in macro-F1 they are a "
        "seventh. Twice the right ones over labels and predictions is the harmonic "
        "mean of precision and recall.",
        "A class that no label has can have no recall, so it stays out; the faces "
        "wrongly called so already cost their own classes.",
        "With these weights each class makes the same part of the loss, and the loss "
        "keeps its size, so that the learning rate still fits.",
    ),
    wrong_turn="Averaging over all seven columns punishes a network for a class that "
    "the part does not contain.",
    mutants=(
        Mutant("absent class as 0", _over_all_classes, "wrong value", "as 0"),
        Mutant("weighted", _weighted_by_faces, "wrong value", "weights each class"),
        Mutant("mean recall", _mean_recall, "wrong value", "precision is missing"),
        Mutant("accuracy", _plain_accuracy, "wrong value", "accuracy"),
        Mutant("mean precision", _mean_precision, "wrong value", "recall is missing"),
        Mutant("of means", _harmonic_mean_of_means, "wrong value", "each class first"),
        Mutant("no 2", _without_the_two, "wrong value", "factor 2"),
        Mutant("0 / 0", _never_right_left_out, "wrong value", "fell out of the mean"),
        Mutant("seven", _weights_over_seven, "wrong value", "divide by 7"),
        Mutant("largest", _weights_from_the_largest, "wrong value", "most frequent"),
        Mutant("sum to 1", _weights_sum_to_one, "wrong value", "add up to 1"),
        Mutant("not scaled", _weights_not_scaled, "wrong value", "1 / faces"),
        Mutant("all classes", _weights_over_all_classes, "wrong value", "all classes"),
        Mutant("columns", _weights_by_predictions, "wrong value", "columns"),
        Mutant("infinite", _weights_infinite, "wrong value", "infinity"),
        Mutant("macro-F1 only", _macro_f1, "wrong type", "a tuple of"),
    ),
    alternatives=(_by_loop,),
)
