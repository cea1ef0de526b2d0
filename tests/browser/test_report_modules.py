"""The page's pure functions in the real browser, beside NumPy."""

import zlib

import numpy as np
import pytest
import synthetic
from page_text import bytes_of

from inspector.report.html.base85 import encode
from inspector.report.html.blobs import Blob
from inspector.report.html.steps import in_steps


def test_attention(call):
    random = np.random.default_rng(1)
    q, k = random.normal(size=(5, 7)), random.normal(size=(6, 7))
    got = call(
        "attention/maths",
        "Array.from(m.attention(...x.map((v) => Float32Array.from(v)), 5, 6, 0.3, null))",
        [q.ravel().tolist(), k.ravel().tolist()],
    )
    np.testing.assert_allclose(np.reshape(got, (5, 6)), synthetic.softmax(q @ k.T * 0.3), atol=1e-6)


def test_attention_leaves_hidden_keys_out(call):
    random = np.random.default_rng(2)
    q, k = random.normal(size=(4, 3)), random.normal(size=(4, 3))
    got = call(
        "attention/maths",
        "Array.from(m.attention(...x.map((v) => Float32Array.from(v)), 4, 4, 1, (i, j) => j <= i))",
        [q.ravel().tolist(), k.ravel().tolist()],
    )
    scores = np.where(np.tril(np.ones((4, 4), bool)), q @ k.T, -np.inf)
    np.testing.assert_allclose(np.reshape(got, (4, 4)), synthetic.softmax(scores), atol=1e-6)


def test_share_of_a_row_without_anything_positive_is_the_identity(call):
    got = call(
        "attention/maths",
        "Array.from(m.share({rows: 2, cols: 2, data: Float32Array.from([-1, -2, 3, 1])}).data)",
    )
    assert got == [1, 0, 0.75, 0.25]


def test_pooling_keeps_what_is_farthest_from_zero(call):
    data = np.arange(36.0).reshape(6, 6) - 20
    got = call(
        "attention/window",
        "Array.from(m.poolFarthest({rows: 6, cols: 6, data: Float32Array.from(x)}, 3, 2).data)",
        data.ravel().tolist(),
    )
    expected = []
    for i in range(3):
        for j in range(2):
            patch = data[2 * i : 2 * i + 2, 3 * j : 3 * j + 3].ravel()
            expected.append(max(patch, key=abs))
    assert got == expected


@pytest.mark.parametrize("length", [0, 1, 5, 1000])
def test_crc32(call, length):
    content = bytes(i * 7 % 256 for i in range(length))
    assert call("shared/decode", "m.crc32(Uint8Array.from(x))", list(content)) == zlib.crc32(
        content
    )


def test_halves(call):
    every = np.arange(65536, dtype=np.uint16)
    planes = [*(every & 255).tolist(), *(every >> 8).tolist()]
    got = call(
        "shared/numbers", "Array.from(m.joinPlanes(Uint8Array.from(x), {dtype: 'float16'}))", planes
    )
    expected = every.view(np.float16).astype(float)
    np.testing.assert_array_equal([np.nan if v is None else v for v in got], expected)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5, 1023])
def test_text_back_to_bytes(call, length):
    """What Python writes is what its own Ascii85 reads, and what the page reads."""
    data = np.random.default_rng(length).bytes(length)
    text = encode(data)
    assert len(text) == length + -(-length // 4)
    assert bytes_of(text) == data
    assert not set(text) & set("<>&\"'`\\")
    assert bytes(call("shared/base85", "Array.from(m.fromBase85(x))", text)) == data


@pytest.mark.parametrize("text", ["0", "000000", "00<00", "0000\u00e9", "00 00"])
def test_text_that_stands_for_no_bytes(call, text):
    assert (
        call(
            "shared/base85",
            "(() => { try { m.fromBase85(x); return ''; } catch (e) { return e.name; } })()",
            text,
        )
        == "RangeError"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5000000"), (0, "0"), (-1.25e-7, "−1.250e−7"), (None, "–"), (12.5, "12.50000")],
)
def test_numbers(call, value, text):
    assert call("shared/format", "m.exact(x)", value) == text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_on_a_tint_stay_readable(call, theme):
    """WCAG AA on every step of the ramp that a word may stand on."""
    pairs = call(
        "shared/colour",
        "(() => { document.documentElement.dataset.theme = x; const r = m.currentRamp('amount');"
        " return Array.from({length: 192}, (_, i) =>"
        " [Array.from(r.slice(i * 3, i * 3 + 3)), m.inkOn(r, i)]); })()",
        theme,
    )

    def luminance(rgb):
        c = [
            v / 255 / 12.92 if v / 255 <= 0.04045 else ((v / 255 + 0.055) / 1.055) ** 2.4
            for v in rgb
        ]
        return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]

    for rgb, ink in pairs:
        light, dark = sorted([luminance(rgb), 1.0 if ink == "#ffffff" else 0.0], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_numbers_in_steps(call):
    rng = np.random.default_rng(5)
    query, key = (rng.normal(3, 5, (heads, 40, 8)).astype(np.float32) for heads in (4, 2))
    for rounded in in_steps(query, key, 0.3, 1 / 300):
        planes = [*b"".join(Blob.pack_steps("x", rounded).planes)]
        got = call(
            "shared/numbers",
            "Array.from(m.joinPlanes(Uint8Array.from(x[0]), {dtype: 'steps', shape: x[1]}))",
            [planes, list(rounded.shape)],
        )
        np.testing.assert_array_equal(np.float32(got).reshape(rounded.shape), rounded.numbers)
