// The pace: how fast it goes, and how much is sent.

// What is sent when the machine is behind, from best to least: share of each side, quality.
const DETAIL = [[1, 0.8], [1, 0.6], [0.75, 0.6], [0.5, 0.6]];
// Round trips, without the latency, which smaller pictures would not lessen: from here on less, and
// more, is sent.
const [SLOW_MS, QUICK_MS] = [120, 60];
const [JUDGED, JUDGED_AT_ONCE] = [15, 5]; // round trips; fewer do where they are five times too slow
const STARTING_MS = 4000; // while sessions are made and memory is cold, which says nothing of later
const FORGIVEN_MS = 20000; // before more is tried again

let drawnAt = [];
let roundTrips = [];
let openedAt = 0; // the connection
let [detail, lowered] = [0, 0]; // index into DETAIL, and when it last got worse

function middleRoundTrip() {
  return [...roundTrips].sort((a, b) => a - b)[Math.floor(roundTrips.length / 2)];
}

function adapt() {
  const [late, now] = [middleRoundTrip() - latency, performance.now()];
  const needed = late > 5 * SLOW_MS ? JUDGED_AT_ONCE : JUDGED;
  if (roundTrips.length < needed || now - openedAt < STARTING_MS) return;
  if (late > SLOW_MS && detail < DETAIL.length - 1) [detail, lowered] = [detail + 1, now];
  else if (late < QUICK_MS && detail > 0 && now - lowered > FORGIVEN_MS) detail -= 1;
  else return;
  roundTrips = []; // the next are of another size
  sendSettings();
}

function tell() {
  const now = performance.now();
  const recent = drawnAt.filter((time) => now - time < 2000);
  const middle = middleRoundTrip();
  const numbers = [];
  if (recent.length > 1) numbers.push(((1000 * (recent.length - 1)) / (now - recent[0])).toFixed(0) + ' frames a second');
  // The device and the network's size are in the page's own line below.
  const atServer = status ? `, ${status.frame_ms.toFixed(0)} ms of it at the server` : '';
  if (middle !== undefined) numbers.push(middle.toFixed(0) + ' ms round trip' + atServer);
  if (DETAIL[detail][0] < 1) numbers.push(frameSize(DETAIL[detail][0]).join('x') + ' for speed');
  find('numbers').textContent = numbers.join(' · ');
}
