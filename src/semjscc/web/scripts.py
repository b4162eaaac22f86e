"""What the page does by itself, in the browser."""

from semjscc.web.pictures import HIGHEST_DB, LOWEST_DB

NARROW = "(max-width: 480px)"
"""A telephone, as the style sheet has it."""

# The line in the curve follows the slider by itself, at once. A typed number may lie outside.
FOLLOW = f"""(snr) => {{
  const line = document.querySelector('.marker');
  if (!line) return;
  const [left, right] = [Number(line.dataset.left), Number(line.dataset.right)];
  const share = (snr - {LOWEST_DB}) / {HIGHEST_DB - LOWEST_DB};
  line.style.left = left + Math.max(0, Math.min(1, share)) * (right - left) + '%';
}}"""

# Once the page is there. A region must be announced as live before what it says changes. Links to
# what arrived take the picture of their card, which would else be sent twice.
BEGIN = f"""() => {{
  const said = document.querySelector('#said');
  said.setAttribute('aria-live', 'polite');
  said.setAttribute('aria-atomic', 'true');
  if (matchMedia('{NARROW}').matches) document.querySelector('#settings > button')?.click();
  document.addEventListener('click', event => {{
    const link = event.target.closest('a.save[href="#"]');
    if (link) link.href = link.closest('.link').querySelector('.frame img').src;
  }}, true);
}}"""
