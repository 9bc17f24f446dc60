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
  name('[id$="-examples"] button', (example) => ofFile(example.querySelector('img, video')));
}
new MutationObserver(giveNames).observe(document, {
  childList: true,
  subtree: true,
  attributeFilter: ['name', 'class'],
});
