"""Facts about Keras' Inception-v3 that lecture 12 rests on, counted independently.

The lecture counts layers; this counts the operations of the traced graph too. The
multiply-adds of the table were worked out by hand from the sizes of the kernels.
"""

import math
from collections import Counter

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from course_utils.exercises.lecture_12 import MIXED4, check_cheap_module
from course_utils.vision import imagenet_classes

#: Last layer of a part, its layers, its output, its parameters, its multiply-adds.
PARTS = [
    ("max_pooling2d_1", 18, (35, 35, 192), 173_072, 1_340_779_616),
    ("mixed0", 23, (35, 35, 256), 256_368, 312_345_600),
    ("mixed1", 23, (35, 35, 288), 277_968, 338_688_000),
    ("mixed2", 23, (35, 35, 288), 285_648, 348_096_000),
    ("mixed3", 14, (17, 17, 768), 1_153_920, 401_937_408),
    ("mixed4", 32, (17, 17, 768), 1_298_944, 374_063_104),
    ("mixed5", 32, (17, 17, 768), 1_692_736, 487_702_528),
    ("mixed6", 32, (17, 17, 768), 1_692_736, 487_702_528),
    ("mixed7", 32, (17, 17, 768), 2_143_872, 617_914_368),
    ("mixed8", 20, (8, 8, 1280), 1_699_584, 291_004_416),
    ("mixed9", 31, (8, 8, 2048), 5_047_872, 322_437_120),
    ("mixed10", 31, (8, 8, 2048), 6_080_064, 388_497_408),
    ("predictions", 2, (1000,), 2_049_000, 2_048_000),
]
LAYERS, PARAMETERS, WORK = 313, 23_851_784, 5_713_216_096


@pytest.fixture(scope="module")
def model():
    keras.utils.clear_session()  # names such as max_pooling2d_1 count from here
    return keras.applications.InceptionV3(weights=None)


@pytest.fixture(scope="module")
def graph(model):
    image = tf.TensorSpec((1, 299, 299, 3), tf.float32)
    return tf.function(model).get_concrete_function(image).graph


@pytest.fixture(scope="module")
def convolutions(graph):
    """(height, width, channels, filters, places) of each in the graph."""
    found = [op for op in graph.get_operations() if op.type == "Conv2D"]
    return [(*op.inputs[1].shape, math.prod(op.outputs[0].shape[1:3])) for op in found]


def test_the_table_adds_up():
    _, number, _, parameters, work = zip(*PARTS, strict=True)
    assert (sum(number), sum(parameters), sum(work)) == (LAYERS, PARAMETERS, WORK)


def test_parts_are_as_in_the_table(model):
    place = {layer.name: i for i, layer in enumerate(model.layers)}
    start = 0
    for name, number, output, parameters, work in PARTS:
        part = model.layers[start : (start := place[name] + 1)]
        found = [layer for layer in part if hasattr(layer, "kernel")]
        shapes = [(*layer.kernel.shape, *layer.output.shape[1:-1]) for layer in found]
        assert len(part) == number, name
        assert part[-1].output.shape[1:] == output, name
        assert sum(layer.count_params() for layer in part) == parameters, name
        assert sum(map(math.prod, shapes)) == work, name
    assert start == len(model.layers)


def test_the_graph_holds_the_same_work(convolutions):
    assert sum(map(math.prod, convolutions)) + 2048 * 1000 == WORK


def test_the_profiler_counts_two_operations_for_each(graph):
    tf.get_logger().setLevel("ERROR")
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    node = tf.compat.v1.profiler.profile(graph, cmd="op", options=options)
    total, by_kind = node.total_float_ops, {}
    while node.children:  # a chain, one kind of operation after another
        (node,) = node.children
        by_kind[node.name] = node.float_ops
    assert by_kind["Conv2D"] == 2 * (WORK - 2_048_000)
    assert by_kind["MatMul"] == 2 * 2_048_000
    assert 2 * WORK < total < 1.005 * 2 * WORK


def test_kinds_of_kernels(convolutions):
    sizes = Counter(shape[:2] for shape in convolutions)
    assert sum(sizes.values()) == 94
    assert (sizes[1, 7], sizes[7, 1], sizes[5, 5], sizes[7, 7]) == (13, 13, 3, 0)


def test_convolution_normalisation_relu(model, graph):
    kinds = Counter(type(layer) for layer in model.layers)
    threes = layers.Conv2D, layers.BatchNormalization, layers.Activation
    assert [kinds[kind] for kind in threes] == [94] * 3
    assert 3 * 94 / LAYERS > 0.9  # "nine tenths"
    assert kinds[layers.Concatenate] == 15
    nodes = Counter(node.op for node in graph.as_graph_def().node)
    assert [nodes[op] for op in ("Conv2D", "Rsqrt", "Relu")] == [94] * 3
    assert not any(a.use_bias for a in model.layers if isinstance(a, layers.Conv2D))
    normalised = [a for a in model.layers if isinstance(a, layers.BatchNormalization)]
    assert not any(layer.scale for layer in normalised)
    averages = sum(math.prod(weight.shape) for weight in model.non_trainable_weights)
    assert averages == 2 * sum(layer.beta.shape[0] for layer in normalised)


def test_weights_are_fed_to_the_graph_and_not_in_it(model, graph):
    assert len(graph.captures) == len(model.weights)


def test_rows_and_columns_of_three_stand_side_by_side(graph):
    """In the last two modules 1×3 and 3×1 read the same input."""
    found = [op for op in graph.get_operations() if op.type == "Conv2D"]
    narrow = [op for op in found if set(op.inputs[1].shape[:2]) == {1, 3}]
    assert list(Counter(op.inputs[0].name for op in narrow).values()) == [2] * 4


def test_a_head_on_all_places_holds_five_times_the_network(model):
    *_, height, width, channels = model.get_layer("mixed10").output.shape
    assert 5 < (height * width * channels + 1) * 1000 / PARAMETERS < 6


def test_the_auxiliary_classifier_adds_much_to_the_weights_and_little_to_the_work():
    """The paper's: 14 % of the parameters, a thousandth of the work."""
    side = keras.Input((17, 17, 768))
    x = layers.AveragePooling2D(5, strides=3)(side)
    for filters, kernel in ((128, 1), (768, 5)):
        x = layers.Conv2D(filters, kernel, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(scale=False)(x))
    assert x.shape == (None, 1, 1, 768)
    x = layers.Dense(1000, "softmax")(layers.Flatten()(x))
    auxiliary = keras.Model(side, x)
    work = 25 * 768 * 128 + 25 * 128 * 768 + 768 * 1000
    assert round(100 * auxiliary.count_params() / PARAMETERS) == 14
    assert round(1000 * work / WORK) == 1


def test_a_recipe_of_the_exercise_is_counted_as_keras_counts_it(capsys):
    """Weights by Keras' layers, and what is seen by the gradient."""
    branches = [[(64, 1), (256, 1)], [(48, (1, 7)), (256, (7, 3))], [(0, 3), (256, 1)]]
    x = keras.Input((17, 17, 768))
    ends = []
    for steps in branches:
        y = x
        for filters, window in steps:
            if filters:
                y = layers.Conv2D(filters, window, padding="same", use_bias=False)(y)
            else:
                y = layers.AveragePooling2D(window, strides=1, padding="same")(y)
        ends.append(y)
    module = keras.Model(x, layers.Concatenate()(ends))
    picture = tf.Variable(np.random.default_rng(0).random((1, 17, 17, 768), "float32"))
    with tf.GradientTape() as tape:
        middle = tf.reduce_sum(module(picture)[0, 8, 8])
    moved = np.abs(tape.gradient(middle, picture)[0]).sum(axis=-1) > 0
    seen = check_cheap_module.see[0](branches)
    assert seen["percent"] == pytest.approx(
        100 * 17**2 * module.count_params() / MIXED4
    )
    assert seen["channels"] == module.output.shape[-1]
    assert seen["height"] == moved.any(axis=1).sum()
    assert seen["width"] == moved.any(axis=0).sum()


def test_a_graph_can_be_written_for_tensorboard(graph, tmp_path):
    """The table's `tf.summary.graph`."""
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        tf.summary.graph(graph)
    writer.close()
    (log,) = tmp_path.iterdir()
    *_, record = tf.data.TFRecordDataset(str(log))
    event = tf.compat.v1.Event.FromString(record.numpy())
    written = tf.compat.v1.GraphDef.FromString(event.graph_def)
    assert len(written.node) == len(graph.as_graph_def().node)


def test_classes_of_imagenet():
    classes = imagenet_classes()
    numbers = [one.wordnet for one in classes]
    assert len(classes) == 1000
    assert numbers == sorted(numbers)  # so subjects and dogs stand together
