// Names for those who hear the page or go by keys, where Gradio gives none or a number. All of it may
// come late.
function giveNames() {
  const name = (selector, find) =>
    document.querySelectorAll(selector).forEach((part) => {
      const words = find(part);
      if (words && part.ariaLabel !== words) part.ariaLabel = words;
    });
  const ofFile = (part) => part?.src.split('/').pop().replace(/\.\w+$/, '').replaceAll('-', ' ');
  // One name a group: the browser then moves through it by the arrow keys. Gradio numbers each button.
  document.querySelectorAll('fieldset').forEach((group) => {
    const [first, ...others] = group.querySelectorAll('input[type=radio]');
    others.forEach((other) => other.name !== first.name && (other.name = first.name));
  });
  name('fieldset', (group) => group.querySelector('[data-testid="block-info"]')?.textContent.trim());
  name('#presets button', (tile) => tile.querySelector('.caption-label')?.textContent);
  document.querySelectorAll('#presets button').forEach((tile) => {
    const pressed = String(tile.classList.contains('selected'));
    if (tile.ariaPressed !== pressed) tile.ariaPressed = pressed;
  });
  document.querySelectorAll('button.label-wrap').forEach((heading) => {
    const open = String(heading.classList.contains('open'));
    if (heading.ariaExpanded !== open) heading.ariaExpanded = open;
    const arrow = heading.querySelector('.icon');
    if (arrow) arrow.ariaHidden ||= 'true';
  });
  const fields = { photo: 'Your photo', 'own-background': 'Your background', matte: 'Matte', edges: 'Edges' };
  for (const [id, words] of Object.entries(fields)) name(`#${id} img`, () => words);
  document.querySelectorAll('#result img').forEach((half, i) => (half.alt ||= ['Before', 'After'][i]));
  // border.js moves it. It begins in the middle.
  document.querySelectorAll('#result [data-testid=slider]').forEach((border) => {
    Object.assign(border, { role: 'slider', tabIndex: 0, ariaValueMin: 0, ariaValueMax: 100 });
    border.ariaValueNow ??= 50;
  });
  name('#result [data-testid=slider]', () => 'Border between before and after');
  name('#video video', () => 'Your video');
  name('#video-result video', () => 'Result');
  const title = (part) => part.closest('.block')?.querySelector('[data-testid="block-info"]')?.textContent.trim();
  name('.reset-button', (button) => title(button) && `Reset ${title(button)}`);
  name('.color-picker .eyedropper', () => 'Pick a colour from the screen');
  name('.color-picker .swatch', () => 'The chosen colour');
  name('.color-picker input', () => 'Colour in numbers');
  // Heard when they change: what a photo or a video came to.
  document.querySelectorAll('#photo-hint, #estimate').forEach((words) => (words.ariaLive ||= 'polite'));
  name('[id$="-examples"] button', (example) => ofFile(example.querySelector('img, video')));
}
new MutationObserver(giveNames).observe(document, {
  childList: true,
  subtree: true,
  attributeFilter: ['name', 'class'],
});
