"""How a person says what matters: two clicks on the original, or a box in words.

Clicks are followed in the browser: the box that they span becomes the text of a field, which is
sent as all other choices are. Nothing is shown of it while the link is not ticked.
"""

from typing import NamedTuple

import gradio as gr

from semjscc.web.importance import ALPHA, LARGEST_ALPHA, NAME

# The first click leaves a dot, the second spans the box from there and presses the hidden button.
FOLLOW_CLICKS = f"""() => {{
  let first = null;
  document.addEventListener('click', event => {{
    const frame = event.target.closest('.link.original [data-width]');
    if (!frame || !document.querySelector('#more input[name="{NAME}"]:checked')) return;
    const [width, height] = [Number(frame.dataset.width), Number(frame.dataset.height)];
    const shown = frame.getBoundingClientRect();
    const scale = Math.min(shown.width / width, shown.height / height);
    const place = (at, from, room, side) => Math.max(0, Math.min(side - 1,
      Math.floor((at - from - (room - side * scale) / 2) / scale)));
    const x = place(event.clientX, shown.left, shown.width, width);
    const y = place(event.clientY, shown.top, shown.height, height);
    frame.querySelectorAll('.dot').forEach(dot => dot.remove());
    if (first?.frame !== frame) {{
      const dot = document.createElement('i');
      dot.className = 'dot';
      dot.style.left = event.clientX - shown.left + 'px';
      dot.style.top = event.clientY - shown.top + 'px';
      frame.append(dot);
      first = {{frame, x, y}};
      return;
    }}
    window.semjsccBox = [Math.min(x, first.x), Math.min(y, first.y),
      Math.abs(x - first.x) + 1, Math.abs(y - first.y) + 1].join(',');
    first = null;
    document.querySelector('#box-set').click();
  }});
}}"""
SPANNED, FORGET = "() => window.semjsccBox", "() => ''"
"""What the box becomes."""


class Marking(NamedTuple):
    """The controls of the link.

    Attributes:
        alpha: exponent of importance.
        box: ``x,y,w,h``, or nothing.
        forget: empties it.
        spanned: hidden; what the second click presses.
    """

    alpha: gr.Slider
    box: gr.Textbox
    forget: gr.Button
    spanned: gr.Button


def marking() -> Marking:
    """The controls, in the page that is being built."""
    with gr.Row(elem_id="marking"):
        return Marking(
            gr.Slider(
                0, LARGEST_ALPHA, ALPHA, step=0.25, label="α",
                info="how much importance counts; 0: not at all", elem_id="alpha", min_width=160,
            ),
            gr.Textbox(
                "", label="what matters", placeholder="what the network says",
                info="two clicks on the original span a box, x,y,w,h in pixels; or type one",
                max_lines=1, elem_id="box", min_width=160,
            ),
            gr.Button("forget the box", size="sm", elem_id="box-forget", min_width=120),
            gr.Button("set", elem_id="box-set", visible="hidden"),
        )  # fmt: skip
