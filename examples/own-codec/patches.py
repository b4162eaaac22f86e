"""A codec of one's own: one convolution each way.

    semjscc train patches.yaml
    semjscc evaluate --data signs --links djscc,patches:Patches@runs/patches --ratio 1/24 --snr 0,10
        --limit 200 --out out

A codec is one class; its weights name it, and are read only where the user names it too.
"""

from fractions import Fraction

from torch import Tensor, nn

from semjscc.codecs.bandwidth import latent_depth, parse_ratio
from semjscc.codecs.grid import GridCodec


class Patches(GridCodec):
    """Each square of pixels becomes C numbers by a linear map, and comes back by another."""

    def __init__(self, ratio: str = "1/24", stride: int = 8) -> None:
        super().__init__()
        self.ratios, self.snr_range_db = (parse_ratio(ratio),), (-5.0, 20.0)
        self.stride, self.depth = stride, latent_depth(self.ratios[0], stride)
        self.encoder = nn.Conv2d(3, self.depth, stride, stride)
        self.decoder = nn.ConvTranspose2d(self.depth, 3, stride, stride)

    def _latent(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio  # the same for all
        return self.encoder(images - 0.5)

    def _image(self, latent: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        del snr_db, ratio
        return self.decoder(latent) + 0.5
