"""Deep joint source-channel coding of images with semantic importance."""

from importlib.metadata import version

__version__ = version("semjscc")
