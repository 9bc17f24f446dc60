// Browsers give files that they do not know no type, and Gradio then turns them away: photos of
// iPhones, and videos of cameras. ENDINGS holds the endings of both, without their dots.
function typed(file) {
  const ending = file.name.split('.').pop().toLowerCase();
  const kind = Object.keys(ENDINGS).find((kind) => ENDINGS[kind].includes(ending));
  if (file.type || !kind) return file;
  return new File([file], file.name, { type: `${kind}/${ending}`, lastModified: file.lastModified });
}

function typedAll(files) {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(typed(file));
  return transfer;
}

document.addEventListener(
  'change',
  ({ target }) => {
    if (target.type !== 'file' || [...target.files].every((file) => file.type)) return;
    target.files = typedAll(target.files).files;
  },
  true,
);
// Dropped on a picture, they replace it: by the time that Gradio has put it away it finds the
// browser's own list of files empty, and a copy whole.
document.addEventListener(
  'drop',
  (event) => {
    if (!event.isTrusted || !event.dataTransfer.files.length) return;
    const dataTransfer = typedAll(event.dataTransfer.files);
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
