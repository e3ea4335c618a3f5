/** The wire with a delay: it delays each byte, loses none, and passes the end on. */
import { once } from 'node:events';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openDelay, openEcho } from './delay.ts';

const PORT = 4456;

/** A connection through a wire, to a server that echoes unless told otherwise; all of it goes when the test is over, whatever came of it. */
async function connectThrough(delayMs: number, serverPort?: number): Promise<net.Socket> {
  const echo = await openEcho();
  onTestFinished(() => echo.close());
  const delay = await openDelay(PORT, serverPort ?? echo.port, delayMs);
  onTestFinished(() => delay.end());
  const socket = net.connect({ host: '127.0.0.1', port: PORT, noDelay: true, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  return socket;
}

test('delays each way, never less than it says', async () => {
  const socket = await connectThrough(3);
  for (let ping = 0; ping < 20; ping += 1) {
    const before = performance.now();
    const back = once(socket, 'data');
    socket.write('.');
    await back;
    expect(performance.now() - before).toBeGreaterThanOrEqual(6);
  }
});

test('passes on a lot of bytes in both directions at once, in order, and then the end', async () => {
  const sent = Buffer.alloc(20 * 1_048_576);
  for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at);
  const socket = await connectThrough(1);
  socket.end(sent);
  const got: Buffer[] = [];
  for await (const chunk of socket) got.push(chunk as Buffer);
  expect(Buffer.concat(got).equals(sent)).toBe(true);
});

test('a server that is not there shows as an end', async () => {
  const socket = await connectThrough(0, 1);
  socket.end();
  socket.resume();
  await once(socket, 'close');
});
