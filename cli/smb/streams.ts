/** `standby smb streams`: the named streams of a file or folder (MS-FSCC 2.1.5.3), among them «came from the internet». */
import type { Command } from 'commander';
import { Failure } from '../../base/failure.ts';
import { counted, humanSize, printable } from '../../base/human.ts';
import { asksServer, atShare, type SmbOptions } from './calling.ts';
import { Problems } from './problems.ts';

export function addStreams(smb: Command): void {
  asksServer(smb.command('streams <address>').description('list the named streams of one file or folder')).action(
    (text: string, options: SmbOptions) =>
      atShare(text, options, async ({ screen, share: { tree }, path, address }) => {
        const { streams, refused } = await tree.streams(path);
        const problems = new Problems(screen, 'listed');
        for (const name of refused) problems.add(name, unsafe(name));
        screen.result({ address, streams, refused });
        const width = Math.max(0, ...streams.map(({ name }) => printable(name).length));
        for (const { name, size } of streams) screen.line(`${printable(name).padEnd(width)}  ${humanSize(size)}`);
        screen.line(streams.length === 0 ? 'It has no named streams.' : `${counted(streams.length, 'stream')}.`);
        problems.close();
      }),
  );
}

function unsafe(subject: string): Failure {
  return new Failure({
    code: 'bad-name',
    doing: 'list',
    subject,
    what: 'the stream holds no data, or its name is not safe to use',
  });
}
