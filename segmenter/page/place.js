// Says beside "Waiting for its turn" which place a video has. Gradio knows it, and writes it where this
// page shows nothing: over the words, which would not be readable.
function tellPlace() {
  const place = document.querySelector('#video-state .place');
  const [, number] = document.querySelector('#video-state .progress-text')?.textContent.match(/queue: (\d+)/) ?? [];
  const words = number === '1' ? 'It is the next.' : `It is number ${number} in the queue.`;
  if (place && number && place.textContent !== words) place.textContent = words;
}
new MutationObserver(tellPlace).observe(document, { childList: true, subtree: true, characterData: true });
