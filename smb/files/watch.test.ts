/** CHANGE_NOTIFY against a real smbd: changes made through SMB arrive, and a slow or closing consumer harms nobody. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stand, startStand } from '../scripted/stand.ts';
import type { Connection, Tree, Watch, WatchBatch } from '../types.ts';

let stand: Stand;
let connection: Connection;
let tree: Tree;

beforeAll(async () => {
  stand = await startStand();
  fs.mkdirSync(path.join(stand.folder, 'watched', 'below'), { recursive: true });
  ({ connection, tree } = await stand.tree());
});
afterAll(() => stand.stop());

const EMPTY = { size: 0, read: () => Buffer.alloc(0) };

/** Takes batches until one satisfies. The runner's time limit ends a wait in vain. */
async function until(watch: Watch, enough: (seen: string[], batch: WatchBatch) => boolean): Promise<string[]> {
  const seen: string[] = [];
  for await (const batch of watch.batches) {
    if (batch.kind === 'changes') for (const { action, path: name } of batch.changes) seen.push(`${action} ${name}`);
    else seen.push('overflow');
    if (enough(seen, batch)) return seen;
  }
  return seen;
}

describe('a watch', () => {
  it('tells what happens in the directory and below it, with paths from the directory', async () => {
    const watch = await tree.watch('watched', { recursive: true });
    await tree.store('watched/below/a file', EMPTY);
    await tree.rename('watched/below/a file', 'watched/below/another', { replace: false });
    await tree.removeFile('watched/below/another');
    await tree.makeDirectory('watched/größer');
    const seen = await until(watch, (all) => all.includes('added größer'));
    expect(seen).toEqual(
      expect.arrayContaining([
        'added below/a file',
        'renamed-from below/a file',
        'renamed-to below/another',
        'removed below/another',
      ]),
    );
    watch.close();
  });

  it('tells nothing from below when it is not recursive', async () => {
    const watch = await tree.watch('watched', { recursive: false });
    await tree.store('watched/below/deep', EMPTY);
    await tree.store('watched/flat', EMPTY);
    const seen = await until(watch, (all) => all.includes('added flat'));
    expect(seen.filter((change) => change.includes('deep'))).toEqual([]);
    watch.close();
  });

  it('misses nothing while the consumer is away, or says that it did', async () => {
    const watch = await tree.watch('watched', { recursive: true });
    const names = Array.from({ length: 1_500 }, (_, index) => `storm ${index}`);
    await Promise.all(names.map((name) => tree.makeDirectory(`watched/${name}`)));
    await tree.makeDirectory('watched/the end');
    const seen = await until(watch, (all) => all.includes('added the end') || all.includes('overflow'));
    const complete = names.every((name) => seen.includes(`added ${name}`));
    expect(complete || seen.includes('overflow')).toBe(true);
    watch.close();
  });

  it('says overflow instead of filling memory when nobody takes what it found', async () => {
    const watch = await tree.watch('watched', { recursive: true });
    // The second watch shows that each was told before the next was made. A few may still share an answer: hence so many.
    const quick = await tree.watch('watched', { recursive: true });
    for (let index = 0; index < 500; index += 1) {
      await tree.makeDirectory(`watched/slow ${index}`);
      await until(quick, (all) => all.includes(`added slow ${index}`));
    }
    quick.close();
    const seen = await until(watch, (all) => all.includes('added slow 499'));
    expect(seen).toContain('overflow');
    expect(seen.length).toBeLessThan(500);
    watch.close();
  });

  it('ends when it is closed, also while somebody waits', async () => {
    const watch = await tree.watch('watched', { recursive: true });
    const ending = until(watch, () => false);
    watch.close();
    expect(await ending).toEqual([]);
    watch.close();
  });

  it('fails when its directory is removed', async () => {
    await tree.makeDirectory('short-lived');
    const watch = await tree.watch('short-lived', { recursive: true });
    const ending = until(watch, () => false);
    await tree.removeDirectory('short-lived');
    await expect(ending).rejects.toMatchObject({
      code: expect.stringMatching(/^(delete-pending|not-found|nt-status)$/),
    });
  });

  it('leaves no handle behind', async () => {
    // CLOSE goes out in order before the answer to this; smbstatus reads what smbd writes down a moment later.
    await tree.stat('');
    await connection.echo(5_000);
    await expect.poll(() => stand.openFiles(), { timeout: 5_000 }).toEqual([]);
  });

  it('fails when the connection ends', async () => {
    const other = await stand.tree();
    const watch = await other.tree.watch('watched', { recursive: true });
    const ending = until(watch, () => false);
    other.connection.close();
    await expect(ending).rejects.toMatchObject({ code: 'disconnected' });
  });
});
