"""Learning rates of lecture 34, on other draws of digits and other starts.

Mini-batches: the lowest mean validation loss of the last 250 of 1,200 steps.
Full batch: the lowest mean number of steps to the target.
"""

import numpy as np

from course_tools.excerpt import from_lecture

SEEDS = (1001, 1002)  # no run of the notebook has them; five starts each
CONSTANT = (0.3, 0.4, 0.6, 0.8, 1.1)
DECAYS = [(rate, r) for rate in (0.5, 0.8, 1.1) for r in (0.75, 0.85, 0.93)]
PLAIN = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
BALL = (0.1, 0.2, 0.3, 0.45, 0.6, 0.9)


def losses(seed):
    """Of weights and shadow at each constant rate, and of weights at each decay."""
    names = ("train_nets", "dynamic", "judged")
    train_nets, dynamic, judged = from_lecture("34", *names, seed=seed)

    def last(*arguments, **options):
        looks = train_nets(*arguments, look=25, measure=judged, **options)
        return looks[-10:, :, 1].mean(axis=(0, 2))

    both = [last(rate, 1200, shadows=[dynamic(0.99)]) for rate in CONSTANT]
    raw, shadow = np.transpose(both)
    decayed = [last(rate, 1200, r=r)[0] for rate, r in DECAYS]
    return np.concatenate([raw, shadow, decayed])


def counts(seed):
    """Steps to the target, without momentum and with 0.9, at each rate."""
    run, count = from_lecture("34", "full_batch", "steps_needed", seed=seed)
    settings = [(rate, 0.0) for rate in PLAIN] + [(rate, 0.9) for rate in BALL]
    return [count(run(*setting)).mean() for setting in settings]


def choose():
    """The best of each grid, by the mean over the draws."""
    means = np.mean([losses(seed) for seed in SEEDS], axis=0)
    raw, shadow, decayed = np.split(means, [len(CONSTANT), 2 * len(CONSTANT)])
    plain, ball = np.split(np.mean([counts(seed) for seed in SEEDS], axis=0), [6])
    rate, r = DECAYS[int(np.argmin(decayed))]
    constants = {
        "RAW_RATE": CONSTANT[int(np.argmin(raw))],
        "SHADOW_RATE": CONSTANT[int(np.argmin(shadow))],
        "DECAY_RATE": rate,
        "DECAY_R": r,
        "PLAIN_RATE": PLAIN[int(np.argmin(plain))],
        "BALL_RATE": BALL[int(np.argmin(ball))],
    }
    tried = {
        "weights": (CONSTANT, raw),
        "shadow": (CONSTANT, shadow),
        "decay": (DECAYS, decayed),
        "without momentum": (PLAIN, plain),
        "momentum 0.9": (BALL, ball),
    }
    found = {
        name: {
            str(point): round(float(value), 4)
            for point, value in zip(*pair, strict=True)
        }
        for name, pair in tried.items()
    }
    return {"constants": constants, "found": found}
