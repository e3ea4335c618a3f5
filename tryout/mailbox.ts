/** A mail server for the play: accepts everything on the LAN and keeps it for reading. */
import { SMTPServer } from 'smtp-server';

export interface Mail {
  atMs: number;
  subject: string;
  text: string;
}

export interface Mailbox {
  readonly mails: readonly Mail[];
  close(): Promise<void>;
}

const MAIL_LIMIT_BYTES = 1_048_576;

export function openMailbox(host: string, port: number): Promise<Mailbox> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    size: MAIL_LIMIT_BYTES,
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(parse(Buffer.concat(chunks).toString('utf8')));
        done();
      });
    },
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, host, () => {
      resolve({ mails, close: () => new Promise((closed) => server.close(() => closed())) });
    });
  });
}

function parse(source: string): Mail {
  const head = source.slice(0, source.search(/\r?\n\r?\n/)).replace(/\r?\n[ \t]+/g, ' ');
  const subject = /^subject: (.*)$/im.exec(head)?.[1] ?? '';
  return { atMs: Date.now(), subject: decodeWords(subject.trim()), text: source };
}

/** RFC 2047 encoded words, the two encodings. */
function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_all, kind: string, body: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(body, 'base64').toString('utf8')
        : Buffer.from(
            body
              .replace(/_/g, ' ')
              .replace(/=([0-9a-f]{2})/gi, (_m, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
            'latin1',
          ).toString('utf8'),
    );
}
