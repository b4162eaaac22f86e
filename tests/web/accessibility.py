"""What a page must be for those who see no colours, use no mouse, or have large fingers.

The rules of axe-core are checked as well where it is there: ``npm install --no-save axe-core``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

LEAST_CONTRAST = 4.5
LEAST_SIDE = 44
"""Pixels of what a finger touches."""

# Gradio's own button for uploads says what it is for in two ways.
_AXE = """axe.run({rules: {'label-content-name-mismatch': {enabled: false}}}).then(found =>
  found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.target).join(', ')))"""

_UNNAMED = """() => [...document.querySelectorAll('button, input, textarea, a, summary, img')]
  .filter(one => one.checkVisibility() && one.type !== 'file' && !(
    one.ariaLabel || one.alt || one.innerText?.trim() || one.labels?.length
    || one.closest('label')?.innerText.trim() || one.getAttribute('aria-labelledby')))
  .map(one => one.outerHTML.slice(0, 200))"""

# Colours as the browser shows them: what lies behind, and how much of it shines through.
_FAINT = """least => {
  const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = colour => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].map(part => part / 255);
  };
  const over = (top, below, share) => [0, 1, 2].map(i =>
    top[i] * top[3] * share + below[i] * (1 - top[3] * share));
  const light = colour => [.2126, .7152, .0722].reduce((sum, weight, i) => sum + weight *
    (colour[i] <= .04045 ? colour[i] / 12.92 : ((colour[i] + .055) / 1.055) ** 2.4), 0);
  const behind = one => !one ? [1, 1, 1] : over(
    rgba(getComputedStyle(one).backgroundColor), behind(one.parentElement), 1);
  const opacity = one => !one ? 1 : getComputedStyle(one).opacity * opacity(one.parentElement);
  return [...document.querySelectorAll('.gradio-container *')].filter(one =>
    [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())
    && one.checkVisibility({opacityProperty: true, visibilityProperty: true})
    && getComputedStyle(one).backgroundImage === 'none').flatMap(one => {
      const below = behind(one);
      const [a, b] = [light(over(rgba(getComputedStyle(one).color), below, opacity(one))),
        light(below)];
      const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
      return contrast < least ? [contrast.toFixed(2) + ': ' + one.outerHTML.slice(0, 120)] : [];
    });
}"""

# A box to tick is touched by its label.
_SMALL = """least => [...document.querySelectorAll('button, input, a, summary')]
  .filter(one => one.checkVisibility()).map(one => one.type === 'checkbox' ? one.closest('label')
    : one).filter(one => {
      const {width, height} = one.getBoundingClientRect();
      return Math.min(width, height) < least - .5;
    }).map(one => one.outerHTML.slice(0, 200))"""


def check_accessible(page: "Page") -> None:
    """Every control has a name, text stands out from what is behind it, and axe finds nothing."""
    assert page.evaluate(_UNNAMED) == []
    assert page.evaluate(_FAINT, LEAST_CONTRAST) == []
    if AXE.is_file():
        page.add_script_tag(path=AXE)
        assert page.evaluate(_AXE) == []


def check_for_fingers(page: "Page") -> None:
    """What is touched is large enough."""
    assert page.evaluate(_SMALL, LEAST_SIDE) == []


def walk(page: "Page", stops: int) -> list[str]:
    """What the tabulator key stops at, each of which must show that it has the focus."""
    found: list[str] = []
    for _ in range(stops):
        page.keyboard.press("Tab")
        name, ring, free = page.evaluate("""() => {
          const [at, drop] = [document.activeElement, document.querySelector('#drop')];
          const {left, top, width, height} = drop.getBoundingClientRect();
          const style = getComputedStyle(at);
          const seen = document.elementFromPoint(left + width / 2, top + height / 2);
          return [at.ariaLabel || at.name || at.innerText,
            style.outlineStyle === 'solid' ? parseFloat(style.outlineWidth) : 0,
            drop.contains(seen)];
        }""")
        assert ring >= 2, f"no focus is seen on {name}"
        assert free, f"the button is covered while {name} has the focus"
        found.append(name)
    return found
