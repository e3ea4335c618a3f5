/** Our engine, as it runs on a standby, following one share of the bench's smbd. */
import { Engine, STANDBY } from '../../test/real/mirror-world.ts';
import { PASSWORD, PORT, USER } from '../smb/ground.ts';
import { type Follower, waitFor } from './contender.ts';

/** No pass but the first: it would find what is to be measured without. */
const NEVER_MS = 86_400_000;

export interface Ours extends Follower {
  readonly pid: number;
  /** What the engine itself has measured. */
  told(): string;
}

export async function startOurs(folder: string, share: string, limitMs: number): Promise<Ours> {
  const engine = new Engine();
  engine.send({
    kind: 'configure',
    main: { address: '127.0.0.1', port: PORT },
    logon: { user: USER, domain: '', password: PASSWORD },
    mirrorPath: `${folder}/mirror`,
    statePath: `${folder}/state`,
    shares: [share],
    reserveBytes: 0,
    passEveryMs: NEVER_MS,
    owner: STANDBY,
  });
  engine.send({ kind: 'mirror' });
  await waitFor('the first pass is complete', limitMs, () => {
    const state = engine.share(share);
    return state?.state === 'live' && state.complete && state.filesToDo === 0;
  });
  return {
    copy: `${folder}/mirror/${share}`,
    pid: engine.pid,
    told() {
      const all = engine.last('rpo')?.all;
      return all === undefined ? 'nothing' : `p50 ${all.p50Ms} ms, p95 ${all.p95Ms} ms of ${all.samples} changes`;
    },
    end: () => engine.end(),
  };
}
