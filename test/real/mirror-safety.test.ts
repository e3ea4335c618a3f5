/** What looks like a deletion and is none deletes nothing, and nothing leads out of the mirror's folder. */
import fs from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { mustRun } from '../../base/command.ts';
import { startSamba } from '../../tryout/samba.ts';
import { type Engine, until, World } from './mirror-world.ts';

const PASS = { passEveryMs: 300 };
let world: World;

afterEach(async () => {
  await world.close();
});

/** Two more passes are over. */
async function passes(engine: Engine): Promise<void> {
  for (let n = 0; n < 2; n += 1) {
    const before = engine.share('Office')?.lastPassMs ?? 0;
    await until('another pass', () => (engine.share('Office')?.lastPassMs ?? 0) > before);
  }
}

function fill(): void {
  for (let n = 0; n < 20; n += 1) world.put(`Letters/inner/${n}.txt`, `letter ${n}`, 1_600_000_000 + n);
  world.put('top.txt', 'at the top', 1_600_000_000);
}

it('deletes nothing below a directory that it may not list any more', async () => {
  world = await World.make({ port: 4473 });
  fill();
  const engine = world.engine(PASS);
  await world.live(engine);
  fs.chmodSync(world.main('Letters/inner'), 0o000);
  await until('the problem is told', () =>
    engine.last('problems')?.problems.some((one) => one.path === 'Letters/inner'),
  );
  await passes(engine);
  expect(fs.readdirSync(world.mirror('Letters/inner'))).toHaveLength(20);
  expect(engine.share('Office')?.skipped).toBe(1);
  fs.chmodSync(world.main('Letters/inner'), 0o755);
  await until('the problem is over', () => engine.last('problems')?.problems.length === 0);
  await world.same();
});

it('deletes nothing that the server only hides', async () => {
  world = await World.make({ port: 4474, shares: [{ name: 'Office', lines: ['hide unreadable = yes'] }] });
  fill();
  const engine = world.engine(PASS);
  await world.live(engine);
  fs.chmodSync(world.main('Letters/inner/7.txt'), 0o000);
  fs.chmodSync(world.main('Letters/inner'), 0o000);
  expect(await world.client('ls Letters/*')).not.toContain('inner');
  await passes(engine);
  expect(fs.readdirSync(world.mirror('Letters/inner'))).toHaveLength(20);
  fs.chmodSync(world.main('Letters/inner'), 0o755);
  expect(await world.client('ls Letters/inner/*')).not.toContain(' 7.txt');
  await passes(engine);
  expect(fs.readFileSync(world.mirror('Letters/inner/7.txt'), 'utf8')).toBe('letter 7');
  expect(world.attic()).toEqual([]);
});

it('deletes nothing when an empty folder stands where the share’s disk was mounted', async () => {
  world = await World.make({ port: 4475 });
  await mustRun('mount', ['-t', 'tmpfs', 'disk', world.main('')], { timeLimitMs: 5_000 });
  fill();
  let engine = world.engine(PASS);
  await world.live(engine);
  await engine.end();
  await world.samba.stop();
  await mustRun('umount', ['-l', world.main('')], { timeLimitMs: 5_000 });
  world.samba = await startSamba(world.samba.options);
  engine = world.engine(PASS);
  await until('it is refused', () => engine.share('Office')?.state === 'refused');
  expect(engine.last('alert')?.code).toBe('main-changed');
  expect(fs.readdirSync(world.mirror('Letters/inner'))).toHaveLength(20);
  expect(fs.existsSync(world.mirror('top.txt'))).toBe(true);
});

it('never follows a symbolic link that somebody planted in the mirror', async () => {
  world = await World.make({ port: 4476 });
  fill();
  const engine = world.engine(PASS);
  await world.live(engine);
  const outside = `${world.folder}/outside`;
  fs.mkdirSync(outside);
  fs.writeFileSync(`${outside}/0.txt`, 'precious');
  fs.renameSync(world.mirror('Letters/inner'), `${world.folder}/away`);
  fs.symlinkSync(outside, world.mirror('Letters/inner'));
  fs.rmSync(world.mirror('top.txt'));
  fs.symlinkSync(`${outside}/0.txt`, world.mirror('top.txt'));
  await world.same();
  expect(fs.lstatSync(world.mirror('Letters/inner')).isDirectory()).toBe(true);
  expect(fs.lstatSync(world.mirror('top.txt')).isFile()).toBe(true);
  expect(fs.readdirSync(outside)).toEqual(['0.txt']);
  expect(fs.readFileSync(`${outside}/0.txt`, 'utf8')).toBe('precious');
});

it('refuses a name that it cannot hold, loudly, and mirrors the rest', async () => {
  world = await World.make({ port: 4477 });
  fill();
  world.put('.~standby-mine.tmp', 'a name that is ours');
  const engine = world.engine(PASS);
  await world.live(engine);
  expect(engine.share('Office')?.skipped).toBe(1);
  expect(engine.last('problems')?.problems[0]?.path).toBe('.~standby-mine.tmp');
  expect(fs.existsSync(world.mirror('top.txt'))).toBe(true);
});

it('does not touch a mirror whose disk is not mounted', async () => {
  world = await World.make({ port: 4478 });
  fill();
  let engine = world.engine(PASS);
  await world.live(engine);
  await engine.end();
  fs.renameSync(world.mirrorPath, `${world.folder}/unmounted`);
  fs.mkdirSync(world.mirrorPath);
  engine = world.engine(PASS);
  const codes = (): string[] => engine.messages.flatMap((message) => (message.kind === 'failed' ? [message.code] : []));
  await until('both orders fail', () => codes().length === 2);
  expect(codes()).toEqual(['mirror-missing', 'not-configured']);
  expect(fs.readdirSync(world.mirrorPath)).toEqual([]);
  expect(engine.last('alert')?.code).toBe('mirror-missing');
  // And goes on by itself when it is mounted late.
  fs.rmdirSync(world.mirrorPath);
  fs.renameSync(`${world.folder}/unmounted`, world.mirrorPath);
  await world.live(engine);
  await world.same();
});

it('tries a wrong password once for all shares, and says so', async () => {
  world = await World.make({ port: 4479, shares: [{ name: 'Office' }, { name: 'Other' }] });
  const engine = world.engine({ logon: { user: 'alice', domain: '', password: 'wrong' } });
  await until('both are refused', () => ['Office', 'Other'].every((name) => engine.share(name)?.state === 'refused'));
  expect(engine.messages.some((message) => message.kind === 'alert' && message.code === 'log-on-refused')).toBe(true);
});

it('stops at once though the main is frozen, connected or just connecting', async () => {
  world = await World.make({ port: 4486 });
  fill();
  let engine = world.engine(PASS);
  await world.live(engine);
  world.samba.freeze();
  await engine.order({ kind: 'stop' }, 'stopped');
  await engine.end();
  engine = world.engine(PASS);
  await until('it has begun', () => engine.last('mirror'));
  await engine.order({ kind: 'freeze', decision: 'takeover-2' }, 'frozen');
  expect(engine.last('mirror')?.shares[0]?.complete).toBe(true);
  world.samba.thaw();
});

it('does not take a share whose root it may not list for a complete one', async () => {
  world = await World.make({ port: 4487 });
  fill();
  fs.chmodSync(world.main(''), 0o311);
  const engine = world.engine(PASS);
  await until('it is refused', () => engine.share('Office')?.state === 'refused');
  expect(engine.share('Office')?.complete).toBe(false);
});
