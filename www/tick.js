const channel = new MessageChannel();
const waiting = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Lets the messages that are waiting in, without setTimeout's pause of 4 ms. @returns {Promise<void>} */
export function tick() {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(0);
  });
}
