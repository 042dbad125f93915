import numpy as np
import pytest

import striate
from striate import layers, ops
from support import numpy_reference
from support.layer_contract import check_layer
from support.traced import value_and_gradients

rng = np.random.default_rng(1)
TRANSPOSED = [layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose]

WRONG = [
    ({"filters": 0}, r"`filters` must be a positive integer. Received: filters=0"),
    ({"kernel_size": 0}, r"`kernel_size` must be a positive integer or a tuple"),
    ({"strides": -1}, r"`strides`.*strides=-1"),
    ({"padding": "foo"}, r"The `padding` argument must be a list/tuple or one of \{'valid', 'same'\}.*Received: foo"),
    ({"output_padding": 1}, r"`output_padding` must be None, or .*smaller than the stride.*output_padding=1, strides="),
    ({"output_padding": -1}, r"Received: output_padding=-1"),
    ({"output_padding": (0, 0, 0, 0)}, r"Received: output_padding=\(0, 0, 0, 0\)"),
    ({"output_padding": "same"}, r"Received: output_padding='same'"),
    ({"data_format": "channels_first"}, r"data_format='channels_first' comes in a later version"),
    ({"kernel_regularizer": "l2"}, r"`kernel_regularizer` comes in a later version"),
    ({"activation": "foo"}, r"Unknown activation: 'foo'. Known: .*relu"),
]


@pytest.mark.parametrize("cls", TRANSPOSED)
def test_contract(cls):
    sizes = (4, 3, 2)[: cls.rank]
    grown = tuple(n + 2 for n in sizes)
    check_layer(cls, {"filters": 3, "kernel_size": 3}, (2, *sizes, 2), (2, *grown, 3), weights=2, wrong=WRONG)
    check_layer(
        cls,
        {
            "filters": 5,
            "kernel_size": 3,
            "strides": 2,
            "padding": "same",
            "output_padding": 0,
            "use_bias": False,
            "activation": "tanh",
        },
        (2, *sizes, 1),
        (2, *(2 * n - 1 for n in sizes), 5),
        weights=1,
    )


def keras_size(n, kernel, stride, padding, output_padding, dilation):
    """The size and what is cut off before, as Keras documents them."""
    reach = (kernel - 1) * dilation + 1
    if padding == "valid":
        return (n - 1) * stride + reach + (max(stride - reach, 0) if output_padding is None else output_padding), 0
    size = n * stride if output_padding is None else (n - 1) * stride + reach % 2 + output_padding
    return size, max((n - 1) * stride + reach - size, 0) // 2


@pytest.mark.parametrize("cls", TRANSPOSED)
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "output_padding", "dilation"),
    [
        (1, 1, "valid", None, 1),
        (2, 2, "valid", None, 1),
        (3, 2, "valid", None, 1),
        (3, 2, "valid", 1, 1),
        (2, 3, "valid", None, 1),
        (2, 3, "valid", 0, 1),
        (3, 1, "same", None, 1),
        (3, 2, "SAME", None, 1),
        (3, 2, "same", 0, 1),
        (3, 2, "same", 1, 1),
        (4, 2, "same", None, 1),
        (4, 2, "same", 1, 1),
        (1, 2, "same", None, 1),
        (2, 2, "valid", None, 2),
        (3, 1, "same", None, 2),
        (3, 3, "same", 2, 2),
    ],
)
@pytest.mark.parametrize(("channels", "filters"), [(1, 1), (3, 17)])
def test_against_loops(cls, kernel, stride, padding, output_padding, dilation, channels, filters):
    rank = cls.rank
    sizes = (4, 3, 5)[:rank]
    x = rng.normal(size=(2, *sizes, channels)).astype("float32")
    layer = cls(
        *(filters, kernel, stride, padding, output_padding),
        dilation_rate=dilation,
        bias_initializer="random_normal",
        activation="relu",
    )
    y = np.asarray(layer(x))
    grown, before = zip(
        *(keras_size(n, kernel, stride, padding.lower(), output_padding, dilation) for n in sizes), strict=True
    )
    weights, bias = layer.get_weights()
    assert weights.shape == (*(kernel,) * rank, filters, channels)
    expected = numpy_reference.conv_transpose(x, weights, (stride,) * rank, before, (dilation,) * rank, grown)
    expected = np.maximum(expected + bias, 0)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-5 * max(1, np.abs(expected).max()))


def test_explicit_padding_cuts_the_output():
    x = rng.normal(size=(1, 4, 5, 2)).astype("float32")
    whole = layers.Conv2DTranspose(3, 4, 2)
    y = np.asarray(whole(x))
    cut = layers.Conv2DTranspose(3, 4, 2, padding=((1, 2), (0, 3)))
    cut.build(x.shape)
    cut.set_weights(whole.get_weights())
    np.testing.assert_array_equal(cut(x), y[:, 1:-2, :-3])


def test_example_worked_by_hand():
    x = np.float32([[1, 2], [3, 4]])[None, :, :, None]
    kernel = np.arange(1, 10, dtype="float32").reshape(3, 3, 1, 1)
    assert np.asarray(ops.conv_transpose(x, kernel, strides=2))[0, :, :, 0].tolist() == [
        [1, 2, 5, 4, 6],
        [4, 5, 14, 10, 12],
        [10, 14, 36, 24, 30],
        [12, 15, 34, 20, 24],
        [21, 24, 55, 32, 36],
    ]


@pytest.mark.parametrize(
    ("sizes", "kernel", "options"),
    [
        ((5,), (3,), {"strides": 2, "padding": "same"}),
        ((3, 2), (2, 2), {"strides": 2}),
        ((3, 2), (3, 2), {"strides": (1, 3), "dilation_rate": (2, 1), "output_padding": (0, 1)}),
        ((2, 1, 3), (2, 1, 3), {"strides": 2, "padding": "same"}),
    ],
)
def test_gradients_are_the_slopes(sizes, kernel, options):
    x = rng.normal(size=(2, *sizes, 3))
    weights = rng.normal(size=(*kernel, 2, 3))

    def transposed(x, w):
        return ops.conv_transpose(x, w, **options)

    weighting = rng.normal(size=np.shape(transposed(x, weights)))
    _, gradients = value_and_gradients(transposed, [x, weights], weighting)

    def loss(arrays):
        return float((np.asarray(transposed(*arrays)) * weighting).sum())

    step = 1e-5
    for which, gradient in enumerate(gradients):
        slopes = np.zeros(gradient.shape)
        for place in np.ndindex(gradient.shape):
            ahead, behind = [x.copy(), weights.copy()], [x.copy(), weights.copy()]
            ahead[which][place] += step
            behind[which][place] -= step
            slopes[place] = (loss(ahead) - loss(behind)) / (2 * step)
        np.testing.assert_allclose(gradient, slopes, rtol=0, atol=1e-6 * np.abs(slopes).max())


def test_undoes_the_shape_of_a_convolution_and_is_its_transpose():
    x, y = rng.normal(size=(2, 7, 6, 3)), rng.normal(size=(2, 4, 3, 5))
    kernel = rng.normal(size=(3, 3, 3, 5))
    forth = np.asarray(ops.conv(x, kernel, strides=2, padding=((1, 1), (1, 0))))
    back = np.asarray(ops.conv_transpose(y, kernel, strides=2, padding=((1, 1), (1, 0))))
    assert forth.shape == y.shape
    assert back.shape == x.shape
    np.testing.assert_allclose((forth * y).sum(), (back * x).sum(), rtol=1e-12)


def test_nothing_as_large_as_the_result_is_kept_for_its_shape():
    image = striate.Input((64, 64, 8))
    model = striate.Model(image, layers.Conv2DTranspose(8, 2, 2, use_bias=False)(image))
    model.compile("sgd", "mse")
    kept = model.memory(batch_size=1)
    assert kept.arena < 128 * 128 * 8 * 4, kept


def test_any_size_of_image():
    image = striate.Input((None, None, 2))
    model = striate.Model(image, layers.Conv2DTranspose(3, 3, 2, padding="same")(image))
    assert model.output_shape == (None, None, None, 3)
    for size in (4, 7):
        assert model.predict(np.zeros((1, size, size + 1, 2)), verbose=0).shape == (1, 2 * size, 2 * size + 2, 3)


def test_a_result_without_cells_is_refused():
    with pytest.raises(ValueError, match=r'axis 1 of x.shape.*becomes 0.*padding="explicit"'):
        layers.Conv2DTranspose(1, 2, padding=1)(np.zeros((1, 1, 1, 1), "float32"))
    with pytest.raises(ValueError, match=r"Use less padding or more output_padding"):
        layers.Conv1DTranspose(1, 4, 2, "same", 0)(np.zeros((1, 3, 1), "float32"))


def test_invalid_usage():
    with pytest.raises(ValueError, match=r"expected ndim=4, found ndim=3"):
        layers.Conv2DTranspose(1, 2)(np.zeros((1, 4, 4), "float32"))
    layer = layers.Conv2DTranspose(1, 2)
    layer(np.zeros((1, 4, 4, 3), "float32"))
    with pytest.raises(ValueError, match=r"expected axis -1 of input shape to have value 3"):
        layer(np.zeros((1, 4, 4, 2), "float32"))
    with pytest.raises(ValueError, match=r"\[conv_transpose\].*has 2 channels but kernel.*takes 3"):
        ops.conv_transpose(np.zeros((1, 4, 4, 2), "float32"), np.zeros((2, 2, 1, 3), "float32"))
