"""Checks and hints for the exercises of lecture 04.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import math
import numbers

import numpy as np

from course_utils.exercises.answers import done, not_yet

__all__ = ["check_nesterov", "check_plan", "check_port", "check_ravine"]

CURVATURES = np.array([1.0, 40.0])
FROM_LOWEST = np.array([-4.5, 1.0])
GOAL, STEPS = 1e-6, 60


def check_ravine(rate, momentum):
    """Exercise 1: a rate and a momentum that reach the floor of the ravine in time.

    Parameters
    ----------
    rate, momentum : float
        η > 0 and 0 ≤ β < 1.
    """
    rate, momentum = _number(rate), _number(momentum)
    if rate is None or momentum is None:
        return not_yet("give my_rate and my_momentum one finite number each.")
    if rate <= 0:
        return not_yet("with a rate of 0 or less nothing moves downhill.")
    if not 0 <= momentum < 1:
        return not_yet(
            "β is the share of the velocity that is kept: from 0 up to, but not "
            "including, 1."
        )
    if rate * CURVATURES.max() >= 2 * (1 + momentum):
        return not_yet(
            f"the steep direction runs away: with curvature {CURVATURES.max():g} and "
            f"β = {momentum:g} the rate must stay below 2(1 + β)/40 = "
            f"{(1 + momentum) / 20:.3g}."
        )
    cost = _ravine_cost(rate, momentum)
    if cost < GOAL:
        return done(f"the cost falls below {GOAL:g} in {STEPS} steps.")
    if momentum == 0:
        return not_yet(
            f"the cost is still {cost:.1e}. Without momentum each rate that the steep "
            "direction allows is too small for the flat one. Give it some momentum."
        )
    slow, fast = _direction_factors(rate, momentum)
    if abs(slow - fast) < 0.01:
        return not_yet(
            f"the cost is still {cost:.1e}. With so much momentum the path swings to "
            "and fro: each step keeps √β of the swing. Less momentum lets it settle."
        )
    which = "flat" if slow > fast else "steep"
    advice = "a larger rate" if which == "flat" else "a smaller rate or more momentum"
    return not_yet(
        f"the cost is still {cost:.1e}, because of the {which} direction. Try {advice}."
    )


def _ravine_cost(rate, momentum):
    place, velocity = FROM_LOWEST.copy(), np.zeros(2)
    for _ in range(STEPS):
        velocity = momentum * velocity - rate * CURVATURES * place
        place = place + velocity
    return float(0.5 * CURVATURES @ place**2)


def _direction_factors(rate, momentum):
    """By how much a step shrinks the flat and the steep direction in the long run."""
    return [
        np.abs(np.roots([1, rate * curvature - 1 - momentum, momentum])).max()
        for curvature in CURVATURES
    ]


def check_nesterov(rule):
    """Exercise 2: Nesterov's momentum as an update rule.

    Parameters
    ----------
    rule : callable (g, memory, rate, beta=0.9) → step
        g is a float64 array of shape (3,); memory a dictionary that is kept.
    """
    if not callable(rule):
        return not_yet("nesterov must be a function of g, memory, rate and beta.")
    gradients = np.random.default_rng(0).normal(size=(6, 3))
    ours, problem = _steps_of(rule, gradients, 0.2, beta=0.8)
    if problem:
        return not_yet(problem)
    reference, plain, old_velocity, v = [], [], [], np.zeros(3)
    for g in gradients:
        old_velocity.append(0.8 * v - 0.2 * g)
        v = 0.8 * v - 0.2 * g
        plain.append(v)
        reference.append(0.8 * v - 0.2 * g)
    if np.allclose(ours, reference):
        return _judge_default(rule, gradients)
    if np.allclose(ours, -np.array(reference)):
        return not_yet("the sign is wrong: the step must go against the gradient.")
    if np.allclose(ours, plain):
        return not_yet(
            "this is plain momentum: the step is the new velocity itself. Nesterov "
            "lets that velocity act once more: β·v − η·g with the new v."
        )
    if np.allclose(ours, -0.2 * gradients):
        return not_yet("this is plain gradient descent: where does memory come in?")
    if np.allclose(ours, -(0.2 + 0.8 * 0.2) * gradients):
        return not_yet(
            "every step depends on the present gradient only. Keep the velocity for "
            'the next step: memory["v"] = …, and start it at 0.'
        )
    if np.allclose(ours[0], reference[0]):
        return not_yet(
            "the first step is right, a later one is not. Is the velocity in memory "
            "updated as in momentum, and is it the velocity that is kept, not the step?"
        )
    return not_yet(
        f"for g = 1 and η = 0.2, β = 0.8 the first step must be −0.36; yours is "
        f"{ours[0, 0] / gradients[0, 0]:.3g}."
    )


def _judge_default(rule, gradients):
    """β = 0.9 must be what the rule takes if nothing is said."""
    ours, problem = _steps_of(rule, gradients, 0.2)
    if problem:
        return not_yet(problem)
    named, _ = _steps_of(rule, gradients, 0.2, beta=0.9)
    if not np.allclose(ours, named):
        return not_yet("right, but keep the default beta=0.9 of the other rules.")
    return done("six steps as SGD(momentum=β, nesterov=True) takes them.")


def _steps_of(rule, gradients, rate, **constants):
    """(steps, None), or (None, what is wrong)."""
    memory, steps = {}, []
    for g in gradients:
        try:
            step = np.asarray(rule(g.copy(), memory, rate, **constants), dtype=float)
        except Exception as error:  # whatever a reader's function may raise
            return None, f"nesterov stops with {type(error).__name__}: {error}"
        if step.shape != g.shape or not np.isfinite(step).all():
            return None, (
                f"for g of shape {g.shape} the step must be finite numbers of the same "
                f"shape; yours has shape {step.shape}. Does the function return it?"
            )
        steps.append(step)
    return np.array(steps), None


LINES = (
    ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    ("RMSprop", {"learning_rate": 0.001, "rho": 0.95, "epsilon": 1e-10}),
    (
        "Adagrad",
        {"learning_rate": 0.3, "initial_accumulator_value": 0.5, "epsilon": 0.0},
    ),
    (
        "ProximalAdagrad",
        {"learning_rate": 0.1, "initial_accumulator_value": 0.1}
        | {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.0},
    ),
)
HINTS = {
    "momentum": "TensorFlow 1's second argument was the momentum; today it is 0 unless "
    "it is named",
    "nesterov": "`use_nesterov` has a shorter name today",
    "rho": "`decay` is called rho today",
    "epsilon": "the default of epsilon changed: what was it in TensorFlow 1 (Adagrad "
    "had none at all)?",
    "l1_regularization_strength": "the penalty is missing, and with it the zeros",
}


def check_port(optimizers):
    """Exercise 3: four optimizers of TensorFlow 1 as they are written today.

    Parameters
    ----------
    optimizers : sequence of four keras.optimizers.Optimizer
    """
    if not isinstance(optimizers, (list, tuple)) or len(optimizers) != len(LINES):
        return not_yet("my_optimizers must be a list of four optimizers.")
    for number, (optimizer, (name, wanted)) in enumerate(
        zip(optimizers, LINES, strict=True), 1
    ):
        hint = _judge_port(optimizer, name, wanted)
        if hint:
            return not_yet(f"line {number}: {hint}.")
    return done("four lines ported, old defaults included.")


def _judge_port(optimizer, name, wanted):
    """A hint for a wrong line, None for the right one."""
    try:
        config = optimizer.get_config()
        kind = type(optimizer).__name__
    except Exception:  # a string, a class, None …
        return "an optimizer is needed, such as SGD(0.05), not its name or class"
    if kind != name:
        if name == "ProximalAdagrad":
            return (
                f"{kind} cannot settle an L1 penalty; course_utils.optimizers has the "
                "class that does"
            )
        return f"{kind} is another rule; look up the name in the table above"
    for key, value in wanted.items():
        found = config.get(key)
        if not isinstance(found, numbers.Real) or not math.isclose(
            found, value, rel_tol=1e-6
        ):
            reason = HINTS.get(key, f"the old line sets it to {value:g}")
            return f"{key} is {found!r}; {reason}"
    return None


def check_plan(plan):
    """Exercise 4: a fair comparison of two optimizers, as a plan.

    Parameters
    ----------
    plan : dict
        "rates": dict of optimizer name to list of rates; "chosen_on" and
        "reported_on": "training", "validation" or "test"; "starts": int.
    """
    keys = {"rates", "chosen_on", "reported_on", "starts"}
    if not isinstance(plan, dict) or not keys <= set(plan):
        return not_yet(f"my_plan must be a dictionary with the keys {sorted(keys)}.")
    hint = _judge_rates(plan["rates"]) or _judge_data(plan) or _judge_starts(plan)
    return not_yet(hint) if hint else done("a comparison that one can believe.")


def _judge_rates(rates):
    if not isinstance(rates, dict) or len(rates) < 2:
        return "rates must name at least two optimizers with a list of rates each."
    for name, values in rates.items():
        numbers_given = [_number(value) for value in _as_list(values)]
        if not numbers_given or None in numbers_given or min(numbers_given) <= 0:
            return f"rates[{name!r}] must be a list of positive numbers."
        if len(set(numbers_given)) < 3:
            return (
                f"{name} gets {len(set(numbers_given))} learning rate(s) to choose "
                "from. Which of the two optimizers that suits is luck: give several."
            )
        if max(numbers_given) / min(numbers_given) < 100:
            return (
                f"the rates of {name} lie close together. The best rates in the "
                "lecture differ by more than a factor of 100: span at least that."
            )
    counts = {len(set(_as_list(values))) for values in rates.values()}
    if len(counts) > 1:
        return "who may try more rates wins more often: the same number for each."
    return None


def _judge_data(plan):
    known = ("training", "validation", "test")
    for key in ("chosen_on", "reported_on"):
        if plan[key] not in known:
            return f"{key} must be one of {', '.join(known)}."
    if plan["chosen_on"] == "test":
        return (
            "a rate chosen on the test data makes the test result too good to be true. "
            "Which data were set aside for choices?"
        )
    if plan["chosen_on"] == "training":
        return (
            "the training data cannot tell learning from memorising (lecture 02). "
            "Which data were set aside for choices?"
        )
    if plan["reported_on"] != "test":
        return "report on data that played no part in training or choosing."
    return None


def _judge_starts(plan):
    starts = _number(plan["starts"])
    if starts is None or starts != int(starts) or starts < 1:
        return "starts must be a whole number, 1 or more."
    if starts < 3:
        return (
            f"{int(starts)} start(s) per optimizer: one lucky initialisation moves the "
            "result by more than neighbours in the ranking differ. Take several."
        )
    return None


def _as_list(values):
    """The elements of a list, tuple or array; none of anything else."""
    if isinstance(values, np.ndarray):
        return list(values.ravel())
    return list(values) if isinstance(values, (list, tuple)) else []


def _number(value):
    """The value as a finite float, or None."""
    if not isinstance(value, numbers.Real) or isinstance(value, (bool, np.bool_)):
        return None
    try:
        value = float(value)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None
