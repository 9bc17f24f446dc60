// Browsers give files that they do not know no type, and Gradio then turns them away: photos of
// iPhones, and videos of cameras. ENDINGS holds the endings of both, without their dots.
function typed(file) {
  const ending = file.name.split('.').pop().toLowerCase();
  const kind = Object.keys(ENDINGS).find((kind) => ENDINGS[kind].includes(ending));
  if (file.type || !kind) return file;
  return new File([file], file.name, { type: `${kind}/${ending}`, lastModified: file.lastModified });
}

// The files, all with a type; null where they have one already.
function typedAll(files) {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(typed(file));
  return [...files].every((file) => file.type) ? null : transfer;
}

document.addEventListener(
  'change',
  ({ target }) => {
    const transfer = target.type === 'file' && typedAll(target.files);
    if (transfer) target.files = transfer.files;
  },
  true,
);
document.addEventListener(
  'drop',
  (event) => {
    const dataTransfer = event.isTrusted && typedAll(event.dataTransfer.files);
    if (!dataTransfer) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const again = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
    event.target.dispatchEvent(again);
  },
  true,
);
// So that the dialog offers them too.
document.addEventListener(
  'click',
  ({ target }) => {
    if (target.type !== 'file') return;
    const kind = Object.keys(ENDINGS).find((kind) => target.accept.endsWith(`${kind}/*`));
    if (kind) target.accept += ENDINGS[kind].map((ending) => `,.${ending}`).join('');
  },
  true,
);

// A player that can't play its video stays empty: page.css says so over it. Gradio, which would take it
// for an error although an upload is replaced all the same, is not told.
for (const kind of ['error', 'loadeddata']) {
  document.addEventListener(
    kind,
    (event) => {
      if (!event.target.matches('#video video, #video-result video')) return;
      event.target.classList.toggle('unplayable', kind === 'error');
      if (kind === 'error') event.stopImmediatePropagation();
    },
    true,
  );
}
