// Names for those who hear the page, where Gradio gives none or a number. All of it may come late.
function giveNames() {
  const name = (selector, find) =>
    document.querySelectorAll(selector).forEach((part) => {
      const words = find(part);
      if (words && part.ariaLabel !== words) part.ariaLabel = words;
    });
  const ofFile = (part) => part?.src.split('/').pop().replace(/\.\w+$/, '').replaceAll('-', ' ');
  name('fieldset', (group) => group.querySelector('[data-testid="block-info"]')?.textContent.trim());
  name('#presets button', (tile) => tile.querySelector('.caption-label')?.textContent);
  name('[id$="-examples"] button', (example) => ofFile(example.querySelector('img, video')));
}
new MutationObserver(giveNames).observe(document, { childList: true, subtree: true });
