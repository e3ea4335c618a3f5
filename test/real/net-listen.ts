/** Listens on each PORT=NAME and tells every client the name; prints a line when all listen, and one when a client was cut off. */
import net from 'node:net';

for (const each of process.argv.slice(2)) {
  const [port, name] = each.split('=');
  await new Promise<void>((resolve) => {
    const server = net.createServer((socket) => {
      socket.on('error', (error) => console.log(`${name} lost a client: ${error.message}`));
      socket.write(name ?? '');
    });
    server.listen(Number(port), '0.0.0.0', resolve);
  });
}
console.log('ready');
