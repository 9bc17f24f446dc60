// The border between before and after, by keys: Gradio's knows only hands, so keys do as a hand does.
const PUSHES = { ArrowLeft: -0.05, ArrowRight: 0.05, Home: -1, End: 1 }; // in shares of the width

function isBorder(part) {
  return part.matches('#result [role=slider]');
}

// The border's place, and the width that it has, in pixels.
function placeOfBorder(border) {
  return [new DOMMatrix(getComputedStyle(border).transform).e, border.parentElement.clientWidth];
}

function tellBorder(border) {
  const [place, width] = placeOfBorder(border);
  border.ariaValueNow = Math.round((100 * place) / width);
}

document.addEventListener('focusin', ({ target }) => isBorder(target) && tellBorder(target));
document.addEventListener('keydown', (event) => {
  const { target: border, key } = event;
  if (!isBorder(border) || !(key in PUSHES)) return;
  event.preventDefault();
  const [place, width] = placeOfBorder(border);
  const { left, top } = border.parentElement.getBoundingClientRect();
  const hand = { clientX: left + place + PUSHES[key] * width, clientY: top, view: window };
  border.dispatchEvent(new MouseEvent('mousedown', hand));
  window.dispatchEvent(new MouseEvent('mouseup', hand));
  requestAnimationFrame(() => tellBorder(border));
});
