"""DeepJSCC as first published (Bourtsoulatze, Kurka and Gündüz 2019, arXiv 1809.01733).

    encoder  conv5 16 /2 ─► conv5 32 /2 ─► conv5 32 ─► conv5 32 ─► conv5 C       PReLU after each
    decoder  tconv5 32 ─► tconv5 32 ─► tconv5 32 ─► tconv5 16 ·2 ─► tconv5 3 ·2  PReLU, last sigmoid

The field's reference: one network for one SNR and one ratio.
"""

from fractions import Fraction
from typing import ClassVar

import torch
from torch import Tensor, nn

from semjscc.codecs.bandwidth import latent_depth, parse_ratio
from semjscc.codecs.base import channels_last
from semjscc.codecs.grid import GridCodec
from semjscc.decibels import check_snr
from semjscc.errors import UserError


def _down(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 5, stride, 2), nn.PReLU(outputs)]


def _up(inputs: int, outputs: int, stride: int) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, 5, stride, 2, output_padding=stride - 1)


class DeepJSCC(GridCodec):
    """One SNR, one ratio; others are refused.

    Args:
        ratio: the bandwidth ratio, such as ``"1/6"``.
        snr_db: the SNR it is trained for, in dB.
    """

    name: ClassVar[str] = "deepjscc"

    def __init__(self, ratio: str | float = "1/6", snr_db: float = 10.0) -> None:
        super().__init__()
        self.ratios = (parse_ratio(ratio),)
        # A recipe may say 10 where a number of dB is meant, which is 10.0.
        only = check_snr(float(snr_db))
        self.snr_range_db = (only, only)
        self.depth = latent_depth(self.ratios[0])
        self.encoder = nn.Sequential(
            *_down(3, 16, 2), *_down(16, 32, 2), *_down(32, 32, 1), *_down(32, 32, 1),
            *_down(32, self.depth, 1),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            _up(self.depth, 32, 1), nn.PReLU(32), _up(32, 32, 1), nn.PReLU(32), _up(32, 32, 1),
            nn.PReLU(32), _up(32, 16, 2), nn.PReLU(16), _up(16, 3, 2), nn.Sigmoid(),
        )  # fmt: skip

    def check(self, snr_db: Tensor | None, ratio: Fraction) -> None:
        """Refuse any other ratio, and any other SNR at the sender.

        Raises:
            UserError: it says what there is.
        """
        super().check(snr_db, ratio)
        only = self.snr_range_db[0]
        if snr_db is not None and not torch.allclose(snr_db.float(), torch.tensor(only)):
            raise UserError(f"these deepjscc weights are for an SNR of {only:g} dB alone")

    def _latent(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio
        return self.encoder(channels_last(images))

    def _image(self, latent: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio
        return self.decoder(channels_last(latent))
