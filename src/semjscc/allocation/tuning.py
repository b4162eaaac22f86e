"""What a sender with the policy `semantic` does: it tunes the symbols of each image.

    symbols ─► the sender's own noise ─► receiver ─► network ─► loss
       ▲                                                          │
       └────────────── a step against its gradient ◄──────────────┘

A training makes the mean semantic loss of many images small; this makes that of one image small.
The receiver is the same and is told nothing more, so it costs the sender time and no symbols.
Codecs for storage do the like with the squared error (content-adaptive optimisation: Campos et al.
2019, arXiv 1906.01223; Yang, Bamler and Mandt 2020, arXiv 2006.04240).

The loss has three parts: the squared error, over what it was; the semantic error of the network's
features, weighed by importance; and how far the network's result moved. Each step has noise of its
own, and the network looks at the image shifted or mirrored, so that what is found holds for other
noise, and for networks that the sender does not have.

Separate coding has no symbols to tune: there the image is tuned that its source coder is given.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from semjscc.channels.units import noise_variance
from semjscc.importance.gradient import ImportanceForm
from semjscc.losses import distortion, reference, semantic_error
from semjscc.perception.base import Perception
from semjscc.randomness import Draws

View = Callable[[Tensor], Tensor]
"""Images to images of the same shape (B, 3, H, W)."""
IMPORTANCE = ImportanceForm()
STEPS = 20
RATE = 0.4
"""Of Adam, for each part of a symbol; it falls to nothing with the steps."""
SEMANTIC_WEIGHT, RESULT_WEIGHT = 4.0, 0.3
"""Where the squared error at the start counts 1. Chosen on val with a second network."""
SOURCE_STEPS = 8
SOURCE_RATE = 0.01
"""Of Adam, for each pixel in [0, 1]."""
VIEWS: tuple[View, ...] = (
    lambda images: images,
    lambda images: images.flip(3).roll((8, 8), (2, 3)),
    lambda images: images.roll((-8, 8), (2, 3)),
    lambda images: images.flip(3).roll((8, -8), (2, 3)),
)
"""How the network looks at an image in turn: it may be mirrored, and shifted by 8 pixels."""
LEAST_ERROR = 1e-6
"""Mean squared error of an image, of pixels in [0, 1]: 60 dB."""
_SEED = 2302_02288


def tune(
    perception: Perception,
    image: Tensor,
    symbols: Tensor,
    first: int,
    snr_db: float,
    reconstruct: Callable[[Tensor], Tensor],
) -> Tensor:
    """Symbols from which a network concludes more nearly what it does from the image itself.

    Args:
        perception: the network that the receiver has, and the sender too.
        image: (1, 3, H, W) in [0, 1].
        symbols: (k,) complex64.
        first: how many of them stay, since they carry bits.
        snr_db: the mean SNR that the sender believes in, in dB; the noise is white.
        reconstruct: what a receiver makes of noisy symbols (k,) before it clamps: (1, 3, H, W).
            Gradients must pass.

    Returns:
        (k,) complex64; those from ``first`` on have the power that they had.
    """
    if first >= len(symbols):
        return symbols
    with torch.inference_mode(False), torch.enable_grad():  # links send without gradients
        image, start = image.clone(), symbols.clone()
        losses = [_network_loss(perception, image, view) for view in VIEWS]
        change = torch.zeros(len(start) - first, 2, device=start.device, requires_grad=True)
        descent = torch.optim.Adam([change], RATE, betas=(0.8, 0.95))
        slower = torch.optim.lr_scheduler.LambdaLR(descent, lambda step: (1 - step / STEPS) ** 0.7)
        noise_level = float(noise_variance(torch.tensor(snr_db))) ** 0.5
        at_first = None
        for step in range(STEPS):
            noise = Draws(_SEED, [step]).complex_normal("noise", len(start))[0].to(start)
            noisy = _changed(start, first, change) + noise * noise_level
            received = reconstruct(noisy)
            error = distortion(image, received)
            at_first = error.detach().clamp_min(LEAST_ERROR) if at_first is None else at_first
            loss = error / at_first + losses[step % len(losses)](received)
            (change.grad,) = torch.autograd.grad(loss.sum(), change)
            descent.step()
            slower.step()
        return _changed(start, first, change).detach()


def tune_source(
    perception: Perception, image: Tensor, arrives: Callable[[Tensor], Tensor]
) -> Tensor:
    """An image to code in place of another, from which a network concludes more nearly the same.

    A source coder passes no gradient. That of the decoded image is taken for the source's, as if
    every change arrived; of all that was tried the best is kept.

    Args:
        perception: the network that the receiver has, and the sender too.
        image: (1, 3, H, W) in [0, 1].
        arrives: what a receiver makes of an image like it.

    Returns:
        (1, 3, H, W) in [0, 1].
    """
    with torch.inference_mode(False), torch.enable_grad():
        image = image.clone()
        network_loss = loss_over_views(perception, image)
        source = image.clone().requires_grad_()
        descent = torch.optim.Adam([source], SOURCE_RATE, betas=(0.8, 0.95))
        best, least, at_first = image, float("inf"), None
        for step in range(SOURCE_STEPS + 1):
            tried = source.detach().clamp(0, 1)
            received = arrives(tried).clone().requires_grad_()
            error = distortion(image, received)
            at_first = error.detach().clamp_min(LEAST_ERROR) if at_first is None else at_first
            loss = (error / at_first).sum() + network_loss(received)
            if (worth := float(loss.detach())) < least:
                best, least = tried, worth
            if step < SOURCE_STEPS:
                (source.grad,) = torch.autograd.grad(loss, received)
                descent.step()
        return best


def loss_over_views(perception: Perception, image: Tensor) -> Callable[[Tensor], Tensor]:
    """How far a network's features and result move where another image arrives: without unit.

    Args:
        perception: the network that the receiver has, and the sender too.
        image: (1, 3, H, W) in [0, 1], as it is wanted.

    Returns:
        of a received image (1, 3, H, W) the mean over `VIEWS`, a scalar ≥ 0.
    """
    losses = [_network_loss(perception, image, view) for view in VIEWS]
    return lambda received: torch.stack([loss(received) for loss in losses]).mean()


def _network_loss(perception: Perception, image: Tensor, view: View) -> Callable[[Tensor], Tensor]:
    """What the network's part of the loss is, of received images (1, 3, H, W): (1,)."""
    with torch.no_grad():
        result = perception(view(image))
    clean = reference(perception, view(image), IMPORTANCE) if perception.layers else None

    def loss(received: Tensor) -> Tensor:
        features, moved = perception.features_and_output(view(received.clamp(0, 1)))
        of_result = RESULT_WEIGHT * perception.task.divergence(result, moved)
        if clean is None:
            return of_result
        return SEMANTIC_WEIGHT * semantic_error(clean, features) + of_result

    return loss


def _changed(symbols: Tensor, first: int, change: Tensor) -> Tensor:
    """Symbols (k,) with those from ``first`` on moved by (k − first, 2), at the power they had."""
    free = symbols[first:]
    moved = free + torch.view_as_complex(change)
    power = torch.view_as_real(free).square().sum() / torch.view_as_real(moved).square().sum()
    return torch.cat([symbols[:first], moved * power.sqrt()])
