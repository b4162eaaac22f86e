"""What the words on the page mean, for somebody who meets them for the first time."""

from html import escape

WORDS = {
    "SNR": "signal-to-noise ratio: how much stronger the signal is than the noise; at 0 dB they "
    "are equally strong",
    "channel use (k)": "one complex number on the air; all three ways may send equally many",
    "bandwidth ratio k/n": "channel uses for each number of the image, which has three a pixel "
    "(n): the smaller, the harder",
    "PSNR": "how close the pixels are, in dB; it does not tell whether the content is still there",
    "slow, fast fading": "the strength of the signal varies, from image to image or from symbol to "
    "symbol, and the receiver knows it",
    "bars": "what a network that looks at the image takes it for, and how sure it is; ✓ and "
    "green agree with its answer for the original, ✗ does not",
    "payload": "the image as bits; what is analogue is sent as numbers instead",
    "control": "what the receiver must be told besides, taken to arrive without error",
    "weights": "the training images of the two codecs: signs, road scenes, photographs of any size "
    "(photo), or small ones of 32 x 32 pixels (cifar10-jpeg)",
    "paste, webcam": "need the clipboard and the camera, which browsers open only to pages from "
    "this machine or over https",
}


def glossary_html() -> str:
    """All of it, folded away."""
    rows = "".join(
        f"<dt>{escape(word)}</dt><dd>{escape(said)}</dd>" for word, said in WORDS.items()
    )
    return f"<details><summary>What the words mean</summary><dl>{rows}</dl></details>"
