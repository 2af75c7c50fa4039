"""The three optimizers of TensorFlow 1 that Keras lacks, as Keras optimizers.

All three add penalties to the cost: λ₁·|w| and λ₂·w²/2 for every weight w. They do not
take the penalties' gradient, as a regularizer in a layer does, but step to where the
penalised model of the cost is smallest. That step lands on zero *exactly* for weights
that are not worth λ₁, so the trained weights are truly sparse.

The update rules and the defaults are those of TensorFlow's own kernels
(``ResourceApplyAdagradDA``, ``ResourceApplyProximalGradientDescent``,
``ResourceApplyProximalAdagrad``), with three differences:

- Sparse gradients, as an `Embedding` layer gives them, are made dense first: each step
  treats every row, also those with no example in the batch. TensorFlow's sparse
  kernels leave such rows as they are.
- Weights in float16 or bfloat16, for which TensorFlow has no kernel, are updated in
  float32, and what is accumulated for them is float32.
- As everywhere in Keras, the learning rate is a float32 number. For float64 weights it
  is rounded first (0.1 becomes 0.100000001…).

References
----------
.. [1] J. Duchi, E. Hazan, Y. Singer: Adaptive subgradient methods for online learning
   and stochastic optimization. JMLR 12, 2011. https://jmlr.org/papers/v12/duchi11a.html
.. [2] J. Duchi, Y. Singer: Efficient online and batch learning using forward backward
   splitting (FOBOS). JMLR 10, 2009. https://jmlr.org/papers/v10/duchi09a.html
.. [3] H. B. McMahan: Follow-the-regularized-leader and mirror descent: equivalence
   theorems and L1 regularization. AISTATS 2011.
   https://proceedings.mlr.press/v15/mcmahan11b.html
"""

import math
import numbers

import keras
from keras import ops

__all__ = ["AdagradDA", "ProximalAdagrad", "ProximalGradientDescent"]


class _PenalisedOptimizer(keras.optimizers.Optimizer):
    """What the three have in common: two penalties, and the number types of a step."""

    _numbers = ()  # names of the arguments that are plain numbers

    def __init__(
        self,
        learning_rate,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        **options,
    ):
        if isinstance(learning_rate, numbers.Real):
            _check_number("learning_rate", learning_rate)
        super().__init__(learning_rate=learning_rate, **options)
        self._keep("l1_regularization_strength", l1_regularization_strength)
        self._keep("l2_regularization_strength", l2_regularization_strength)

    def _keep(self, name, value, *, positive=False):
        setattr(self, name, _check_number(name, value, positive=positive))
        self._numbers += (name,)

    def get_config(self):
        own = {name: getattr(self, name) for name in self._numbers}
        return super().get_config() | own

    def _add_accumulators(self, variables, name, start):
        """One optimizer variable per weight array, every element equal to `start`."""
        initializer = keras.initializers.Constant(start)
        return [
            self.add_variable(
                variable.shape,
                initializer,
                dtype=_step_dtype(variable),
                name=f"{variable.path.replace('/', '_')}_{name}",
            )
            for variable in variables
        ]

    def _operands(self, gradient, variable, learning_rate):
        """Gradient (dense), weights and rate, all of the type in which to compute."""
        if hasattr(gradient, "indices"):  # tf.IndexedSlices
            gradient = ops.add(ops.zeros(variable.shape, gradient.dtype), gradient)
        dtype = _step_dtype(variable)
        return [ops.cast(x, dtype) for x in (gradient, variable, learning_rate)]

    def _shrink(self, weights, rate):
        """The w that minimises (w - weights)²/(2·rate) + λ₁·|w| + λ₂·w²/2."""
        thresholded = _soft_threshold(weights, rate * self.l1_regularization_strength)
        return thresholded / (1.0 + rate * self.l2_regularization_strength)


@keras.saving.register_keras_serializable(package="course_utils")
class ProximalGradientDescent(_PenalisedOptimizer):
    """Gradient descent, then soft thresholding: forward-backward splitting [2]_.

    With gradient g, learning rate η and penalties λ₁, λ₂::

        v = w - η·g
        w = sign(v)·max(|v| - η·λ₁, 0) / (1 + η·λ₂)

    Without penalties this is `keras.optimizers.SGD`.

    Parameters
    ----------
    learning_rate : float, schedule or callable
        η, not negative; a `LearningRateSchedule` or a function of no argument gives it.
    l1_regularization_strength, l2_regularization_strength : float
        λ₁ and λ₂, not negative.
    **options
        What every Keras optimizer takes: `weight_decay`, `clipnorm`, `use_ema`…

    Raises
    ------
    ValueError
        If an argument is not a number, not finite or out of its range.
    """

    def update_step(self, gradient, variable, learning_rate):
        gradient, weights, rate = self._operands(gradient, variable, learning_rate)
        self.assign(variable, self._shrink(weights - rate * gradient, rate))


@keras.saving.register_keras_serializable(package="course_utils")
class ProximalAdagrad(_PenalisedOptimizer):
    """Adagrad's step, then soft thresholding with Adagrad's rates [1]_ [2]_.

    Each weight has its own learning rate η/√G, where G sums its squared gradients g²::

        G = G + g²
        v = w - η/√G · g
        w = sign(v)·max(|v| - η/√G · λ₁, 0) / (1 + η/√G · λ₂)

    Without penalties this is `keras.optimizers.Adagrad` with ``epsilon=0``.

    Parameters
    ----------
    initial_accumulator_value : float
        G before the first step, positive.
    learning_rate, l1_regularization_strength, l2_regularization_strength, **options
        As in `ProximalGradientDescent`; so are the errors.
    """

    def __init__(
        self,
        learning_rate,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        **options,
    ):
        penalties = (l1_regularization_strength, l2_regularization_strength)
        super().__init__(learning_rate, *penalties, **options)
        start = initial_accumulator_value
        self._keep("initial_accumulator_value", start, positive=True)

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self._squares = self._add_accumulators(
                variables, "accumulator", self.initial_accumulator_value
            )

    def update_step(self, gradient, variable, learning_rate):
        gradient, weights, rate = self._operands(gradient, variable, learning_rate)
        squares = self._squares[self._get_variable_index(variable)]
        self.assign_add(squares, ops.square(gradient))
        rates = rate * ops.rsqrt(squares)
        self.assign(variable, self._shrink(weights - rates * gradient, rates))


@keras.saving.register_keras_serializable(package="course_utils")
class AdagradDA(_PenalisedOptimizer):
    """Adagrad with dual averaging: weights follow from all gradients so far [1]_ [3]_.

    At step T, with the sum S of the gradients g and the sum G of their squares::

        S = S + g,  G = G + g²
        w = -η·sign(S)·max(|S| - T·λ₁, 0) / (T·η·λ₂ + √G)

    The weights before the step do not occur: after the first step the initial weights
    are forgotten. A linear model does not mind. A deep network finds itself near zero
    after its first step, so it needs a large learning rate and patience.
    TensorFlow 1 was told T as `global_step`; here the optimizer counts it.

    Parameters
    ----------
    initial_gradient_squared_accumulator_value : float
        G before the first step, positive.
    learning_rate, l1_regularization_strength, l2_regularization_strength, **options
        As in `ProximalGradientDescent`; so are the errors. A new rate rescales the
        whole sum, not just a step. `weight_decay` is a ValueError: it would change
        weights that the step does not look at.
    """

    def __init__(
        self,
        learning_rate,
        initial_gradient_squared_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        **options,
    ):
        if options.get("weight_decay") is not None:
            raise ValueError(
                "weight_decay has no effect on AdagradDA, whose weights follow from "
                "the gradients alone: use l2_regularization_strength"
            )
        penalties = (l1_regularization_strength, l2_regularization_strength)
        super().__init__(learning_rate, *penalties, **options)
        start = initial_gradient_squared_accumulator_value
        self._keep("initial_gradient_squared_accumulator_value", start, positive=True)

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self._sums = self._add_accumulators(variables, "gradient_accumulator", 0.0)
            self._squares = self._add_accumulators(
                variables,
                "gradient_squared_accumulator",
                self.initial_gradient_squared_accumulator_value,
            )

    def update_step(self, gradient, variable, learning_rate):
        gradient, _, rate = self._operands(gradient, variable, learning_rate)
        index = self._get_variable_index(variable)
        total, squares = self._sums[index], self._squares[index]
        self.assign_add(total, gradient)
        self.assign_add(squares, ops.square(gradient))
        step = ops.cast(self.iterations + 1, gradient.dtype)
        pull = _soft_threshold(-total, step * self.l1_regularization_strength)
        stiffness = step * self.l2_regularization_strength * rate + ops.sqrt(squares)
        self.assign(variable, rate * pull / stiffness)


def _soft_threshold(values, threshold):
    """Values moved towards zero by the threshold; those within it become exactly 0."""
    values = ops.convert_to_tensor(values)
    return values - ops.clip(values, -threshold, threshold)


def _step_dtype(variable):
    """The type in which a variable's step is computed: at least float32."""
    dtype = keras.backend.standardize_dtype(variable.dtype)
    return "float32" if dtype in ("float16", "bfloat16") else dtype


def _check_number(name, value, *, positive=False):
    """The value as a float, if it is a finite number in its range."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise ValueError(f"{name} must be a number, not {value!r}")
    if not (math.isfinite(value) and (value > 0 if positive else value >= 0)):
        wanted = "positive" if positive else "zero or positive"
        raise ValueError(f"{name} must be {wanted} and finite, not {value!r}")
    return float(value)
