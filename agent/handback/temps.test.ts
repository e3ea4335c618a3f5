/** The list of unfinished files, as crashes and full disks leave it. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeMain } from './fake-main.ts';
import { FakeMirror } from './fake-mirror.ts';
import { foldCase } from './local.ts';
import { Temps } from './temps.ts';

let main: FakeMain;
let mirror: FakeMirror;
let list: string;

beforeEach(() => {
  main = new FakeMain();
  mirror = new FakeMirror();
  fs.mkdirSync(path.join(mirror.statePath, 'plans'));
  list = path.join(mirror.statePath, 'plans', 'd1.temps');
});
afterEach(() => {
  mirror.clear();
});

/** A run that begins files for these targets and is cut off. */
async function cutOff(...targets: string[]): Promise<string[]> {
  const temps = new Temps(mirror.statePath, 'd1');
  await temps.tidy(async () => main.tree());
  const names = targets.map((target) => temps.open('docs', target));
  for (const name of names) main.write(name, 'half');
  temps.close();
  return names;
}

async function tidied(): Promise<string[]> {
  const temps = new Temps(mirror.statePath, 'd1');
  try {
    return (await temps.tidy(async () => main.tree())).map((left) => left.path);
  } finally {
    temps.close();
  }
}

it('is for root only, and empty when everything is gone', async () => {
  await cutOff('a', 'b');
  expect(fs.statSync(list).mode & 0o777).toBe(0o600);
  expect(await tidied()).toEqual([]);
  expect(main.files()).toEqual([]);
  expect(fs.statSync(list).size).toBe(0);
});

it('forgets nothing behind a line that was cut short', async () => {
  const [first = ''] = await cutOff('a');
  fs.appendFileSync(list, '["+","docs","~stan');
  main.held.add(foldCase(first));
  const [second = ''] = await cutOff('b');
  expect(main.files().map((file) => file.path)).toEqual([first, second]);
  main.held.clear();
  expect(await tidied()).toEqual([]);
  expect(main.files()).toEqual([]);
});

it('is emptied whenever nothing is unfinished, and only then', async () => {
  const temps = new Temps(mirror.statePath, 'd1');
  const [first, second] = [temps.open('docs', 'a'), temps.open('docs', 'b')];
  temps.done('docs', first);
  expect(fs.readFileSync(list, 'utf8')).toContain(second);
  temps.done('docs', second);
  expect(fs.statSync(list).size).toBe(0);
  temps.open('docs', 'c');
  temps.close();
  expect(fs.readFileSync(list, 'utf8')).toMatch(/^\n\["\+","docs","~standby-\w+\.tmp"\]\n$/);
});

it('removes a file of ours that is read-only', async () => {
  const [name = ''] = await cutOff('a');
  await main.tree().setBasic(name, { attributes: 1 });
  expect(await tidied()).toEqual([]);
  expect(main.files()).toEqual([]);
});
