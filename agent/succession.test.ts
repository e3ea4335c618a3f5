/** A set-up that fails takes itself back, also when that fails in part. */
import { describe, expect, it } from 'vitest';
import { silentLog } from '../test/fakes/log.ts';
import { succeed } from './succession.ts';

/** Runs one in which the named steps fail, and tells what was done. */
async function run(failing: readonly string[], before = 'old'): Promise<string[]> {
  const done: string[] = [];
  const act = (step: string): void => {
    done.push(step);
    if (failing.includes(step)) throw new Error(step);
  };
  await succeed({
    saved: { settings: 'new', undo: () => act('undo') },
    before: before === '' ? undefined : before,
    close: async () => act('close'),
    open: async (settings) => act(`open ${settings}`),
    finish: async () => act('finish'),
    log: silentLog,
  }).catch((error: unknown) => done.push(String(error)));
  return done;
}

describe('a set-up', () => {
  it('replaces what ran', async () => {
    expect(await run([])).toEqual(['close', 'open new', 'finish']);
  });

  it.each(['open new', 'finish'])('that fails at «%s» lets the old one run again', async (step) => {
    expect((await run([step])).slice(-4)).toEqual(['undo', 'close', 'open old', `Error: ${step}`]);
  });

  it('ends with nothing when there was nothing', async () => {
    const done = await run(['open new'], '');
    expect(done).toEqual(['close', 'open new', 'undo', 'close', 'Error: open new']);
  });

  it.each([['undo', 'open new'], ['open new', 'open old'], ['close']])(
    'says what failed first, and tries all the rest: %s, %s',
    async (...failing) => {
      const done = await run(failing);
      expect(done).toEqual(expect.arrayContaining(['undo', 'close', 'open old']));
      expect(done.at(-1)).toBe(failing[0] === 'close' ? 'Error: close' : 'Error: open new');
    },
  );
});
