/**
 * Every decoder against messages that are slightly wrong: a value of reasonable size, or a Failure that fits, never anything else. What it
 * starts from are real answers of smbd. STANDBY_LONG=1 gives each decoder two minutes, from another seed each time.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isFailure } from '../../base/failure.ts';
import { crashes } from '../scripted/corpus.ts';
import { DECODERS, type Decoder } from '../scripted/decoders.ts';
import { chanceOf, mutated, weight } from '../scripted/mutate.ts';
import { answerHeader, negotiateAnswer } from '../scripted/server.ts';
import { readChanges } from './change-notify.ts';
import { readEntries } from './directory.ts';
import { readExtended } from './extended.ts';
import { readNegotiated } from './negotiate.ts';
import { readStreams } from './streams.ts';

const LONG = process.env['STANDBY_LONG'] !== undefined;
const SEED = LONG ? Date.now() % 0x1_0000_0000 : 20_240_229;
const INPUTS = 8_000;
const LONG_MS = 120_000;
/** An entry of few bytes becomes an object, a character of one byte an escape of six. */
const MOST_WEIGHT = { perByte: 32, least: 4_096 } as const;

/** Decoders that are reached through those of the list. */
const WITHIN_OTHERS = ['readFileHandle', 'readSid', 'readGuid', 'readAcl', 'readAce'];

/** Undefined when the decoder did what it may, else what is wrong. */
function fault({ decode, codes }: Decoder, bytes: Buffer): string | undefined {
  const given = Buffer.from(bytes);
  try {
    const heavy = weight(decode(given));
    if (heavy > MOST_WEIGHT.perByte * bytes.length + MOST_WEIGHT.least)
      return `gave ${heavy} bytes for ${bytes.length}`;
  } catch (error) {
    if (!isFailure(error, ...codes)) return `threw ${String(error)}`;
    if (error.what.length > 1_000) return `told ${error.what.length} characters`;
  }
  return undefined;
}

describe(`the decoder of (seed ${SEED})`, () => {
  let inputs = 0;
  afterAll(() => console.log(`fuzzed ${DECODERS.length} decoders with ${inputs} inputs, seed ${SEED}`));

  it.each(DECODERS.map((decoder) => [decoder.name, decoder] as const))(
    '%s',
    { timeout: LONG_MS + 30_000 },
    (name, decoder) => {
      for (const good of decoder.good) expect(() => decoder.decode(Buffer.from(good))).not.toThrow();
      const chance = chanceOf(SEED);
      const end = performance.now() + LONG_MS;
      const old = [...crashes(name), ...decoder.good.flatMap(cuts)];
      for (let count = 0; LONG ? performance.now() < end : count < INPUTS; count += 1) {
        const bytes = old.pop() ?? mutated(chance, decoder.good);
        const wrong = fault(decoder, bytes);
        // To be put into smb/corpus/crashes.json.
        if (wrong !== undefined) expect.fail(`${name} ${wrong}: ${bytes.toString('hex')}`);
        inputs += 1;
      }
    },
  );

  it('anything else is in the list: a new one fails here until it has its line', () => {
    const room = path.dirname(import.meta.dirname);
    const table = fs.readFileSync(path.join(room, 'scripted', 'decoders.ts'), 'utf8');
    const exported = ['wire', 'rpc', 'security'].flatMap((folder) =>
      fs
        .readdirSync(path.join(room, folder))
        .filter((file) => file.endsWith('.ts') && !/\.(?:test|fake)\.ts$/u.test(file))
        .flatMap((file) => [
          ...fs
            .readFileSync(path.join(room, folder, file), 'utf8')
            .matchAll(/^export function ((?:read(?!Request)|parse)\w+)/gmu),
        ])
        .map(([, name = '']) => name),
    );
    expect(exported.length).toBeGreaterThan(30);
    expect(exported.filter((name) => !WITHIN_OTHERS.includes(name) && !table.includes(name))).toEqual([]);
    expect(new Set(DECODERS.map(({ name }) => name)).size).toBe(DECODERS.length);
  });
});

/** Cut at every byte. */
function cuts(good: Buffer): Buffer[] {
  return Array.from({ length: Math.min(good.length, 400) }, (_, length) => good.subarray(0, length));
}

describe('an answer in which every entry claims all that is behind it', () => {
  /** Entries of `step` bytes, each with a length at its place that reaches to the end of the answer. */
  function claiming(step: number, lengthAt: number, lengthBytes: 2 | 4): Buffer {
    const count = 500;
    const buffer = Buffer.alloc(count * step);
    for (let index = 0; index < count; index += 1) {
      const at = index * step;
      const left = Math.max(0, buffer.length - at - step - 2);
      buffer.writeUInt32LE(index === count - 1 ? 0 : step, at);
      buffer.writeUInt32LE(1, at + 4);
      buffer.writeUIntLE(left, at + lengthAt, lengthBytes);
    }
    return buffer;
  }

  it.each<[string, (bytes: Buffer) => unknown, Buffer]>([
    ['a directory', readEntries, claiming(112, 60, 4)],
    ['changes', readChanges, claiming(12, 8, 4)],
    ['streams', readStreams, claiming(24, 4, 4)],
    ['extended attributes', readExtended, claiming(12, 6, 2)],
  ])('is malformed, for it would hold its bytes hundreds of times: %s', (_name, decode, bytes) => {
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});

describe('a sound answer to NEGOTIATE', () => {
  const sound = Buffer.concat([answerHeader({ command: 0 }), negotiateAnswer()]);

  it('is taken', () => {
    expect(readNegotiated(sound)).toMatchObject({ dialect: 0x0311, signing: 'aes-gmac', cipher: 'aes-128-gcm' });
  });

  it('cut anywhere is malformed', () => {
    for (let length = 0; length < sound.length - 4; length += 1)
      expect(() => readNegotiated(sound.subarray(0, length))).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});
