"""The page itself: what there is to choose, what is shown, and which of the one leads to the other.

Nothing on it comes from another host: fonts are the system's own, pictures are part of the HTML.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.themes import Base

from semjscc.channels import CHANNELS
from semjscc.errors import UserError
from semjscc.families import PHOTO, SIGNS
from semjscc.web.examples import Example, examples
from semjscc.web.glossary import glossary_html
from semjscc.web.marking import FOLLOW_CLICKS, FORGET, SPANNED, marking
from semjscc.web.models import MORE, OWN, judges, load_senders, preferred_judge, shown_families
from semjscc.web.pictures import HIGHEST_DB, LOWEST_DB, png_uri
from semjscc.web.programs import offer
from semjscc.web.result_html import notes_html, status_html, waiting_card
from semjscc.web.scripts import BEGIN, FOLLOW
from semjscc.web.updates import AS_IT_IS, AS_TRAINED, SIZES, Update, ask, drop, show
from semjscc.web.uploads.checked_blocks import CheckedBlocks, told_of
from semjscc.web.uploads.folder import FILE_SECONDS
from semjscc.web.uploads.reading import LARGEST_FILE, Picture, read_upload

START_DB = 5
AT_ONCE = 2
"""People served at the same time, the others wait in line; more would only share two cores."""

THEME = Base(
    primary_hue="blue",
    font=["system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
)
LOOKS = Path(__file__).with_name("looks.css")

HEAD = """\
# semjscc
One image, one bad radio link, three ways to send it in the same number of channel uses.
Move the SNR: does the machine at the far end still understand?
"""

CHANNEL_NAMES = {
    "awgn": "steady (AWGN)",
    "block-rayleigh": "slow fading (block Rayleigh)",
    "fast-rayleigh": "fast fading (fast Rayleigh)",
}

DROP_HINT = (
    f"The SNR falls to {LOWEST_DB} dB while the senders go on as for the slider's SNR, as when a "
    "link goes bad before anybody is told."
)

PRIVACY = (
    "What you bring along is sent to this server alone. It is written to a private temporary "
    f"folder, read once, and deleted within {sum(FILE_SECONDS) // 60 + 1} minutes and when the "
    "server ends; the image itself stays in its memory until then, or until others have taken its "
    f"place. Files may have up to {LARGEST_FILE // 2**20} MB."
)


MORE_TO_READ = (
    "To read on: `docs/page.md` and `docs/how-it-works.md` in the source; `make docs` builds a "
    "site of them."
)


def build(folder: Path, file_seconds: tuple[int, int]) -> gr.Blocks:
    """The page.

    Args:
        folder: for uploads; no other file is read.
        file_seconds: how often uploaded files are looked through, and how old one may grow.
    """
    family = _first_family()
    with CheckedBlocks(
        folder, title="semjscc", analytics_enabled=False, delete_cache=file_seconds
    ) as page:
        chosen = gr.State(None, time_to_live=3600)
        gr.Markdown(HEAD, elem_id="head")
        with gr.Row(elem_id="bar"):
            snr = gr.Slider(
                LOWEST_DB, HIGHEST_DB, START_DB, step=0.5, label="SNR (dB)",
                info="signal over noise: the lower, the worse the link", elem_id="snr",
            )  # fmt: skip
            fall = gr.Button("drop the link", variant="primary", elem_id="drop", min_width=120)
            status = gr.HTML(padding=False, elem_id="status")
        gr.Markdown(DROP_HINT, elem_id="drop-hint")
        with gr.Row():
            with gr.Column(scale=2, min_width=300):
                upload = gr.Image(
                    label="your own image: upload, paste or webcam",
                    type="filepath",
                    image_mode=None,
                    sources=["upload", "clipboard", "webcam"],
                    height=190,
                    elem_id="upload",
                )
                _open_nothing(upload)
                with gr.Row(elem_id="examples"):
                    buttons = [
                        (one, gr.Button(one.name, elem_id=f"example-{index}"))
                        for index, one in enumerate(examples())
                    ]
            with (
                gr.Column(scale=3, min_width=300, elem_id="controls"),
                gr.Accordion("settings", elem_id="settings"),
            ):
                with gr.Row():
                    ratio = gr.Dropdown(
                        _ratios(), value=_ratios()[0], label="bandwidth ratio k/n",
                        info="symbols for each number; you may type one",
                        allow_custom_value=True, elem_id="ratio", min_width=120,
                    )  # fmt: skip
                    channel = gr.Dropdown(
                        [(CHANNEL_NAMES.get(name, name), name) for name in CHANNELS], value="awgn",
                        label="channel", info="what the air does to the symbols",
                        elem_id="channel", min_width=120,
                    )  # fmt: skip
                with gr.Row():
                    weights = gr.Dropdown(
                        shown_families(), value=family, label="weights",
                        info="the codecs' training images", elem_id="weights", min_width=120,
                    )  # fmt: skip
                    judge = gr.Dropdown(
                        judges(), value=judges()[0], label="receiver's network",
                        info="it looks at what arrives", elem_id="judge", min_width=120,
                    )  # fmt: skip
                    size = gr.Dropdown(
                        list(SIZES), value=AS_TRAINED, label="image size",
                        info="cut to a small square, or whole", elem_id="size", min_width=120,
                    )  # fmt: skip
                more = gr.CheckboxGroup(
                    list(MORE), value=[], label="links without training",
                    info="shown beside the others", elem_id="more",
                )  # fmt: skip
                marks = marking()
        parts = {"status": status, "said": gr.HTML(padding=False, elem_id="said")}
        parts["notes"] = gr.HTML(padding=False, elem_id="notes")
        with gr.Row(elem_id="links"):
            parts["original"] = gr.HTML(padding=False)
            for link in ("semantic", "djscc", *MORE, "separate"):
                empty = "" if link in MORE else waiting_card(link)
                parts[link] = gr.HTML(empty, padding=False, elem_id=f"link-{link}")
        with gr.Row():
            with gr.Column(scale=3, min_width=300):
                parts["symbols"] = gr.HTML(padding=False)
            with gr.Column(scale=2, min_width=300):
                parts["curve"] = gr.HTML(padding=False)
        gr.HTML(glossary_html(), padding=False, elem_id="words")
        gr.Markdown(f"{PRIVACY}\n\n{MORE_TO_READ}", elem_id="privacy")

        wanted: list[Any] = [chosen, weights, judge, size, ratio, channel, snr, more]
        wanted += [marks.alpha, marks.box]
        outputs = list(parts.values())
        line: dict[str, Any] = {"concurrency_id": "links", "concurrency_limit": AT_ONCE}
        answer: dict[str, Any] = {
            "inputs": wanted,
            "outputs": outputs,
            "show_progress": "minimal",
            "show_progress_on": parts["status"],
            "api_visibility": "private",
            **line,
        }
        offer(folder, line)
        choose: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        shown = partial(_updates, show, parts)
        setting = [weights, judge, size]

        dropping = fall.click(partial(_updates, drop, parts), trigger_mode="once", **answer)
        snr.input(fn=None, inputs=snr, outputs=None, js=FOLLOW, api_visibility="private")
        # What a person moves, not what the page itself sets: an example would be sent three times.
        # A list's `input` comes whenever the keyboard leaves it, with or without a choice.
        moving = gr.on(
            [
                *(judge.select, ratio.change, channel.change, marks.box.submit),
                *(one.input for one in (snr, more, marks.alpha)),
            ],
            shown, trigger_mode="always_last", cancels=[dropping], **answer,
        )  # fmt: skip
        # A box belongs to one image in one size.
        fresh = [chosen, *setting, marks.box]
        quiet: dict[str, Any] = {"outputs": marks.box, "api_visibility": "private"}
        choosing = [
            # It comes with every image, whether uploaded, pasted or photographed.
            upload.change(
                partial(_read, folder), [upload, *setting], [parts["notes"], *fresh],
                cancels=[dropping], **choose,
            ),
            *(
                button.click(
                    partial(_example, example), None, fresh, cancels=[dropping], **choose
                )
                for example, button in buttons
            ),
            page.load(partial(_example, buttons[0][0]), None, fresh, **choose),
            gr.on(
                [weights.select, size.select, marks.forget.click],
                fn=None, js=FORGET, cancels=[dropping], **quiet,
            ),
            marks.spanned.click(fn=None, js=SPANNED, cancels=[dropping], **quiet),
        ]  # fmt: skip
        for script in (BEGIN, FOLLOW_CLICKS):
            page.load(fn=None, js=script, api_visibility="private")
        showing = [one.success(shown, trigger_mode="always_last", **answer) for one in choosing]
        fall.click(fn=None, cancels=[moving, *showing], api_visibility="private")
    return page


def warm_up() -> None:
    """Send the first example once, so that the first visitor does not wait for the models."""
    picture, family, judge, size, _ = _example(examples()[0])
    list(show(ask(picture, family, judge, size, _ratios()[0], next(iter(CHANNELS)), START_DB)))


def style_sheet() -> str:
    """The looks, with the examples' own pictures on their buttons."""
    pictures = "".join(
        f"#example-{index} {{ background-image: url({png_uri(one.picture.pixels)}); }}\n"
        for index, one in enumerate(examples())
    )
    return LOOKS.read_text(encoding="utf-8") + pictures


def _open_nothing(upload: gr.Image) -> None:
    """Hand on the path of an upload unopened: strangers' files are read by `read_upload` alone."""
    upload.preprocess = lambda payload: None if payload is None else payload.path  # pyright: ignore[reportAttributeAccessIssue]


def _updates(
    make: Callable[..., Iterator[Update]], parts: dict[str, gr.HTML], *chosen: Any
) -> Iterator[dict[Any, str]]:
    """What ``make`` says, for the components of these names; errors as one line on the page."""
    if chosen[0] is None:  # nobody came back to it for an hour
        yield {parts["status"]: status_html("choose an image first: the last one was put away")}
        return
    try:
        for update in make(ask(*chosen)):
            yield {parts[name]: html for name, html in update.items()}
    except Exception as error:  # of any kind: a network of the user's own may look
        raise told_of(error) from error


def _read(folder: Path, path: str | None, family: str, judge: str, size: str) -> tuple[Any, ...]:
    """What was done to the image, and all that goes with it, which is kept where it fits."""
    if path is None:  # taken away, or about to be pasted or photographed
        return (gr.skip(),) * 6
    try:
        picture = read_upload(path, folder)
        side = load_senders(family).trained_side
    except Exception as error:  # of any kind: the file is a stranger's
        raise told_of(error) from error
    if picture.size != (side, side):
        family, judge, size = photograph_setting()
    return notes_html([picture.note]), picture, family, judge, size, ""


def _example(example: Example) -> tuple[Picture, str, str, str, str]:
    """The image, the weights, network and size that suit it, and no box."""
    if example.is_sign:
        return example.picture, SIGNS, OWN, AS_TRAINED, ""
    return example.picture, *photograph_setting(), ""


def photograph_setting() -> tuple[str, str, str]:
    """Weights, network and size for a photograph of any kind."""
    if PHOTO in shown_families():
        return PHOTO, preferred_judge(), AS_IT_IS
    # The larger the images a codec was trained on, the more they are like a photograph.
    others = [name for name in shown_families() if name != SIGNS]
    family = max(others, key=lambda name: load_senders(name).trained_side, default=SIGNS)
    return family, preferred_judge(), AS_TRAINED


def _ratios() -> list[str]:
    """Those that all families have, so that the choice never has to change."""
    common = set.intersection(*(set(load_senders(name).ratios) for name in shown_families()))
    return [str(ratio) for ratio in sorted(common)]


def _first_family() -> str:
    names = shown_families()
    if not names:
        raise UserError("no weights ship that the page could show")
    return SIGNS if SIGNS in names else names[0]
