/**
 * An example of the SMB client, shown in docs/SMB.md: lists a share, writes a note, reads it back and sees the change.
 *
 *   bin/node docs/examples/smb-client.ts HOST SHARE USER [PORT] < FILE-WITH-THE-PASSWORD
 */
import { text } from 'node:stream/consumers';
import { isFailure } from '../../base/failure.ts';
import { printable } from '../../base/human.ts';
import { openShare, type Share } from '../../smb/index.ts';

async function main(host: string, share: string, user: string, port: number): Promise<void> {
  // Not from the command line, which everybody on the box can read.
  const password = (await text(process.stdin)).replace(/\n$/, '');
  const opened = await openShare({
    host,
    port,
    share,
    credentials: { user, domain: '', password },
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 20_000,
  });
  try {
    await tour(opened);
  } finally {
    // Logs off and closes the connection; open handles and watches end with it.
    await opened.close();
  }
}

async function tour(share: Share): Promise<void> {
  const { dialect, signing } = share.connection.server;
  console.log(`SMB 0x${dialect.toString(16)}, signed with ${signing}`);

  // Armed before anything changes, so that nothing is missed.
  const watch = await share.watch('', { recursive: true });

  // When the loop ends by itself the list is complete; everything else throws.
  // Names come from the server: no control character in them may reach the terminal. JSON alone would let half of them through.
  for await (const { name, directory, size } of share.list(''))
    console.log(directory ? 'folder' : `file, ${size} bytes`, printable(name));

  // `write` makes new files only: when note.txt is there it throws `exists`, and nothing has happened to it.
  const note = Buffer.from('Written by the example.\n');
  await share.write('note.txt', note);

  // `read` is for what fits into memory; it throws `changed` when somebody wrote to the file meanwhile.
  const back = await share.read('note.txt');
  console.log(`note.txt came back ${back.equals(note) ? 'as it was sent' : 'with other content'}`);

  for await (const batch of watch.batches) {
    // Servers lose events when too many come at once: then everything must be looked at again.
    if (batch.kind === 'overflow') console.log('events were lost');
    else for (const { action, path } of batch.changes) console.log(action, printable(path));
    watch.close();
  }
}

try {
  const [host = '', share = '', user = '', port = '445'] = process.argv.slice(2);
  await main(host, share, user, Number(port));
} catch (error) {
  if (!isFailure(error)) throw error;
  // Programs compare the code; people read the rest.
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
