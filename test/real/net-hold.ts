/** Connects to ADDRESS PORT, prints `connected` when told something, then how the connection ended and prints that too. */
import net from 'node:net';

const [host, port] = process.argv.slice(2);
const socket = net.connect({ host: host ?? '', port: Number(port) });
socket.once('data', () => console.log('connected'));
socket.once('error', (error) => console.log('code' in error ? String(error.code) : error.message));
socket.once('end', () => console.log('ended'));
