/** Tests of the mail queue against a real SMTP server, with STARTTLS, log-on and outages. */
import fs from 'node:fs';
import type net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import type { SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../base/clock.ts';
import { type Log, openLog } from '../base/log.ts';
import type { Timers } from '../base/timers.ts';
import { type Alert, type MailQueue, type MailTransport, openMailQueue } from './index.ts';
import { makeCertificate, messageIdOf, openPost, type Post, subjectsOf } from './post.fake.ts';
import { MAILS_PER_WINDOW, WINDOW_MS } from './storm.ts';

const PASSWORD = 'correct horse';
const alertOf = (subject: string): Alert => ({
  code: 'taken-over',
  subject,
  text: 'it happened',
  why: 'because',
  next: 'look',
});

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'mail-'));
const usual = tls.getCACertificates('default');
const { key, cert } = makeCertificate(home);
beforeAll(() => tls.setDefaultCACertificates([...usual, cert]));
afterAll(() => {
  tls.setDefaultCACertificates(usual);
  fs.rmSync(home, { recursive: true });
});

/** Until something holds, at most five seconds. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('did not happen in time');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Time by hand: `later` holds what was asked to happen later. */
let wallMs = 0;
let later: { ms: number; run(): void }[] = [];
/** What somebody set the wall clock forward by; the monotonic one does not notice. */
let setForwardMs = 0;
const clock: Clock = { wallMs: () => wallMs + setForwardMs, monoMs: () => wallMs };
const timers: Timers = {
  after(ms, run) {
    const entry = { ms, run };
    later.push(entry);
    const cancel = (): void => {
      later = later.filter((one) => one !== entry);
    };
    return { cancel };
  },
};
/** Lets the pause of the retry end. Sends have a limit of 90 s and windows of an hour: neither is a pause. */
const PAUSES_MS = [5_000, 15_000, 60_000, 300_000, 900_000];
const pause = () => later.find((one) => PAUSES_MS.includes(one.ms));
function endPause(): number {
  const entry = pause();
  if (entry === undefined) throw new Error('no pause');
  later = later.filter((one) => one !== entry);
  wallMs += entry.ms;
  entry.run();
  return entry.ms;
}

let lines: string[] = [];
const log: Log = openLog('mail', {
  clock,
  format: 'human',
  priorityPrefix: false,
  least: 'debug',
  write: (line) => lines.push(line),
});

const posts: Post[] = [];
async function post(options: SMTPServerOptions = {}, port = 0): Promise<Post> {
  const opened = await openPost(options, port);
  posts.push(opened);
  return opened;
}

let queue: MailQueue | undefined;
let folder = '';
beforeEach(() => {
  folder = path.join(fs.mkdtempSync(path.join(home, 'queue-')), 'mail');
  wallMs = Date.UTC(2026, 10, 21, 12);
  setForwardMs = 0;
  later = [];
  lines = [];
});
afterEach(async () => {
  await queue?.close();
  queue = undefined;
  for (const each of posts.splice(0)) await each.close();
});

function open(
  port: number,
  more: Partial<MailTransport> = {},
  password: () => string | undefined = () => PASSWORD,
): MailQueue {
  const transport: MailTransport = {
    server: '127.0.0.1',
    port,
    security: 'none',
    from: 'standby@office.example',
    to: ['admin@office.example'],
    ...more,
  };
  queue = openMailQueue({ folder, transport, password, standbyName: 'STANDBY', clock, timers, log });
  return queue;
}
const onDisk = (): string[] => fs.readdirSync(folder).filter((name) => name.endsWith('.json'));
describe('a mail server that is there', () => {
  it('gets the mail at once, once, and the disk is clear again', async () => {
    const office = await post();
    expect(open(office.port).enqueue(alertOf('down'))).toBe('queued');
    await until(() => office.mails.length === 1 && onDisk().length === 0);
    expect(office.mails[0]).toMatch(/^Auto-Submitted: auto-generated\r$/mu);
    expect(office.mails[0]).toMatch(/^Date: Sat, 21 Nov 2026 12:00:00 \+0000\r$/mu);
    expect(subjectsOf(office)).toEqual(['STANDBY: down']);
    expect(queue?.state()).toEqual({ waiting: 0, problem: '' });
  });

  it('that cannot be told from the disk is told as a trouble, and nothing is thrown', async () => {
    const office = await post();
    const waiting = open(office.port);
    fs.rmSync(folder, { recursive: true });
    expect(waiting.state()).toEqual({ waiting: 0, problem: expect.stringContaining(folder) });
    fs.mkdirSync(folder);
  });

  it('is spoken to over STARTTLS and with a log-on when the settings say so', async () => {
    const seen: { secure: boolean; user: string | undefined }[] = [];
    const office = await post({
      disabledCommands: [],
      authOptional: false,
      key,
      cert,
      onAuth: (auth, session, done) => {
        seen.push({ secure: session.secure, user: auth.username });
        done(auth.password === PASSWORD ? null : new Error('no'), { user: auth.username });
      },
    });
    open(office.port, { security: 'starttls', user: 'standby' }).enqueue(alertOf('down'));
    await until(() => office.mails.length === 1);
    expect(seen).toEqual([{ secure: true, user: 'standby' }]);
  });

  it('is spoken to over TLS from the first byte when the settings say so', async () => {
    const office = await post({ secure: true, key, cert });
    open(office.port, { security: 'tls' }).enqueue(alertOf('down'));
    await until(() => office.mails.length === 1);
  });
});

describe('a mail server that must not be trusted with the password', () => {
  it.each([
    ['offers no STARTTLS', {}],
    ['shows a certificate that nobody vouches for', { disabledCommands: [], foreign: true }],
  ])(
    'gets neither mail nor password when it %s',
    async (_what, { foreign, ...options }: SMTPServerOptions & { foreign?: boolean }) => {
      if (foreign === true) tls.setDefaultCACertificates(usual);
      const tried: unknown[] = [];
      const office = await post({ key, cert, ...options, onAuth: (auth) => void tried.push(auth) });
      open(office.port, { security: 'starttls', user: 'standby' }).enqueue(alertOf('down'));
      await until(() => pause() !== undefined);
      tls.setDefaultCACertificates([...usual, cert]);
      expect(tried).toEqual([]);
      expect(office.mails).toEqual([]);
      expect(onDisk().length).toBe(1);
      expect(lines.join('')).not.toContain(PASSWORD);
    },
  );
});

describe('an outage', () => {
  it('is waited out with growing pauses, and the mail then tells its delay', async () => {
    const gone = await post();
    await gone.close();
    open(gone.port).enqueue(alertOf('down'));
    const pauses: number[] = [];
    for (let tries = 0; tries < 6; tries += 1) {
      await until(() => pause() !== undefined);
      if (tries < 5) pauses.push(endPause());
    }
    expect(pauses).toEqual([5_000, 15_000, 60_000, 300_000, 900_000]);
    expect(queue?.state().waiting).toBe(1);
    expect(queue?.state().problem).toContain('ECONNREFUSED');
    const back = await post({}, gone.port);
    endPause();
    await until(() => onDisk().length === 0);
    expect(subjectsOf(back)).toEqual(['STANDBY: down (delayed 36 min)']);
    expect(queue?.state()).toEqual({ waiting: 0, problem: '' });
  });

  it('is survived by a restart, in the order of the alerts', async () => {
    const gone = await post();
    await gone.close();
    const first = open(gone.port);
    first.enqueue(alertOf('one'));
    wallMs += 1_000;
    first.enqueue(alertOf('two'));
    await first.close();
    expect(onDisk().length).toBe(2);
    const back = await post({}, gone.port);
    open(gone.port);
    await until(() => onDisk().length === 0);
    expect(subjectsOf(back)).toEqual(['STANDBY: one', 'STANDBY: two']);
  });

  it('between the mail and its 250 repeats the mail under the same Message-ID', async () => {
    const taken: string[] = [];
    let breakLine = (): void => {};
    const deaf = await post({
      onData(stream) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          taken.push(Buffer.concat(chunks).toString());
          breakLine();
        });
      },
    });
    deaf.server.on('connection', (socket: net.Socket) => {
      breakLine = () => socket.destroy();
    });
    open(deaf.port).enqueue(alertOf('down'));
    await until(() => pause() !== undefined);
    await deaf.close();
    const back = await post({}, deaf.port);
    endPause();
    await until(() => onDisk().length === 0);
    expect(messageIdOf(back.mails[0])).toMatch(/^<[0-9a-f-]{36}@office\.example>$/u);
    expect(messageIdOf(taken[0])).toBe(messageIdOf(back.mails[0]));
  });

  it('by a server that never answers ends at its limit', async () => {
    const stuck = await post({ onConnect: () => {} });
    open(stuck.port).enqueue(alertOf('down'));
    await until(() => later.some((one) => one.ms === 90_000));
    later.find((one) => one.ms === 90_000)?.run();
    await until(() => pause() !== undefined);
    expect(queue?.state()).toEqual({ waiting: 1, problem: 'not done in time' });
  });

  it('that lasts five days gives the mail up, and says so', async () => {
    const gone = await post();
    await gone.close();
    open(gone.port).enqueue(alertOf('down'));
    await until(() => pause() !== undefined);
    wallMs += 5 * 24 * 3_600_000;
    endPause();
    await until(() => onDisk().length === 0);
    expect(lines.join('')).toContain('gave up a mail that no server took for 5 d');
  });

  it('does not lose a mail to a clock that is set right, years forward', async () => {
    const gone = await post();
    await gone.close();
    open(gone.port).enqueue(alertOf('down'));
    await until(() => pause() !== undefined);
    setForwardMs = 56 * 365 * 24 * 3_600_000;
    const back = await post({}, gone.port);
    endPause();
    await until(() => onDisk().length === 0);
    expect(back.mails).toHaveLength(1);
  });
});

describe('a server that says no', () => {
  it('to one mail does not keep the others from passing', async () => {
    const office = await post({
      onData(stream, _session, done) {
        let text = '';
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        stream.on('end', () => {
          if (text.includes('bad')) return done(Object.assign(new Error('refused'), { responseCode: 554 }));
          office.mails.push(text);
          done();
        });
      },
    });
    const mails = open(office.port);
    mails.enqueue(alertOf('bad'));
    mails.enqueue(alertOf('good'));
    await until(() => pause() !== undefined && office.mails.length === 1);
    expect(subjectsOf(office)).toEqual(['STANDBY: good']);
    expect(onDisk().length).toBe(1);
  });

  it('to the password is asked again with the password of that time', async () => {
    let password = 'old';
    const office = await post({
      disabledCommands: [],
      authOptional: false,
      key,
      cert,
      onAuth: (auth, _session, done) =>
        done(auth.password === PASSWORD ? null : new Error('wrong'), { user: 'standby' }),
    });
    open(office.port, { security: 'starttls', user: 'standby' }, () => password).enqueue(alertOf('down'));
    await until(() => pause() !== undefined);
    expect(queue?.state().problem).toMatch(/535|wrong/u);
    password = PASSWORD;
    endPause();
    await until(() => office.mails.length === 1);
  });

  it('to logging on at all gets no mail past it, though it would take one from anybody', async () => {
    const office = await post({ disabledCommands: ['AUTH'], key, cert });
    open(office.port, { security: 'starttls', user: 'standby' }).enqueue(alertOf('down'));
    await until(() => pause() !== undefined);
    expect(office.mails).toEqual([]);
  });

  it('to one of two recipients has accepted the mail for the other', async () => {
    const office = await post({
      onRcptTo: (address, _session, done) =>
        done(address.address.startsWith('gone') ? new Error('no such mailbox') : null),
    });
    open(office.port, { to: ['gone@office.example', 'admin@office.example'] }).enqueue(alertOf('down'));
    await until(() => onDisk().length === 0);
    expect(office.mails.length).toBe(1);
    expect(lines.join('')).toContain('recipient="gone@office.example"');
  });
});

describe('a storm', () => {
  it('is mailed up to the hour’s room; the rest comes as one summary at its end, also after a restart', async () => {
    const office = await post();
    const first = open(office.port);
    const kept = Array.from({ length: MAILS_PER_WINDOW + 3 }, (_, n) => first.enqueue(alertOf(`no ${n}`)));
    expect(kept.filter((one) => one === 'held').length).toBe(3);
    await until(() => office.mails.length === MAILS_PER_WINDOW && onDisk().length === 0);
    await first.close();
    later = [];
    open(office.port);
    wallMs += WINDOW_MS;
    const end = later.find((one) => one.ms === WINDOW_MS);
    end?.run();
    await until(() => office.mails.length === MAILS_PER_WINDOW + 1);
    expect(subjectsOf(office).at(-1)).toBe('STANDBY: 3 further alerts within an hour');
    expect(queue?.enqueue(alertOf('after'))).toBe('queued');
  });
});

describe('the disk', () => {
  it('that refuses a mail does not keep it from being sent', async () => {
    const office = await post();
    const mails = open(office.port);
    fs.rmSync(folder, { recursive: true });
    fs.writeFileSync(folder, 'in the way');
    expect(mails.enqueue(alertOf('disk full'))).toBe('memory');
    await until(() => office.mails.length === 1);
  });

  it('holds each mail readable by its owner only, and a broken file stops nothing', async () => {
    const gone = await post();
    await gone.close();
    const mails = open(gone.port);
    mails.enqueue(alertOf('down'));
    await until(() => pause() !== undefined);
    const [name = ''] = onDisk();
    expect(fs.statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
    await mails.close();
    fs.writeFileSync(path.join(folder, '000000000000001-broken.json'), '{');
    fs.writeFileSync(path.join(folder, 'half.json.new'), '{');
    const back = await post({}, gone.port);
    open(gone.port);
    await until(() => back.mails.length === 1 && onDisk().length === 0);
    expect(fs.readdirSync(folder).filter((each) => each !== 'window')).toEqual([
      '000000000000001-broken.json.unreadable',
    ]);
    expect(lines.join('')).toContain('cannot be understood');
  });
});
