// The settings, which the page writes into `props.value` and the server is told.

let [settings, settingsTrouble] = [{}, null]; // the last good ones, and what is wrong with newer ones
let ownBackground = null; // the server deletes its file after a while

function takeSettings() {
  let { trouble, ...taken } = JSON.parse(props.value || '{}');
  if (taken.background === null && ownBackground) [taken.background, trouble] = [ownBackground, null];
  else if (!taken.background || taken.background.startsWith('data:')) ownBackground = taken.background;
  if (trouble || settingsTrouble) {
    settingsTrouble = trouble ?? null;
    if (stream) sayState();
    else say(trouble ?? 'The camera is off.', Boolean(trouble));
  }
  if (trouble) return; // the last good ones stay
  settings = taken;
  sendSettings();
}

// Lengths are in pixels of the whole picture, of which less is sent when the machine is behind.
function scaledSettings() {
  const share = DETAIL[detail][0];
  const options = { ...settings.options };
  for (const name of ['feather_px', 'shift_px']) options[name] = share * (options[name] ?? 0);
  const smaller = (_, radius) => 'blur:' + Math.max(1, Math.round(share * radius));
  const background = settings.background?.replace(/^blur:(\d+)$/, smaller);
  return { ...settings, background, options };
}

function sendSettings() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ ...scaledSettings(), width: canvas.width, height: canvas.height }));
}
