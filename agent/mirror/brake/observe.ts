/**
 * While the brake is on somebody has to see how far the damage on the main goes: watches the shares and notes what changes,
 * reads nothing and writes nothing. What it misses is found by the full pass after `allow`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Ground } from '../ground.ts';
import { closeOnAbort, type OpenLink, openUnlessAborted } from '../links.ts';
import type { Brake } from './brake.ts';

const AGAIN_MS = 10_000;

/** Runs until the signal; never throws. */
export async function observe(brake: Brake, open: OpenLink, ground: Ground, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // A main that is away, or has no notify, is asked again: what is held is only told more fully by it.
    await watch(brake, open, ground, signal).catch(() => {});
    await pause(AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}

async function watch(brake: Brake, open: OpenLink, { share, excludes }: Ground, signal: AbortSignal): Promise<void> {
  const link = await openUnlessAborted(open, share, signal);
  const forget = closeOnAbort(link, signal);
  try {
    const { batches } = await link.tree.watch('', { recursive: true });
    for await (const batch of batches) {
      if (signal.aborted) return;
      if (batch.kind !== 'changes') continue;
      for (const { action, path } of batch.changes)
        if (path !== '' && excludes.ruleFor(path) === undefined) brake.seen(share, path, action);
    }
  } finally {
    forget();
    link.close();
  }
}
