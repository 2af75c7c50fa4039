"""The bundled network, EfficientNet-Lite0, in Keras."""

import io

import numpy as np

from course_utils.data import read_bundled

__all__ = ["efficientnet_lite0", "trained_efficientnet_lite0"]

#: Of each stage: blocks, kernel size, stride of the first block, expansion, channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def efficientnet_lite0(classes=1000, input_size=224):
    """EfficientNet-Lite0: inverted bottlenecks with ReLU6, no squeeze-and-excitation.

    A block widens its input six times with 1×1 kernels, filters each channel by itself
    (depthwise), and narrows the result with 1×1 kernels that no activation follows.
    Where the size stays the same, its input is added.

    Parameters
    ----------
    classes : int
        Outputs of the softmax layer.
    input_size : int
        Height and width of the input in pixels.

    Returns
    -------
    keras.Model
        Takes float32 of shape (n, input_size, input_size, 3), red, green and blue as
        (x − 127) / 128 of 0…255; gives probabilities of shape (n, classes). Weights
        are random. Layers are named ``stem_…``, ``block1a_…`` to ``block7a_…``,
        ``top_…``, ``avg_pool`` (the 1,280 features) and ``predictions``.

    References
    ----------
    Tan and Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural
    Networks*, ICML 2019; the Lite variants are Google's, 2020.
    """
    import keras
    from keras import layers

    def normalised(x, name, relu=True):
        x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
        return layers.ReLU(6.0, name=f"{name}_relu")(x) if relu else x

    def conv(x, channels, name, kernel=1, stride=1, relu=True):
        x = layers.Conv2D(
            channels, kernel, stride, "same", use_bias=False, name=f"{name}_conv"
        )(x)
        return normalised(x, name, relu)

    def block(x, channels, kernel, stride, expansion, name):
        before = x
        if expansion > 1:
            x = conv(x, expansion * x.shape[-1], f"{name}_expand")
        x = layers.DepthwiseConv2D(
            kernel, stride, "same", use_bias=False, name=f"{name}_depthwise_conv"
        )(x)
        x = normalised(x, f"{name}_depthwise")
        x = conv(x, channels, f"{name}_project", relu=False)
        if before.shape == x.shape:
            x = layers.Add(name=f"{name}_add")([before, x])
        return x

    images = keras.Input((input_size, input_size, 3), name="images")
    x = conv(images, 32, "stem", kernel=3, stride=2)
    for stage, (blocks, kernel, stride, expansion, channels) in enumerate(STAGES, 1):
        for i in range(blocks):
            name = f"block{stage}{'abcd'[i]}"
            x = block(x, channels, kernel, 1 if i else stride, expansion, name)
    x = conv(x, 1280, "top")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(0.2, name="top_dropout")(x)
    x = layers.Dense(classes, "softmax", name="predictions")(x)
    return keras.Model(images, x, name="efficientnet_lite0")


def trained_efficientnet_lite0():
    """`efficientnet_lite0` with the weights that come with the course, of ImageNet."""
    content = read_bundled("efficientnet_lite0.npz")
    model = efficientnet_lite0()
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        for weight in model.weights:
            weight.assign(arrays[weight.path].astype(np.float32))
    return model
