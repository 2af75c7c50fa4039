"""Checks and hints for the exercises of lecture 07.

Each function looks at what the reader's answer *does*, prints one line that begins
with "✓" or with "Not yet:", and returns nothing. It never raises for a wrong answer.
"""

import copy

import numpy as np

from course_utils.exercises.answers import call, done, kind, not_yet, number, numbers

__all__ = [
    "check_counter",
    "check_forget_bias",
    "check_from_tf1",
    "check_weight_count",
]

COUNT_WITHIN = 0.3  # how far the counter may be off
LONGEST = 30  # steps


def check_weight_count(count):
    """Exercise 1: how many weights and biases an LSTM has.

    Parameters
    ----------
    count : callable (inputs, units) → int
    """
    sizes = [(28, 128), (3, 5), (7, 1)]
    found = []
    for inputs, units in sizes:
        answer, problem = call(count, inputs, units)
        if problem:
            return not_yet(problem)
        if answer.size != 1:
            return not_yet("the answer must be one number for each pair of sizes.")
        found.append(answer.item())

    def is_count(formula):
        return np.allclose(found, [formula(m, n) for m, n in sizes])

    if is_count(lambda m, n: 4 * n * (m + n + 1)):
        return done("four blocks, each with inputs, outputs fed back and a bias.")
    if is_count(lambda m, n: n * (m + n + 1)):
        hint = "this is a simple RNN. How many blocks of weights has the LSTM?"
    elif is_count(lambda m, n: 3 * n * (m + n + 1)):
        hint = "three gates, right, and the candidate for the cell has weights too."
    elif is_count(lambda m, n: 4 * n * (m + n)):
        hint = "the biases are missing."
    elif is_count(lambda m, n: 4 * n * (m + n + 2)):
        hint = "each unit of each block has one bias; this counts two."
    elif is_count(lambda m, n: 4 * n * (m + 1)):
        hint = "the recurrent weights U, from units to units, are missing."
    elif is_count(lambda m, n: 4 * (m * n + n * n + 1)):
        hint = "there is a bias for every unit of a block, not one for the block."
    else:
        hint = (
            "not the number of weights. Count W, U and b of one gate, then the blocks."
        )
    return not_yet(hint)


def check_forget_bias(bias):
    """Exercise 2: the forget-gate bias that leaves one half after some steps.

    Parameters
    ----------
    bias : callable (steps) → float
    """
    steps = np.array([1, 5, 40])
    found = []
    for n in steps:
        answer, problem = call(bias, int(n))
        if problem:
            return not_yet(problem)
        if number(answer if answer.size != 1 else answer.item()) is None:
            return not_yet(
                f"for {n} steps your function must return one finite number."
            )
        found.append(answer.item())
    found = np.array(found)
    gate = 0.5 ** (1 / steps)
    logit = np.log(gate) - np.log1p(-gate)
    if np.allclose(_sigmoid(found) ** steps, 0.5, atol=1e-4):
        return done("one half is left, after 1, 5 and 40 steps.")
    if np.allclose(found, gate):
        hint = "this is the value of the gate. Which bias makes the sigmoid give it?"
    elif np.allclose(found, -logit, atol=1e-6):
        hint = "the sign: a forget gate near 1 keeps, and that takes a large bias."
    elif np.allclose(found, np.log(gate)):
        hint = "this inverts exp. The inverse of the sigmoid is ln(f / (1 − f))."
    elif np.allclose(found, found[0]):
        hint = "one bias for any number of steps? Longer gaps need a larger bias."
    else:
        left = (_sigmoid(found) ** steps)[-1]
        hint = (
            f"after 40 steps {left:.2g} is left, not 0.5. Solve σ(b)^steps = 0.5, "
            "first for σ(b), then for b."
        )
    return not_yet(hint)


def check_from_tf1(convert):
    """Exercise 3: a BasicLSTMCell's kernel and bias as Keras' three arrays.

    Parameters
    ----------
    convert : callable (kernel, bias, inputs) → (W, U, b)
        kernel is float64 of shape (inputs + units, 4·units), bias (4·units,), with
        the blocks i, c, f, o; the old cell adds 1 to the forget gate.
    """
    inputs, units = 3, 2
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(size=(inputs + units, 4 * units)), rng.normal(size=8)
    shapes = [(inputs, 4 * units), (units, 4 * units), (4 * units,)]
    arrays, problem = _three_arrays(convert, (kernel, bias, inputs), shapes)
    if problem:
        return not_yet(problem)
    x = rng.normal(size=(5, 6, inputs))
    wanted = _tf1_outputs(x, kernel, bias)
    if np.allclose(_outputs(x, *arrays), wanted, atol=1e-8):
        return done("Keras' equations with your arrays give the old cell's outputs.")

    def is_answer(order=(0, 2, 1, 3), added=1, block=1, swapped=False):
        b = _blocks(bias, order)
        b[block * units : (block + 1) * units] += added
        cut = units if swapped else inputs
        W, U = (_blocks(rows, order) for rows in (kernel[:cut], kernel[cut:]))
        guess = (U, W, b) if swapped else (W, U, b)
        return all(map(np.allclose, arrays, guess))

    if is_answer(order=(0, 1, 2, 3), added=0):
        hint = "the arrays are only cut. The blocks must change places: i, f, c, o."
    elif is_answer(order=(0, 1, 2, 3), block=2) or is_answer(order=(0, 1, 2, 3)):
        hint = "the blocks stand in the old order still; Keras wants i, f, c, o."
    elif is_answer(added=0):
        hint = "the order is right. What did the old cell add to the forget gate?"
    elif is_answer(block=2):
        hint = "the 1 went to the candidate: the forget gate is the second block now."
    elif is_answer(swapped=True) or is_answer(swapped=True, added=0):
        hint = "W and U come from the wrong rows: those of the input stand above."
    elif is_answer(added=-1):
        hint = "the 1 has the wrong sign: it was added to the forget gate."
    else:
        hint = (
            "the outputs differ from the old cell's. Cut the rows into W and U, put "
            "the blocks as i, f, c, o, and add the 1 that the old cell added by itself."
        )
    return not_yet(hint)


def check_counter(answer):
    """Exercise 4: twelve numbers that make an LSTM's cell count ones.

    Parameters
    ----------
    answer : dict
        ``"W"``, ``"U"`` and ``"b"``, four numbers each, for i, f, c, o.
    """
    weights, problem = _twelve(answer)
    if problem:
        return not_yet(problem)
    rng = np.random.default_rng(0)
    bits = (rng.uniform(size=(200, LONGEST)) < rng.uniform(size=(200, 1))).astype(float)
    bits[0], bits[1] = 0, 1
    cells = _cells(bits, *weights)
    off = np.abs(cells - bits.cumsum(axis=1))
    if off.max() <= COUNT_WITHIN:
        return done("the cell counts the ones, in 200 sequences and after every step.")
    one = np.zeros((1, LONGEST))
    one[0, 0] = 1
    after_one = _cells(one, *weights)[0]
    if abs(cells[0]).max() > COUNT_WITHIN:
        hint = (
            "the cell moves although it reads only zeros. For x = 0 input gate times "
            "candidate must be almost nothing."
        )
    elif abs(after_one[0] - 1) > 0.05:
        hint = (
            f"a single one makes the cell {after_one[0]:.2f}, not 1: open the input "
            "gate and push the candidate's tanh to its end."
        )
    elif np.any(weights[1] != 0):
        hint = (
            "a single one is counted, then the output comes back through U and "
            "disturbs the gates. Do you need U at all?"
        )
    elif abs(after_one[-1] - after_one[0]) > 0.1:
        hint = (
            "the cell forgets: of a single one too little is left in the end. Which "
            "bias keeps the forget gate near 1?"
        )
    else:
        hint = (
            f"the count is off by up to {off.max():.2f}. Each one adds a little too "
            "much or too little; make the gates more decided."
        )
    return not_yet(hint)


def _sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def _blocks(array, order):
    """The four blocks of the last axis in this order."""
    return np.concatenate([np.split(array, 4, axis=-1)[k] for k in order], axis=-1)


def _outputs(x, W, U, b):
    """Outputs (n, steps, units) of Keras' LSTM, blocks i, f, c, o."""
    h = c = np.zeros((len(x), len(U)))
    outputs = []
    for t in range(x.shape[1]):
        i, f, new, o = np.split(x[:, t] @ W + h @ U + b, 4, axis=-1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(new)
        h = _sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, axis=1)


def _tf1_outputs(x, kernel, bias, forget_bias=1.0):
    """Outputs (n, steps, units) of TensorFlow 1's BasicLSTMCell, blocks i, c, f, o."""
    h = c = np.zeros((len(x), len(bias) // 4))
    outputs = []
    for t in range(x.shape[1]):
        z = np.concatenate([x[:, t], h], axis=1) @ kernel + bias
        i, new, f, o = np.split(z, 4, axis=-1)
        c = c * _sigmoid(f + forget_bias) + _sigmoid(i) * np.tanh(new)
        h = np.tanh(c) * _sigmoid(o)
        outputs.append(h)
    return np.stack(outputs, axis=1)


def _three_arrays(convert, arguments, shapes):
    """(arrays, None) or (None, a hint)."""
    if not callable(convert):
        return (
            None,
            "the answer must be a function; keep the line that begins with def.",
        )
    try:
        result = convert(*copy.deepcopy(arguments))
    except Exception as error:  # whatever a reader's code may raise
        first_line = str(error).strip().partition("\n")[0]
        return None, f"your function stops with {type(error).__name__}: {first_line}"
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        return None, f"return three arrays, W, U and b, not {kind(result)}."
    arrays = [numbers(array) for array in result]
    if any(array is None for array in arrays):
        return None, "W, U and b must be arrays of finite numbers."
    found = [array.shape for array in arrays]
    if found != shapes:
        return None, f"the shapes are {found}; Keras wants {shapes}."
    return arrays, None


def _twelve(answer):
    """((W, U, b), None) with four numbers each, or (None, a hint)."""
    if not isinstance(answer, dict):
        return None, f"my_counter must be a dictionary, not {kind(answer)}."
    for name in ("W", "U", "b"):
        values = numbers(answer.get(name))
        if values is None or values.shape != (4,):
            return None, f"my_counter[{name!r}] must be four numbers, for i, f, c, o."
    return tuple(numbers(answer[name]) for name in ("W", "U", "b")), None


def _cells(bits, w, u, b):
    """The cell of one unit after every step: (n, steps)."""
    h = c = np.zeros(len(bits))
    cells = []
    for x in bits.T:
        i, f, new, o = (x * w[k] + h * u[k] + b[k] for k in range(4))
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(new)
        h = _sigmoid(o) * np.tanh(c)
        cells.append(c)
    return np.stack(cells, axis=1)
