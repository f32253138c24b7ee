/** Calls `act` so often per second, in small batches, whether or not what it starts is done: an open loop. @returns how to stop it */
export function steadily(perSecond: number, act: () => void): () => void {
  let due = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    due += ((now - last) / 1000) * perSecond;
    last = now;
    for (; due >= 1; due--) act();
  }, 2);
  return () => clearInterval(timer);
}
