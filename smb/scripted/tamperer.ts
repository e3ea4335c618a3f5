/** For tests: stands between the client and a real server and changes what passes, as an attacker or a broken box would. */
import net from 'node:net';
import { eachFrame, framed, listen } from './server.ts';

export interface Passing {
  from: 'client' | 'server';
  /** Number of the message from this side, from 0. */
  index: number;
  message: Buffer;
}

/** Messages that go on instead of the one that came, without prefix; none keeps it back; `cut` ends both connections. */
export type Tampering = (passing: Passing) => Buffer[] | 'cut';

export interface Tamperer {
  readonly port: number;
  /** Exchangeable while it runs. */
  tamper: Tampering;
  close(): void;
}

export async function startTamperer(serverPort: number, tamper: Tampering): Promise<Tamperer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect({ host: '127.0.0.1', port: serverPort });
    const both = [client, upstream];
    for (const socket of both) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        for (const each of both) each.destroy();
      });
    }
    const pass = (source: net.Socket, target: net.Socket, from: Passing['from']): void => {
      let index = 0;
      eachFrame(source, (message) => {
        const onward = tamperer.tamper({ from, index, message });
        index += 1;
        if (onward === 'cut') source.destroy();
        else for (const each of onward) target.write(framed(each));
      });
    };
    pass(client, upstream, 'client');
    pass(upstream, client, 'server');
  });
  const port = await listen(server);
  const tamperer: Tamperer = {
    port,
    tamper,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return tamperer;
}

/** Changes nothing. */
export const honest: Tampering = ({ message }) => [message];
