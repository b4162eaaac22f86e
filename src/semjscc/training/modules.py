"""What Lightning trains: one module whose every step is a pure function of its number."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import lightning as L
import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from semjscc.channels import AWGN
from semjscc.codecs.base import Codec
from semjscc.data.base import ImageSet, TargetName
from semjscc.importance.fisher import draw_signs
from semjscc.losses import distortion, log_distortion
from semjscc.perception.base import Preprocess
from semjscc.runtime.threads import are_stated
from semjscc.tasks import Classification, Task
from semjscc.training.batches import Share, augment, augment_boxes, batch_at, cut_and_paste
from semjscc.training.channel.clipping import clip_peaks
from semjscc.training.channel.disturbance import draw_disturbance
from semjscc.training.channel.own_channel import pass_channel
from semjscc.training.channel.plans import encode_planned
from semjscc.training.crops import crops_at
from semjscc.training.optimisation.muon import Muon
from semjscc.training.optimisation.optimiser import rate_factor
from semjscc.training.receivers import Receiver, receivers_error
from semjscc.training.recipe import CodecRecipe, Recipe

Targets = Mapping[TargetName, Tensor]
"""What is right of the images of a step: labels (B,), masks (B, H, W), boxes (B, K, 5)."""

THREADS = "threads"
"""What a training's state calls the number of threads it was made with."""


class StepTraining(L.LightningModule):
    """Training in numbered steps: batches, draws and learning rate follow from the number.

    The data loader only counts, so a resumed run needs no loader state.
    """

    def __init__(self, recipe: Recipe, train: ImageSet, targets: Sequence[TargetName]) -> None:
        super().__init__()
        self.recipe = recipe
        self.train_set = train
        self.targets: tuple[TargetName, ...] = tuple(dict.fromkeys(targets))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the number of threads, on which the last bits of sums depend."""
        checkpoint[THREADS] = torch.get_num_threads()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with as many threads, unless the user states a number."""
        if THREADS in checkpoint and not are_stated():
            torch.set_num_threads(checkpoint[THREADS])

    @property
    def share(self) -> Share:
        """The part of every global batch that this process works on."""
        return Share(self.global_rank, self.trainer.world_size)

    @abstractmethod
    def loss(self, images: Tensor, targets: Targets, step: int) -> dict[str, Tensor]:
        """The terms of one step by name; ``loss`` is the one to minimise."""

    def training_step(self, _counter: Tensor, _index: int) -> Tensor:
        """One step on this process's share of the global batch."""
        images, targets = self.batch(self.global_step)
        images = images.to(self.device).contiguous(memory_format=torch.channels_last)
        on_device: Targets = {name: target.to(self.device) for name, target in targets.items()}
        terms = self.loss(images, on_device, self.global_step)
        self.log_dict(dict(terms), prog_bar=True, batch_size=len(images))
        return terms["loss"]

    def on_train_start(self) -> None:
        """Set the rate of the first step: a state may come from a shorter recipe."""
        chosen = self.recipe.optimiser
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = group["initial_lr"] * rate_factor(chosen, self.global_step)

    def batch(self, step: int) -> tuple[Tensor, Targets]:
        """The varied images that fall to this process at a step, and their targets."""
        # Every target varies as the images do, which are the same whatever is asked of them.
        batches = [self._batch(step, target) for target in self.targets]
        targets: Targets = dict(zip(self.targets, (right for _, right in batches), strict=True))
        return batches[0][0], targets

    def _batch(self, step: int, target: TargetName) -> tuple[Tensor, Tensor]:
        seed, optimiser, side = self.recipe.seed, self.recipe.optimiser, self.recipe.data.crop
        which = self.train_set, seed, step, optimiser.batch, self.share
        if side is None:
            images, right = batch_at(*which, target)
        else:
            images, right = crops_at(*which, side)
        masked = target == "mask"
        size = (images.shape[-2], images.shape[-1])
        images = augment(
            torch.cat([images, right[:, None].float()], dim=1) if masked else images,
            seed,
            step,
            self.share,
            mirror=optimiser.augment_mirror,
            shift=optimiser.augment_shift,
            erase=optimiser.augment_erase,
        )
        if target == "boxes":
            moves = {"mirror": optimiser.augment_mirror, "shift": optimiser.augment_shift}
            return images, augment_boxes(right, size, seed, step, self.share, **moves)
        return (images[:, :3], images[:, 3].long()) if masked else (images, right)

    def configure_optimizers(self) -> tuple[list[Optimizer], list[dict]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The optimiser, with a learning rate that follows from the step."""
        chosen = self.recipe.optimiser
        weights = [p for p in self.parameters() if p.requires_grad]
        # Weight decay belongs to the filters; on scales, slopes and biases it only hurts.
        groups = [
            {"params": [p for p in weights if p.ndim > 1], "weight_decay": chosen.weight_decay},
            {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0.0},
        ]
        if chosen.name == "sgd":
            optimiser = torch.optim.SGD(groups, chosen.rate, momentum=0.9, nesterov=True)
        elif chosen.name == "muon":
            optimiser = Muon(groups, chosen.rate)
        else:
            optimiser = torch.optim.AdamW(groups, chosen.rate)
        by_step = LambdaLR(optimiser, partial(rate_factor, chosen))
        return [optimiser], [{"scheduler": by_step, "interval": "step"}]


class PerceptionTraining(StepTraining):
    """Trains a vision model for its task."""

    def __init__(
        self,
        recipe: Recipe,
        network: torch.nn.Module,
        preprocess: Preprocess,
        train: ImageSet,
        task: Task | None = None,
    ) -> None:
        self._task = task or Classification()
        super().__init__(recipe, train, [self._task.target])
        self.network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self._preprocess = preprocess

    def batch(self, step: int) -> tuple[Tensor, Targets]:
        """Images, and their targets: of labels (B, M) shares, two where images are mixed."""
        images, targets = super().batch(step)
        if "label" not in targets:
            return images, targets
        target = self._shares(targets["label"])
        probability = self.recipe.optimiser.augment_paste
        if probability:
            # The next step's images: other ones, whatever the number of processes.
            others, after = super().batch(step + 1)
            images, own = cut_and_paste(
                images, others, self.recipe.seed, step, self.share, probability
            )
            target = torch.lerp(self._shares(after["label"]), target, own[:, None])
        return images, {"label": target}

    def _shares(self, labels: Tensor) -> Tensor:
        return one_hot(labels, len(self.train_set.class_names)).float()

    def loss(self, images: Tensor, targets: Targets, step: int) -> dict[str, Tensor]:
        """The task's loss with label smoothing, and a classifier's accuracy in the batch."""
        del step
        target = targets[self._task.target]
        output = self.network(self._preprocess(images))
        smoothing = self.recipe.optimiser.label_smoothing
        terms = {"loss": self._task.loss(output, target, smoothing)}
        if self._task.target == "label":
            terms["accuracy"] = (self._task.predict(output) == target.argmax(dim=1)).float().mean()
        return terms


class CodecTraining(StepTraining):
    """Trains a codec through a random channel, for distortion and semantic error."""

    def __init__(
        self,
        recipe: Recipe,
        codec: Codec,
        chosen: CodecRecipe,
        receivers: Sequence[Receiver],
        train: ImageSet,
    ) -> None:
        # Masks and boxes are read where the loss looks at them alone.
        labelled = recipe.loss.needs_labels is not None
        super().__init__(
            recipe, train, [one.target for one in receivers] if labelled else ["label"]
        )
        self.codec = codec.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self._chosen = chosen
        # In a tuple, so that frozen networks are no part of what is trained and saved.
        self._receivers = tuple(receivers)

    def on_fit_start(self) -> None:
        """Bring the receivers' networks to where the codec is trained, and learn importance."""
        for receiver in self._receivers:
            receiver.perception.to(self.device)
            receiver.learn(self.recipe, self.train_set, self.device)

    def on_fit_end(self) -> None:
        """And back, since what follows runs on the CPU."""
        for receiver in self._receivers:
            receiver.perception.to("cpu")

    def loss(self, images: Tensor, targets: Targets, step: int) -> dict[str, Tensor]:
        """Distortion, the error at the receivers' networks and their mix, on one step's channel."""
        recipe = self.recipe
        height, width = images.shape[-2:]
        channel = draw_disturbance(
            self.codec, self._chosen, recipe.seed, step, len(images), (height, width), self.share
        ).to(images.device)
        encoded = encode_planned(self.codec, images, channel, recipe.seed, step, self.share)
        symbols = encoded.symbols
        if self._chosen.clip_db is not None:
            symbols = clip_peaks(symbols, self._chosen.clip_db, recipe.seed, step)
        if self._chosen.channel == AWGN:
            heard, noise = channel.apply(symbols), channel.noise_variance
        else:
            heard, noise = pass_channel(
                self._chosen.channel, symbols, channel.snr_db, recipe.seed, step, self.share
            )
        received = self.codec.decode(heard, noise, channel.ratio, (height, width), encoded.side)
        error = distortion(images, received)
        terms = {"mse": error.mean()}
        terms["loss"] = (
            log_distortion(error).mean() if recipe.loss.distortion == "log-mse" else terms["mse"]
        )
        if recipe.loss.weight:
            terms[recipe.loss.term] = self.term(images, received, targets).mean()
            terms["loss"] = terms["loss"] + recipe.loss.weight * terms[recipe.loss.term]
        return terms

    def term(self, images: Tensor, received: Tensor, targets: Targets) -> Tensor:
        """The error at the receivers' networks: twice (B, 3, H, W) and their targets -> (B,)."""
        signs = partial(self._signs, images)
        return receivers_error(self._receivers, self.recipe.loss, images, received, targets, signs)

    def _signs(self, images: Tensor, classes: int) -> Tensor:
        """The step's random signs for this process's images, (B, M)."""
        batch = len(images) * self.share.processes
        signs = draw_signs(self.recipe.seed, "fisher", self.global_step, batch, classes)
        return self.share.take(signs).to(images.device)
