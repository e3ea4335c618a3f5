/** Starts the wire with a delay (delay-line.ts) and measures with one byte to and fro what it really adds. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { figures } from '../report.ts';

export interface Delay {
  readonly port: number;
  end(): Promise<void>;
}

const PINGS = 500;

/** @param delayMs each way */
export async function openDelay(port: number, serverPort: number, delayMs: number): Promise<Delay> {
  const program = fileURLToPath(new URL('./delay-line.ts', import.meta.url));
  const child = spawn(process.execPath, [program, ...[port, serverPort, delayMs * 1_000].map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(([code]) => Promise.reject(new Error(`the delay line ended with ${code}`))),
  ]);
  return {
    port,
    async end() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A server that sends back whatever it gets, the end included. */
export async function openEcho(): Promise<{ port: number; close(): void }> {
  const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return { port, close: () => void server.close() };
}

/** Milliseconds that a delay line of `delayMs` adds each way, median: the round trip through it, less the one past it. */
export async function proveDelay(port: number, delayMs: number): Promise<number> {
  const echo = await openEcho();
  const delay = await openDelay(port, echo.port, delayMs);
  try {
    return ((await roundTrip(port)) - (await roundTrip(echo.port))) / 2;
  } finally {
    await delay.end();
    echo.close();
  }
}

async function roundTrip(port: number): Promise<number> {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const runs: number[] = [];
  for (let ping = 0; ping < PINGS; ping += 1) {
    const before = performance.now();
    const back = once(socket, 'data');
    socket.write('.');
    await back;
    runs.push(performance.now() - before);
  }
  socket.destroy();
  return figures(runs).median;
}
