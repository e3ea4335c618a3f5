/** The engine's whole circle on a real smbd: mirror, freeze, users' changes on the standby, plan, restore, thaw, and mirror on. */
import fs from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { STANDBY, until, World } from './mirror-world.ts';

let world: World;

afterEach(async () => {
  await world.close();
});

it('brings back what users changed on the standby, and then mirrors on without copying it again', async () => {
  world = await World.make({ port: 4484 });
  world.put('Letters/kept.txt', 'kept', 1_600_000_000);
  world.put('Letters/changed.txt', 'before', 1_600_000_000);
  world.put('Letters/deleted.txt', 'deleted later', 1_600_000_000);
  const engine = world.engine();
  await world.live(engine);
  await engine.order({ kind: 'stop' }, 'stopped');
  await engine.order({ kind: 'freeze', decision: 'takeover-1' }, 'frozen');
  fs.writeFileSync(world.mirror('Letters/changed.txt'), 'changed on the standby');
  fs.rmSync(world.mirror('Letters/deleted.txt'));
  fs.mkdirSync(world.mirror('New'));
  fs.writeFileSync(world.mirror('New/made.txt'), 'made on the standby');
  for (const at of ['New', 'New/made.txt']) fs.chownSync(world.mirror(at), STANDBY.uid, STANDBY.gid);

  const { plan } = await engine.order({ kind: 'plan-restore', decision: 'takeover-1' }, 'plan');
  expect({ send: plan.send, remove: plan.remove, conflicts: plan.conflicts }).toMatchObject({
    remove: 1,
    conflicts: 0,
  });
  const restored = await engine.order({ kind: 'restore', decision: 'takeover-1', planHash: plan.hash }, 'restored');
  expect(restored.open).toBe(0);
  expect(fs.readFileSync(world.main('Letters/changed.txt'), 'utf8')).toBe('changed on the standby');
  expect(fs.readFileSync(world.main('New/made.txt'), 'utf8')).toBe('made on the standby');
  expect(fs.existsSync(world.main('Letters/deleted.txt'))).toBe(false);

  const inodes = ['Letters/kept.txt', 'Letters/changed.txt', 'New/made.txt'].map(
    (at) => fs.statSync(world.mirror(at)).ino,
  );
  await engine.order({ kind: 'thaw', decision: 'takeover-1' }, 'thawed');
  const beganMs = Date.now();
  engine.send({ kind: 'mirror' });
  await until('a pass is over', () => (engine.share('Office')?.lastPassMs ?? 0) >= beganMs);
  await world.same();
  expect(
    ['Letters/kept.txt', 'Letters/changed.txt', 'New/made.txt'].map((at) => fs.statSync(world.mirror(at)).ino),
  ).toEqual(inodes);
});

it('refuses a restore when the mirror is not frozen for that takeover', async () => {
  world = await World.make({ port: 4485 });
  const engine = world.engine();
  await world.live(engine);
  expect((await engine.order({ kind: 'plan-restore', decision: 'takeover-9' }, 'failed')).code).toBe('not-frozen');
});
