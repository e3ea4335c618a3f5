/** `standby brake`, against a fake daemon. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeStatus } from '../agent/http/daemon.fake.ts';
import { type Bench, lastJson, openBench, type RunOptions, run } from './run.fake.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

const ask = (args: string[], options: RunOptions = {}) => run([...args, '--socket', bench.socket], options);
const tripped = {
  ...fakeStatus.brake,
  state: 'tripped',
  share: 'Projects',
  why: '30 files',
  score: 1,
  noted: 30,
  held: 7,
} as const;

describe('standby brake', () => {
  it('show tells the state with its reason, what was copied and what is held, and how many more there are', async () => {
    bench.daemon.change({ brake: tripped });
    const { stdout } = await ask(['brake', 'show']);
    expect(stdout).toContain('The brake is on: tripped since');
    expect(stdout).toContain('30 files');
    expect(stdout).toContain('Projects/a/plan.docx: random bytes');
    expect(stdout).toContain('… 29 more');
    expect(stdout).toContain('Projects/a/next.docx');
    expect(stdout).toContain('… 6 more');
    expect(stdout).toContain('standby brake reject');
  });

  it('show tells how near the limit it is while it is off', async () => {
    bench.daemon.change({ brake: { ...fakeStatus.brake, score: 0.5, why: '15 files', share: 'Projects' } });
    expect((await ask(['brake', 'show'])).stdout).toContain('At 50 % of its limit, share Projects: 15 files.');
  });

  it('show --json is the state and the lists', async () => {
    bench.daemon.change({ brake: tripped });
    expect(lastJson(await ask(['brake', 'show', '--json']))).toMatchObject({
      brake: { state: 'tripped', held: 7 },
      changes: [{ kind: 'replaced' }],
      heldMore: 0,
    });
  });

  it.each(['allow', 'reject'])('%s does nothing unless the name of the main is given', async (act) => {
    expect((await ask(['brake', act])).exitCode).toBe(5);
    expect((await ask(['brake', act, '--confirm', 'FILES02'])).exitCode).toBe(5);
    expect(bench.daemon.orders).toEqual([]);
    expect(await ask(['brake', act, '--confirm', 'FILES01'])).toMatchObject({ exitCode: 0, stdout: 'it is done\n' });
    expect(bench.daemon.orders).toEqual([`brake ${act}`]);
  });

  it('status has a line of its own while the brake is on', async () => {
    bench.daemon.change({ brake: tripped });
    expect((await ask(['status'])).stdout).toMatch(/Brake +tripped since .*, share Projects: 30 files/);
    bench.daemon.change({ brake: fakeStatus.brake });
    expect((await ask(['status'])).stdout).not.toContain('Brake');
  });
});
