/** Whether a local TCP port has a listener. */
import net from 'node:net';

const ANSWER_LIMIT_MS = 500;

export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    const end = (listening: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(listening);
    };
    const timer = setTimeout(() => end(false), ANSWER_LIMIT_MS);
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });
}
