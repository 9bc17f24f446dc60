// The settings, which the page writes into `props.value` and `props.own`, and the server is told.

let [settings, settingsTrouble] = [{}, null]; // the last good ones, and what is wrong with newer ones
let toldBackground = null; // what the server has: a picture may be half a megabyte

function takeSettings() {
  const chosen = JSON.parse(props.value);
  const isOwn = !chosen.trouble && chosen.background === undefined;
  const { trouble, ...taken } = isOwn ? { ...chosen, ...JSON.parse(props.own) } : chosen;
  if (trouble || settingsTrouble) {
    settingsTrouble = trouble ?? null;
    if (stream) sayState();
    else say(trouble ?? 'The camera is off.', Boolean(trouble));
  }
  // What is in trouble stays as it was last good.
  settings = trouble ? { ...settings, ...taken } : taken;
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

// What a message leaves out stays as it was.
function sendSettings() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const { background, ...others } = scaledSettings();
  const message = { ...others, width: canvas.width, height: canvas.height, late: detail > 0 };
  if (background !== toldBackground) message.background = toldBackground = background;
  socket.send(JSON.stringify(message));
}
