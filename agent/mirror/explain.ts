/** Why a path is, or is not, on the mirror: from what the index knows, without asking the main. */
import type { Explanation } from '../engine-messages.ts';
import type { Ground } from './ground.ts';
import { whyUnfit } from './names.ts';
import type { ProofStore } from './proof/store.ts';

/** Why something about a path waits for a person's word; undefined when nothing does. */
export type Held = (share: string, path: string) => string | undefined;

/** Codes of problems that somebody on the main causes by having the file open. */
const LOCKED = new Set(['sharing-violation', 'locked', 'delete-pending']);

export function explain(ground: Ground, store: ProofStore, path: string, held: Held): Explanation {
  const { index, share, shareId, rootId, excludes } = ground;
  const about = (verdict: Explanation['verdict'], why: string, more: Partial<Explanation> = {}): Explanation => ({
    share,
    path,
    verdict,
    kind: '',
    why,
    sinceMs: 0,
    provedMs: 0,
    size: 0,
    ...more,
  });
  const rule = excludes.ruleFor(path);
  if (rule !== undefined) return about('left-out', `the settings leave it out: mirror.excludes has «${rule}»`);
  const unfit = whyUnfit(path);
  if (unfit !== undefined && path !== '') return about('refused', unfit);
  const hold = held(share, path);
  const row = index.find(rootId, path);
  const problem = store.problem(share, path);
  const { complete, lastPassMs } = index.share(share);
  const proof = row === undefined ? 0 : row.kind === 'file' ? store.provenMs(row.id) : store.scrub(shareId).provedMs;
  const facts: Partial<Explanation> =
    row === undefined
      ? {}
      : {
          kind: row.kind === 'file' ? 'file' : 'folder',
          // The change time of our copy is when it got its name here.
          sinceMs: row.kind === 'file' && row.local.size >= 0n ? Number(row.local.ctimeNs / 1_000_000n) : 0,
          provedMs: proof,
          size: row.size,
        };
  if (hold !== undefined) return about('held', hold, facts);
  if (problem !== undefined) {
    const older = row === undefined ? '' : '; the copy here is from before that';
    return about(
      'refused',
      `${problem.why}${LOCKED.has(problem.code) ? ' (tried again by itself)' : ''}${older}`,
      facts,
    );
  }
  if (row === undefined) {
    if (!complete) return about('waiting', 'the first copy is not complete yet, and this was not reached');
    const when = new Date(lastPassMs).toISOString();
    return about('not-on-main', `the main did not have it when it was last looked at; the last pass ended ${when}`);
  }
  if (row.kind === 'file' && row.local.size < 0n)
    return about('waiting', 'its copy cannot be trusted since the last power cut, and is made again', facts);
  return about('mirrored', row.kind === 'file' ? 'it is mirrored' : 'it is mirrored, with what is in it', facts);
}
