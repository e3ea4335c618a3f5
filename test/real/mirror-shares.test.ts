/** Several shares of one main: the first pass of one, however long, keeps no change from the others. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { guardOf, linkOpener } from '../../agent/engine-main.ts';
import type { ShareState } from '../../agent/engine-messages.ts';
import { Mirror } from '../../agent/mirror/index.ts';
import type { OpenLink } from '../../agent/mirror/links.ts';
import { Load } from '../../agent/mirror/load/load.ts';
import { systemClock } from '../../base/clock.ts';
import type { Tree } from '../../smb/types.ts';
import { silentLog } from '../fakes/log.ts';
import { ALICE, STANDBY, until, World } from './mirror-world.ts';

const FILES = 3_000;
/** The listing of this folder does not end before the test says so, and with it the pass. */
const LAST_FOLDER = 'year 11';
let world: World;
let mirror: Mirror;
const letGo = Promise.withResolvers<void>();

beforeAll(async () => {
  world = await World.make({ port: 4491, shares: [{ name: 'Archive' }, { name: 'Plans' }] });
  for (let folder = 0; folder < 12; folder += 1) {
    const at = world.main(`year ${folder}`, 'Archive');
    fs.mkdirSync(at);
    for (let file = 0; file < FILES / 12; file += 1)
      fs.writeFileSync(path.join(at, `letter ${file}.txt`), `letter ${file} of ${folder}`);
  }
  fs.mkdirSync(world.main('old', 'Plans'));
  fs.writeFileSync(world.main('old/first.txt', 'Plans'), 'as it was');
  world.own('Archive');
  world.own('Plans');
  const logon = { user: 'alice', domain: '', password: 'alice-1' };
  const open = linkOpener({ address: '127.0.0.1', port: world.port }, logon, guardOf({ logon }, systemClock));
  mirror = new Mirror({
    mirrorPath: world.mirrorPath,
    statePath: world.statePath,
    // Shares are passed over in this order.
    shares: ['Archive', 'Plans'],
    reserveBytes: 0,
    passEveryMs: 3_600_000,
    owner: STANDBY,
    open: held(open),
    load: new Load({ clock: systemClock, later: () => {} }),
    clock: systemClock,
    log: silentLog,
    random: () => 0.5,
    bootId: 'boot-1',
    tell: () => {},
    broken: () => {},
  });
});

afterAll(async () => {
  letGo.resolve();
  await mirror.close();
  await world.close();
});

function held(open: OpenLink): OpenLink {
  return async (share) => {
    const link = await open(share);
    if (share !== 'Archive') return link;
    const list: Tree['list'] = async function* (directory, ...rest) {
      if (directory === LAST_FOLDER) await letGo.promise;
      yield* link.tree.list(directory, ...rest);
    };
    const tree = new Proxy(link.tree, {
      get(of, key) {
        if (key === 'list') return list;
        const value: unknown = Reflect.get(of, key, of);
        return typeof value === 'function' ? value.bind(of) : value;
      },
    });
    return { ...link, tree };
  };
}

function state(share: string): ShareState | undefined {
  return mirror.status.shares.find((each) => each.share === share);
}

/** What the mirror has at a path of Plans; undefined when there is nothing. */
function mirrored(file: string): string | undefined {
  const at = world.mirror(file, 'Plans');
  return fs.existsSync(at) ? fs.readFileSync(at, 'utf8') : undefined;
}

async function put(file: string, content: string): Promise<void> {
  const local = `${world.folder}/local`;
  fs.writeFileSync(local, content);
  fs.chownSync(local, ALICE.uid, ALICE.gid);
  await world.client(`put ${local} "${file}"`, 'Plans');
}

it('a change arrives while the first pass of another share goes on, also before its own share was passed over', async () => {
  mirror.start();
  await until('the archive is being copied', () => (state('Archive')?.files ?? 0) > 0);
  await put('new.txt', 'written meanwhile');
  await until('the new file is on the mirror', () => mirrored('new.txt') === 'written meanwhile');
  await put('old/second.txt', 'in a folder that no pass has seen');
  await until('the other one too', () => mirrored('old/second.txt') === 'in a folder that no pass has seen');
  await put('new.txt', 'written again');
  await until('the change too', () => mirrored('new.txt') === 'written again');

  expect(state('Archive')?.complete).toBe(false);
  expect(state('Plans')?.complete).toBe(false);
});

it('and afterwards everything of both is there', async () => {
  letGo.resolve();
  await until('both are complete', () => ['Archive', 'Plans'].every((name) => state(name)?.complete));
  await world.same('Archive');
  await world.same('Plans');
});
