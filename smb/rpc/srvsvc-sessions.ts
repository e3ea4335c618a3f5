/**
 * Who is connected to the server: NetrSessionEnum (MS-SRVS 3.1.4.5). Level 10 is what most accounts may read; not every server knows
 * it (Samba knows 0 and 1).
 */
import { printable } from '../../base/human.ts';
import type { ClientSession } from '../types.ts';
import type { Listing } from './enumeration.ts';
import type { NdrReader } from './ndr.ts';

interface FixedSession {
  /** Whether each pointer to a string is there, in the order of the strings. */
  pointers: boolean[];
  openFiles: number | undefined;
  activeSeconds: number;
  idleSeconds: number;
}

/** A server that rounds can come out a second below 0, which on the wire is huge. */
function seconds(reader: NdrReader): number {
  const value = reader.u32();
  return value >= 0x8000_0000 ? 0 : value;
}

const COMMON = {
  operation: 12,
  // The name of a computer, the name of a user.
  filters: 2,
  rowsLimit: 100_000,
  reading: 'read list of sessions',
  row(reader, { pointers, openFiles, activeSeconds, idleSeconds }) {
    const texts = pointers.map((isThere) => (isThere ? printable(reader.string()) : ''));
    const [client = '', user = ''] = texts;
    return { client, user, openFiles, activeSeconds, idleSeconds };
  },
} satisfies Partial<Listing<ClientSession, FixedSession>>;

/** In the order of trying: SESSION_INFO_10, _1, _502 (MS-SRVS 2.2.4.15, 2.2.4.13, 2.2.4.16). */
export const SESSIONS: readonly Listing<ClientSession, FixedSession>[] = [
  {
    ...COMMON,
    level: 10,
    fixedBytes: 16,
    fixed(reader) {
      const pointers = [reader.pointer(), reader.pointer()];
      return { pointers, openFiles: undefined, activeSeconds: seconds(reader), idleSeconds: seconds(reader) };
    },
  },
  {
    ...COMMON,
    level: 1,
    fixedBytes: 24,
    fixed(reader) {
      const pointers = [reader.pointer(), reader.pointer()];
      const found = { openFiles: reader.u32(), activeSeconds: seconds(reader), idleSeconds: seconds(reader) };
      reader.u32(); // how the user was logged on
      return { pointers, ...found };
    },
  },
  {
    ...COMMON,
    level: 502,
    fixedBytes: 32,
    fixed(reader) {
      const pointers = [reader.pointer(), reader.pointer()];
      const found = { openFiles: reader.u32(), activeSeconds: seconds(reader), idleSeconds: seconds(reader) };
      reader.u32(); // how the user was logged on
      // The client's operating system, and the transport.
      pointers.push(reader.pointer(), reader.pointer());
      return { pointers, ...found };
    },
  },
];
