"""Learning rates of lecture 41, on other points and other digits than its own.

Spirals: the mean share of new points read right. Ten starts: the share of points that
the best start reads right, plus the mean share. Digits: validation accuracy of the
whole network. Each is a mean over the seeds; of equals the smallest rate is taken.
"""

import keras
import numpy as np

from course_tools.excerpt import from_lecture

SEEDS = (1001, 1002)  # no run of the notebook has them
RATES = (0.01, 0.02, 0.05, 0.1)
DIGIT_RATES = (0.001, 0.003, 0.01)
KINDS = {
    "dense": (0.001, 0.003, 0.01),
    "convolutional": (0.003, 0.006, 0.012),
    "recurrent": (0.003, 0.01, 0.03),
}


def points(seed):
    """At each rate: three networks on spirals, one on moons, four on disc and ring."""
    names = ("train", "values", "spirals", "moons", "disc_and_ring", "HIDDEN", "WIDTHS")
    train, values, spirals, moons, ring, hidden, widths = from_lecture(
        "41", *names, seed=seed
    )
    draw = np.random.default_rng(seed)
    known, new = spirals(400, draw), spirals(1000, draw)
    moon, disc = moons(400, draw), ring(1000, draw)

    def right(layers, data, judged, rate, runs):
        net = train((2, *layers, 1), *data, rate, runs=runs)
        return np.mean((values(judged[0], net)[-1] > 0) == judged[1], axis=(1, 2))

    found = []
    for rate in RATES:
        starts = [right((2, 2), moon, moon, rate, 10)]
        starts += [right(w, disc, disc, rate, 10) for w in widths]
        means = [right(h, known, new, rate, 3).mean() for h in hidden.values()]
        found.append(means + [one.max() + one.mean() for one in starts])
    return np.transpose(found)  # networks, rates


def reading(seed):
    """Validation accuracy at each rate of the network that is read layer by layer."""
    names = ("train", "values", "sizes", "x_digit", "y_digit", "x_check", "digits")
    train, values, sizes, x, y, new, digits = from_lecture("41", *names, seed=seed)
    nets = [train(sizes, x, y, rate, steps=480, batch=50) for rate in DIGIT_RATES]
    scores = [values(new, net)[-1] for net in nets]
    return [np.mean(z.argmax(axis=-1) == digits.y_validation) for z in scores]


def kinds(seed):
    """Validation accuracy of the three kinds, in order and shuffled, at each rate.

    A kind is compiled once: each training gives it new weights, a new rate and an
    optimizer that remembers nothing.
    """
    names = ("trained", "network", "shuffled", "digits")
    trained, network, shuffled, digits = from_lecture("41", *names, seed=seed)
    found = []
    for kind, rates in KINDS.items():
        model, _ = trained(kind, np.asarray, rates[0])
        for arrange in (np.asarray, shuffled):
            known, new = arrange(digits.x_train), arrange(digits.x_validation)
            found.append([])
            for rate in rates:
                keras.utils.set_random_seed(seed)
                model.set_weights(network(kind).get_weights())
                for variable in model.optimizer.variables:
                    variable.assign(np.zeros(variable.shape))
                model.optimizer.learning_rate = rate
                model.fit(known, digits.y_train, 50, epochs=4, verbose=0)
                answers = np.asarray(model(new)).argmax(axis=1)
                found[-1].append(np.mean(answers == digits.y_validation))
    return found


def choose():
    """The best of each grid, and what was measured."""
    on_points = np.mean([points(seed) for seed in SEEDS], axis=0)
    on_digits = np.mean([reading(seed) for seed in SEEDS], axis=0)
    by_kind = np.mean([kinds(seed) for seed in SEEDS], axis=0)
    best = [RATES[k] for k in on_points.argmax(axis=1)]
    pairs = by_kind.argmax(axis=1).reshape(3, 2)
    constants = {
        "SPIRAL_RATES": best[:3],
        "MOON_RATE": best[3],
        "RING_RATES": best[4:],
        "DIGIT_RATE": DIGIT_RATES[int(on_digits.argmax())],
        "KIND_RATES": {
            kind: [rates[k] for k in pair]
            for (kind, rates), pair in zip(KINDS.items(), pairs, strict=True)
        },
    }
    found = {"points": on_points, "layer by layer": on_digits, "kinds": by_kind}
    return {
        "constants": constants,
        "found": {name: array.round(4).tolist() for name, array in found.items()},
    }
