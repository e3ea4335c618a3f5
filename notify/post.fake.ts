/** For tests: a real SMTP server on loopback that keeps what it accepts, and a certificate for it that the tests may trust. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import type net from 'node:net';
import path from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface Post {
  port: number;
  server: net.Server;
  /** Sources of the mails accepted, in order. */
  mails: string[];
  close(): Promise<void>;
}

/** Without options: no TLS, no log-on, everything is accepted. */
export async function openPost(options: SMTPServerOptions = {}, port = 0): Promise<Post> {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 10,
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString());
        done();
      });
    },
    ...options,
  });
  // A client that goes away is told here as an error; what must hold is looked at in the tests.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    server: server.server,
    mails,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** The subjects of the mails accepted. */
export function subjectsOf(post: Post): (string | undefined)[] {
  return post.mails.map((mail) => /^Subject: (.*)$/mu.exec(mail)?.[1]?.trim());
}

export function messageIdOf(mail: string | undefined): string | undefined {
  return /^Message-ID: (.*)$/imu.exec(mail ?? '')?.[1]?.trim();
}

/** A key and a self-signed certificate for 127.0.0.1, made in the folder. */
export function makeCertificate(folder: string): { key: string; cert: string } {
  const key = path.join(folder, 'key');
  const cert = path.join(folder, 'cert');
  const kind = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=post';
  const files = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', ...kind.split(' '), ...files], { stdio: 'pipe' });
  return { key: fs.readFileSync(key, 'utf8'), cert: fs.readFileSync(cert, 'utf8') };
}
