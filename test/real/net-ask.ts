/** Connects to ADDRESS PORT and prints what it is told at once, or the error's code; `timeout` after a second. */
import net from 'node:net';

const [host, port] = process.argv.slice(2);
const socket = net.connect({ host: host ?? '', port: Number(port) });
const say = (what: string): never => {
  console.log(what);
  process.exit(0);
};
socket.once('data', (data) => say(data.toString()));
socket.once('error', (error) => say('code' in error ? String(error.code) : error.message));
setTimeout(() => say('timeout'), 1_000);
