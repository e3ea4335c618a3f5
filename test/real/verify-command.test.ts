/** `standby verify` and `standby explain` through all of it: command, daemon, engine, a real main, and a takeover in between. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stampPath } from '../../base/libc.ts';
import { exitCodes } from '../../cli/exit.ts';
import { cable } from '../../tryout/lan.ts';
import { type Office, openOffice } from './office.ts';

let office: Office;
const FILES = 40;

beforeAll(async () => {
  office = await openOffice();
  await office.standBy();
});

afterAll(async () => {
  await office?.close();
});

it('proves the share, and the status and the report tell it', async () => {
  const report = path.join(office.box.mirror, '..', 'report.jsonl');
  const ran = await office.box.run(['verify', '--report', report]);
  expect(ran).toMatchObject({ exitCode: 0, result: { verify: { same: FILES, different: 0 }, findings: [] } });
  expect(fs.readFileSync(report, 'utf8').split('"sha256"')).toHaveLength(FILES + 1);
  const { verify } = await office.box.status();
  await office.until('the share is proven', 5_000, ({ mirror }) => {
    return (mirror.shares[0]?.provedMs ?? 0) >= (verify?.startedMs ?? Number.NaN);
  });
});

it('tells differences by an exit code of its own, and heals when it is told to', async () => {
  const rotten = path.join(office.copy, 'Letters', 'letter 7.txt');
  fs.writeFileSync(rotten, 'x'.repeat(fs.statSync(rotten).size));
  // Whoever follows the share may put that right before it is looked at; a file that only the mirror has waits for a pass or a verify.
  const extra = path.join(office.copy, 'Orders', '2026', 'nobody knows me.txt');
  // Its folder's own time is not what this is about.
  const folder = path.dirname(extra);
  const { mtimeNs } = fs.statSync(folder, { bigint: true });
  fs.writeFileSync(extra, 'x');
  stampPath(folder, { accessedNs: mtimeNs, writtenNs: mtimeNs });
  const ran = await office.box.run(['verify']);
  expect(ran.exitCode).toBe(exitCodes.different.code);
  const { findings } = ran.result as { findings: { path: string; code: string }[] };
  expect(findings.map(({ path: file, code }) => `${file}: ${code}`)).toContain(
    'Orders/2026/nobody knows me.txt: not-on-main',
  );
  expect(await office.box.run(['verify', '--heal'])).toMatchObject({
    exitCode: 0,
    result: { verify: { different: 0 } },
  });
  expect(fs.existsSync(extra)).toBe(false);
  expect(fs.readFileSync(rotten, 'utf8')).toContain('letter 7');
  const explained = await office.box.standby(['explain', '\\\\FILES01\\office\\Letters\\letter 7.txt']);
  expect(explained).toMatchObject({ verdict: 'mirrored', share: 'Office', path: 'Letters/letter 7.txt' });
});

it('ends with a takeover, and refuses while users’ changes are here', async () => {
  const big = path.join(office.original, 'big.bin');
  fs.writeFileSync(big, Buffer.alloc(64_000_000, 'big'));
  await office.until('it is copied', 30_000, ({ mirror }) => mirror.files === FILES + 1 && mirror.filesToDo === 0);
  await office.box.run(['verify', '--background']);
  office.main().kill();
  await cable('main', 'pulled');
  await office.until('it serves', 30_000, (status) => status.mode === 'active');
  const { verify } = await office.box.status();
  expect(verify?.state).not.toBe('running');
  const ran = await office.box.run(['verify', '--heal']);
  expect(ran.exitCode).toBe(exitCodes.refused.code);
  expect(ran.said).toContain('Restore Files');
});
