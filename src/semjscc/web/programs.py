"""What programs may ask of the page, by ``gradio_client``: one image over the links, as data.

It is no more than what the page itself asks: the same checks, the same line, as many at a time.
"""

from pathlib import Path
from typing import Any

from gradio.events import api

from semjscc.errors import UserError
from semjscc.web.compare import Delivery, deliver, send
from semjscc.web.models import ONE_AT_A_TIME, load_judge
from semjscc.web.pictures import png_uri
from semjscc.web.updates import ask
from semjscc.web.uploads.checked_blocks import told_of
from semjscc.web.uploads.reading import read_upload

NAME = "transmit"


def offer(folder: Path, line: dict[str, Any]) -> None:
    """Name the endpoint, in the page that is being built.

    Args:
        folder: for uploads; no other file is read.
        line: in which it waits, as `gradio.api` takes it.
    """

    def transmit(
        image: dict, weights: str, network: str, size: str, ratio: str, channel: str, snr_db: float
    ) -> dict:
        """One image over all links: what each delivered, and what the receiver's network sees.

        image is an uploaded file (gradio_client.handle_file); the others are words and numbers
        of the page's settings.
        """
        try:
            if not isinstance(image, dict) or not isinstance(image.get("path"), str):
                raise UserError("the image is an uploaded file: gradio_client.handle_file(path)")
            if not isinstance(ratio, str):
                raise UserError('the bandwidth ratio is text, such as "1/48"')
            picture = read_upload(image["path"], folder)
            request = ask(picture, weights, network, size, ratio, channel, snr_db)
            pixels, situation = request.picture.pixels, request.situation()
            told = {}
            for link in request.links:
                sent = send(pixels, link, situation)
                with ONE_AT_A_TIME:
                    judge = load_judge(request.judge)
                    told[link.name] = _told(deliver(pixels, link, sent, judge, situation))
            return told
        except Exception as error:  # of any kind: the file is a stranger's
            raise told_of(error) from error

    api(transmit, api_name=NAME, **line)


def _told(delivery: Delivery) -> dict[str, Any]:
    return {
        "image": png_uri(delivery.image),
        "delivered": delivery.delivered,
        "psnr_db": delivery.psnr_db,
        "channel_uses": delivery.channel_uses,
        "seen": [{"label": one.label, "confidence": one.confidence} for one in delivery.guesses],
    }
