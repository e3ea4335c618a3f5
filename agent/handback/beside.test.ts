/** Tests of the name beside a taken name. */
import { describe, expect, it } from 'vitest';
import { besideName } from './beside.ts';

/** 2026-11-21 22:10:05.5 UTC. */
const WRITTEN = BigInt(Date.UTC(2026, 10, 21, 22, 10, 5, 500)) * 1_000_000n;

describe('the name beside a taken name', () => {
  it.each([
    ['report.docx', 1, 'report (standby 2026-11-21 22-10-05).docx', 'before the extension'],
    ['report.docx', 3, 'report (standby 2026-11-21 22-10-05) 3.docx', 'another one'],
    ['Makefile', 1, 'Makefile (standby 2026-11-21 22-10-05)', 'no extension'],
    ['.profile', 1, '.profile (standby 2026-11-21 22-10-05)', 'a leading dot begins none'],
    ['a.tar.gz', 1, 'a.tar (standby 2026-11-21 22-10-05).gz', 'only the last one'],
    ['Dr. Müller', 1, 'Dr. Müller (standby 2026-11-21 22-10-05)', 'a sentence is none'],
  ])('%s, %d: %s (%s)', (name, ordinal, expected) => {
    expect(besideName(name, WRITTEN, ordinal, 'UTC')).toBe(expected);
  });

  it('fits into 255 bytes without cutting a character', () => {
    const name = besideName(`${'𝄞'.repeat(60)}.docx`, WRITTEN, 1, 'UTC');
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^(𝄞)+ \(standby 2026-11-21 22-10-05\)\.docx$/u);
  });
});
