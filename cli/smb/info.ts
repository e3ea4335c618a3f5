/** `standby smb info`: what a server agreed to, without a log-on; with a share also its room and identity. */
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { humanDuration, humanSize } from '../../base/human.ts';
import { unixMs } from '../../smb/file-time.ts';
import type { Connection, LogonTurn, ServerInfo } from '../../smb/index.ts';
import type { Screen } from '../screen.ts';
import { safe } from '../screen.ts';
import { credentialsFor } from './account.ts';
import { readAddress } from './address.ts';
import { asksServer, connectTo, placeOf, type SmbOptions, telling } from './calling.ts';
import { isoTime } from './time.ts';
import { turnFor } from './turn.ts';

const DIALECTS: Record<ServerInfo['dialect'], string> = {
  528: '2.1',
  768: '3.0',
  770: '3.0.2',
  785: '3.1.1',
};
const ECHO_LIMIT_MS = 5_000;

interface ConnectionFacts {
  dialect: string;
  signing: string;
  cipher: string | null;
  guid: string;
  maxReadBytes: number;
  maxWriteBytes: number;
  maxTransactBytes: number;
  serverTime: string | null;
  /** How far the server's clock is ahead of ours, behind when negative; off by the way of one answer at most. */
  clockAheadMs: number | null;
  roundTripMs: number;
}

interface ShareFacts {
  share: string;
  totalBytes: number;
  freeBytes: number;
  volumeSerial: string;
  rootFileId: string;
}

export function addInfo(smb: Command): void {
  asksServer(
    smb.command('info [address]').description('show what a server agrees to; of a share also its room and identity'),
  ).action(async (text: string | undefined, options: SmbOptions) => {
    const { screen, server, address } = placeOf(text, options);
    const { share } = server;
    const credentials = share === '' ? undefined : await credentialsFor(readAddress(text), options, screen);
    await telling(async () => {
      // Without a log-on nothing is trusted to it: then it may tell what it cannot do.
      const connection = await connectTo(share === '' ? { ...server, require: undefined } : server);
      // Before anything else is asked, or the difference of the clocks would grow by the time in between.
      const nowMs = systemClock.wallMs();
      try {
        const facts = await connectionFacts(connection, nowMs);
        const turn = credentials && (await turnFor(server, credentials, options));
        const about = credentials === undefined ? {} : await shareFacts(connection, credentials, share, turn);
        screen.result({ address, ...facts, ...about });
        tell(screen, facts, about);
      } finally {
        connection.close();
      }
    });
  });
}

async function connectionFacts(connection: Connection, nowMs: number): Promise<ConnectionFacts> {
  const { dialect, cipher, systemTime, ...server } = connection.server;
  const { guid, signing, maxReadBytes, maxWriteBytes, maxTransactBytes } = server;
  return {
    dialect: DIALECTS[dialect],
    signing,
    cipher: cipher ?? null,
    guid,
    maxReadBytes,
    maxWriteBytes,
    maxTransactBytes,
    serverTime: isoTime(systemTime),
    clockAheadMs: systemTime === 0n ? null : unixMs(systemTime) - nowMs,
    roundTripMs: Math.round((await connection.echo(ECHO_LIMIT_MS)) * 10) / 10,
  };
}

async function shareFacts(
  connection: Connection,
  credentials: Parameters<Connection['logon']>[0],
  share: string,
  turn: LogonTurn | undefined,
): Promise<ShareFacts> {
  const session = await connection.logon(credentials, turn);
  const tree = await session.tree(share);
  const { totalBytes, freeBytes } = await tree.space();
  const { volumeSerial, rootFileId } = await tree.identity();
  await session.logoff().catch(() => undefined);
  const serial = volumeSerial.toString(16).padStart(8, '0');
  return { share, totalBytes, freeBytes, volumeSerial: serial, rootFileId: rootFileId.toString() };
}

function tell(screen: Screen, facts: ConnectionFacts, about: ShareFacts | Record<string, never>): void {
  const row = (name: string, words: string): void => screen.line(`${name.padEnd(12)} ${words}`);
  row('Dialect', `SMB ${facts.dialect}`);
  row('Signing', `${facts.signing}, always`);
  row('Encryption', facts.cipher === null ? 'cannot be had' : `${facts.cipher}, where the server wants it`);
  row('Read', `up to ${humanSize(facts.maxReadBytes)} at once`);
  row('Write', `up to ${humanSize(facts.maxWriteBytes)} at once`);
  row('Other', `up to ${humanSize(facts.maxTransactBytes)} at once`);
  row('Clock', clockWords(facts.clockAheadMs));
  row('Answers in', humanDuration(facts.roundTripMs));
  row('Server', facts.guid);
  if (!('share' in about)) return;
  row('Share', safe`${about.share}`);
  row('Room', `${humanSize(about.freeBytes)} free of ${humanSize(about.totalBytes)}`);
  row('Volume', `${about.volumeSerial}, root ${about.rootFileId}`);
}

function clockWords(aheadMs: number | null): string {
  if (aheadMs === null) return 'not told';
  if (Math.abs(aheadMs) < 1_000) return 'as here';
  return `${humanDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} ours`;
}
