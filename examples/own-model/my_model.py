"""A vision model as one has it: any module that makes (B, M) logits from images."""

from torch import Tensor, nn


class MyModel(nn.Module):
    """Three convolutions and a linear layer."""

    def __init__(self, classes: int, width: int = 16) -> None:
        super().__init__()
        self.edges = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1), nn.ReLU())
        self.parts = nn.Sequential(nn.Conv2d(width, 2 * width, 3, 2, 1), nn.ReLU())
        self.things = nn.Sequential(nn.Conv2d(2 * width, 4 * width, 3, 2, 1), nn.ReLU())
        self.head = nn.Linear(4 * width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, classes)."""
        features = self.things(self.parts(self.edges(images)))
        return self.head(features.mean(dim=(2, 3)))
