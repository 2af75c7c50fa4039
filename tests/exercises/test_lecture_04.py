"""The checks of lecture 04: starters fail, solutions pass, wrong answers get a hint."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.optimizers import SGD, Adagrad, Adam, RMSprop
from verdicts import hint, passes, verdict

from course_utils.exercises import lecture_04 as lecture
from course_utils.optimizers import ProximalAdagrad

# --- exercise 1: the ravine -----------------------------------------------------------


@pytest.mark.parametrize(
    "answer", [(0.075, 0.53), (0.07, 0.55), (np.float32(0.072), 0.55)]
)
def test_ravine_solutions(capsys, answer):
    assert passes(verdict(capsys, lecture.check_ravine, *answer))


def test_ravine_judges_by_what_keras_would_do(capsys):
    """The cost at the end of the solution, by Keras' own momentum."""
    w = keras.Variable(lecture.FROM_LOWEST, dtype="float64")
    optimizer = SGD(0.075, momentum=0.53)
    for _ in range(lecture.STEPS):
        optimizer.apply([tf.constant(lecture.CURVATURES * w.numpy())], [w])
    cost = 0.5 * lecture.CURVATURES @ w.numpy() ** 2
    assert cost < lecture.GOAL
    assert cost == pytest.approx(lecture._ravine_cost(0.075, 0.53), rel=1e-3)


def test_ravine_cannot_be_done_without_momentum(capsys):
    for rate in np.linspace(0.001, 0.0499, 50):
        assert hint(verdict(capsys, lecture.check_ravine, rate, 0.0), "momentum")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((0.045, 0.0), "Give it some momentum"),  # the starter
        ((0.06, 0.0), "runs away"),
        ((0.2, 0.9), "runs away"),
        ((0.05, 0.95), "swings"),
        ((0.01, 0.3), "a larger rate"),
        ((0.064, 0.3), "a smaller rate or more momentum"),
        ((0.05, 1.0), "share of the velocity"),
        ((0.05, -0.5), "share of the velocity"),
        ((0.0, 0.5), "nothing moves"),
        ((-0.1, 0.5), "nothing moves"),
        ((None, 0.5), "one finite number"),
        (("0.1", 0.5), "one finite number"),
        ((0.1, [0.5]), "one finite number"),
        ((float("nan"), 0.5), "one finite number"),
        ((10**400, 0.5), "one finite number"),
        ((True, False), "one finite number"),
    ],
)
def test_ravine_hints(capsys, answer, words):
    assert hint(verdict(capsys, lecture.check_ravine, *answer), words)


# --- exercise 2: Nesterov -------------------------------------------------------------


def solution(g, memory, rate, beta=0.9):
    memory["v"] = beta * memory.get("v", 0) - rate * g
    return beta * memory["v"] - rate * g


def test_nesterov_solution_is_keras_rule(capsys):
    assert passes(verdict(capsys, lecture.check_nesterov, solution))
    w, memory, place = keras.Variable([0.0, 1.0]), {}, np.array([0.0, 1.0])
    optimizer = SGD(0.2, momentum=0.8, nesterov=True)
    for g in np.random.default_rng(0).normal(size=(5, 2)):
        optimizer.apply([tf.constant(g, tf.float32)], [w])
        place = place + solution(g, memory, 0.2, beta=0.8)
    np.testing.assert_allclose(w.numpy(), place, rtol=1e-5)


def plain_momentum(g, memory, rate, beta=0.9):
    memory["v"] = beta * memory.get("v", 0) - rate * g
    return memory["v"]


def uphill(g, memory, rate, beta=0.9):
    return -solution(g, memory, rate, beta)


def forgetful(g, memory, rate, beta=0.9):
    return beta * (-rate * g) - rate * g


def keeps_the_step(g, memory, rate, beta=0.9):
    v = beta * memory.get("v", 0) - rate * g
    memory["v"] = beta * v - rate * g
    return memory["v"]


def no_second_gradient(g, memory, rate, beta=0.9):
    memory["v"] = beta * memory.get("v", 0) - rate * g
    return beta * memory["v"]


def other_default(g, memory, rate, beta=0.5):
    return solution(g, memory, rate, beta)


def no_return(g, memory, rate, beta=0.9):
    memory["v"] = -rate * g


def no_beta(g, memory, rate):
    return -rate * g


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda g, memory, rate, beta=0.9: -rate * g, "plain gradient descent"),
        (plain_momentum, "plain momentum"),
        (uphill, "sign is wrong"),
        (forgetful, "Keep the velocity"),
        (keeps_the_step, "first step is right"),
        (no_second_gradient, "must be −0.36"),
        (other_default, "default beta=0.9"),
        (no_return, "Does the function return it?"),
        (no_beta, "TypeError"),
        (lambda g, memory, rate, beta=0.9: "step", "ValueError"),
        (lambda g, memory, rate, beta=0.9: g[:2], "same shape"),
        (lambda g, memory, rate, beta=0.9: g * np.nan, "finite numbers"),
        (None, "must be a function"),
        (0.5, "must be a function"),
    ],
)
def test_nesterov_hints(capsys, answer, words):
    assert hint(verdict(capsys, lecture.check_nesterov, answer), words)


# --- exercise 3: the port -------------------------------------------------------------


def ported():
    return [
        SGD(0.05, momentum=0.9, nesterov=True),
        RMSprop(0.001, rho=0.95, epsilon=1e-10),
        Adagrad(0.3, initial_accumulator_value=0.5, epsilon=0.0),
        ProximalAdagrad(0.1, l1_regularization_strength=0.01),
    ]


def test_port_solution(capsys):
    assert passes(verdict(capsys, lecture.check_port, ported()))
    assert passes(verdict(capsys, lecture.check_port, tuple(ported())))


def test_port_asks_for_the_old_defaults():
    old = tf.compat.v1.train.RMSPropOptimizer(0.001, decay=0.95)
    assert old._epsilon == dict(lecture.LINES)["RMSprop"]["epsilon"]


@pytest.mark.parametrize(
    ("line", "answer", "words"),
    [
        (0, SGD(0.05), "line 1: momentum is 0.0"),
        (0, SGD(0.05, momentum=0.9), "line 1: nesterov is False"),
        (0, SGD(momentum=0.9, nesterov=True), "line 1: learning_rate"),
        (0, Adam(0.05), "line 1: Adam is another rule"),
        (1, RMSprop(0.001, epsilon=1e-10), "`decay` is called rho"),
        (1, RMSprop(0.001, rho=0.95), "line 2: epsilon is 1e-07"),
        (2, Adagrad(0.3, epsilon=0.0), "initial_accumulator_value is 0.1"),
        (2, Adagrad(0.3, 0.5), "line 3: epsilon"),
        (3, Adagrad(0.1), "line 4: Adagrad cannot settle an L1 penalty"),
        (3, ProximalAdagrad(0.1), "the penalty is missing"),
        (3, ProximalAdagrad(0.1, 0.01), "initial_accumulator_value is 0.01"),
        (2, "adagrad", "line 3: an optimizer is needed"),
        (2, Adagrad, "line 3: an optimizer is needed"),
        (2, None, "line 3: an optimizer is needed"),
    ],
)
def test_port_hints(capsys, line, answer, words):
    answers = ported()
    answers[line] = answer
    assert hint(verdict(capsys, lecture.check_port, answers), words)


@pytest.mark.parametrize(
    "answer", [None, [], SGD(0.05), [SGD(0.05)], {"SGD": 0.05}, "SGD"]
)
def test_port_takes_a_list_of_four(capsys, answer):
    assert hint(verdict(capsys, lecture.check_port, answer), "list of four")


def test_port_starter_fails(capsys):
    starter = [SGD(0.05), RMSprop(0.001), Adagrad(0.3), Adagrad(0.1)]
    assert hint(verdict(capsys, lecture.check_port, starter), "line 1: momentum")


# --- exercise 4: the plan -------------------------------------------------------------

GRID = [0.0001, 0.001, 0.01, 0.1]
GOOD = {
    "rates": {"SGD": GRID, "Adam": GRID},
    "chosen_on": "validation",
    "reported_on": "test",
    "starts": 5,
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"starts": np.int64(3)},
        {"rates": {"SGD": np.array(GRID), "Adam": tuple(GRID), "Ftrl": GRID}},
        {"rates": {"SGD": [0.01, 0.1, 1.0, 3.0], "Adam": GRID}},
    ],
)
def test_plan_solutions(capsys, change):
    assert passes(verdict(capsys, lecture.check_plan, GOOD | change))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rates": {"SGD": [0.001], "Adam": [0.001]}}, "Which of the two"),  # starter
        ({"rates": {"SGD": [0.01, 0.01, 0.01], "Adam": GRID}}, "SGD gets 1"),
        ({"rates": {"SGD": GRID, "Adam": [0.01, 0.02, 0.03]}}, "close together"),
        ({"rates": {"SGD": GRID[:3], "Adam": GRID}}, "same number for each"),
        ({"rates": {"SGD": GRID}}, "at least two optimizers"),
        ({"rates": {"SGD": GRID, "Adam": [0.1, -0.1, 1]}}, "positive numbers"),
        ({"rates": {"SGD": GRID, "Adam": "many"}}, "positive numbers"),
        ({"rates": {"SGD": GRID, "Adam": np.array(0.1)}}, "gets 1"),
        ({"rates": None}, "at least two optimizers"),
        ({"chosen_on": "test"}, "too good to be true"),
        ({"chosen_on": "training"}, "memorising"),
        ({"chosen_on": None}, "must be one of"),
        ({"reported_on": "validation"}, "played no part"),
        ({"reported_on": ["test"]}, "must be one of"),
        ({"starts": 1}, "lucky initialisation"),
        ({"starts": 2.5}, "whole number"),
        ({"starts": 0}, "whole number"),
        ({"starts": "five"}, "whole number"),
    ],
)
def test_plan_hints(capsys, change, words):
    assert hint(verdict(capsys, lecture.check_plan, GOOD | change), words)


@pytest.mark.parametrize("answer", [None, [], "plan", 3, {"rates": {}}])
def test_plan_is_a_dictionary(capsys, answer):
    assert hint(verdict(capsys, lecture.check_plan, answer), "must be a dictionary")
