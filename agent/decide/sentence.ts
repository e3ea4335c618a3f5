/** One sentence for each state: what is so, then since when or why, and the next thing to do. What people read first, everywhere. */
import { missingWords } from './alerts.ts';
import { isPaused, obstacle, RIVAL_FRESH_MS } from './guards.ts';
import { linkIsDown, longestPatienceMs, verdictOf } from './health.ts';
import type { Mode, Policy, State, TakeStep } from './types.ts';
import { duration } from './words.ts';

export interface Sentence {
  /**
   * ok: protected; serve: the standby serves; warn: protected less than usual; stop: automatic action stands still;
   * bad: users have no files; off: not set up or not mirroring.
   */
  level: 'ok' | 'serve' | 'warn' | 'stop' | 'bad' | 'off';
  sentence: string;
  /** Since when or why, what would be lost, and «Next: …»; may be empty. */
  after: string;
}

/** What a takeover itself takes at most, in ms, on top of patience; for the promise in the sentence. */
const TAKE_OVER_MS = 1_000;

const STEP_NUMBER: Record<TakeStep, number> = {
  'stop-mirror': 1,
  freeze: 2,
  'release-address': 3,
  'open-shares': 3,
  'take-address': 4,
  'prove-served': 5,
};

/** The state in one sentence. `nowMs` is monotonic, `wallMs` tells how long the mode has lasted. */
export function sentence(state: State, policy: Policy, nowMs: number, wallMs: number): Sentence {
  const { mode } = state.durable;
  const { mainName: main, standbyName: standby, address } = policy;
  const lasted = `For ${duration(wallMs - state.durable.sinceWallMs)}.`;
  switch (mode.kind) {
    case 'idle':
      return idleSentence(mode.because, main, state.durable.why);
    case 'syncing':
    case 'standing-by':
    case 'suspecting':
      return watchingSentence(state, policy, nowMs, wallMs, mode);
    case 'taking-over': {
      const took = duration(nowMs - mode.startedMs);
      return said(
        'bad',
        `Taking over ${address}: step ${STEP_NUMBER[mode.step]} of 5, ${took}.`,
        `Because ${mode.why}.`,
      );
    }
    case 'undoing':
      return said(
        'bad',
        `${standby} could not take over ${address} and goes back.`,
        `Because ${mode.why}. ${mode.mayHaveWritten ? 'What users changed here is kept.' : 'It is tried again.'}`,
      );
    case 'active':
      return activeSentence(state, policy, nowMs, lasted);
    case 'handing-back':
      return mode.step === 'prove-main'
        ? said('warn', `Handing ${address} back to ${main}: waiting for its first answer.`, `Next: connect ${main}.`)
        : said('warn', `Handing ${address} back to ${main}.`, 'Next: nothing.');
    case 'handed-back': {
      const verdict = verdictOf(state.facts, nowMs);
      return verdict.kind === 'serving' || verdict.kind === 'degraded'
        ? said(
            'warn',
            `Not protected. ${main} serves again; what was changed on ${standby} still waits here.`,
            'Next: Restore Files.',
          )
        : said(
            'bad',
            `Nobody serves ${address}. What was changed on ${standby} waits here for Restore Files.`,
            `${upper(state.durable.why)}. Next: connect ${main}, or Force Actions.`,
          );
    }
    case 'restoring':
      return said('warn', `Not protected. Sending changes back to ${main}.`, `Newer files on ${main} are left alone.`);
  }
}

function said(level: Sentence['level'], text: string, after: string): Sentence {
  return { level, sentence: text, after };
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function idleSentence(because: 'stopped' | 'restored' | undefined, main: string, why: string): Sentence {
  switch (because) {
    case undefined:
      return said('off', `Not protected yet. ${main} can be protected.`, 'Next: Save Configuration, then Start Sync.');
    case 'restored':
      return said('off', `Not protected. Everything is back on ${main}.`, 'Next: Start Sync.');
    case 'stopped':
      return said('off', `Not protected. Mirroring of ${main} is stopped.`, `${upper(why)}. Next: Start Sync.`);
  }
}

function activeSentence(state: State, policy: Policy, nowMs: number, lasted: string): Sentence {
  const { mainName: main, standbyName: standby, address } = policy;
  const { rival, netAlive, stepFailures } = state.facts;
  if (rival !== undefined && nowMs - rival.lastMs < RIVAL_FRESH_MS)
    return said(
      'serve',
      `${standby} is serving, and ${main} is back on the network with the same address.`,
      `${rival.mac} claims ${address}. Some PCs may write to it. Next: unplug ${main} now.`,
    );
  if (!netAlive || stepFailures > 0)
    return said(
      'bad',
      `${standby} serves for ${main}, but ${address} is being taken again.`,
      'Next: nothing; it is tried until it is there.',
    );
  return said(
    'serve',
    `${standby} is serving your files. Users can work.`,
    `${lasted} Next: keep ${main} unplugged until it is repaired, then Recover IP.`,
  );
}

function watchingSentence(
  state: State,
  policy: Policy,
  nowMs: number,
  wallMs: number,
  mode: Extract<Mode, { kind: 'syncing' | 'standing-by' | 'suspecting' }>,
): Sentence {
  const { facts } = state;
  const { mainName: main, standbyName: standby } = policy;
  if (!facts.netAlive)
    return said(
      'stop',
      `Not known. The network process of ${standby} is not running, so ${main} is not judged.`,
      'Next: wait until it is started again.',
    );
  if (facts.isolatedSinceMs !== undefined) return cutOffSentence(state, policy, nowMs);
  if (mode.kind === 'suspecting') return suspectingSentence(state, policy, nowMs, wallMs);
  if (!facts.mirror.complete)
    return said(
      'warn',
      mode.kind === 'syncing'
        ? 'Not protected yet. The first copy is under way.'
        : 'Not known. The mirror has not reported yet.',
      mode.kind === 'syncing' ? `Forcing now would miss ${missingWords(facts)}. Next: nothing.` : 'Next: nothing.',
    );
  const verdict = verdictOf(facts, nowMs);
  if (verdict.kind === 'degraded')
    return said(
      'warn',
      `Protected. ${main} answers, but ${verdict.why}.`,
      `No takeover for this. Next: look at ${main}.`,
    );
  if (!facts.seenHealthy)
    return said(
      'warn',
      `${main} was not seen serving since ${standby} started.`,
      `Until then it is not taken over automatically. Next: check ${main} and the cable of ${standby}.`,
    );
  if (isPaused(state, wallMs)) return holdSentence(state, policy, wallMs);
  if (policy.takeover === 'manual')
    return said(
      'ok',
      `Protected by hand. If ${main} stops, you get a mail and press Force Actions.`,
      behindWords(state),
    );
  if (!facts.mirror.live)
    return said(
      'warn',
      `Protected, but changes of ${main} are not followed at this moment.`,
      'Next: nothing if this passes soon.',
    );
  const fastest = duration(policy.patienceMs.silent + TAKE_OVER_MS);
  const slowest = duration(longestPatienceMs(policy) + TAKE_OVER_MS);
  const lasted = `For ${duration(wallMs - state.durable.sinceWallMs)}.`;
  return said(
    'ok',
    `Protected. If ${main} stops, ${standby} serves its files within about ${fastest}.`,
    `${lasted} Within ${slowest} when ${main} still refuses. ${witnessWords(state)}Next: nothing.`,
  );
}

function witnessWords(state: State): string {
  return state.facts.witnessKnown ? '' : 'No witness is known: the cable alone tells whether this box is cut off. ';
}

function behindWords(state: State): string {
  return state.facts.mirror.live ? '' : 'Changes are not followed at this moment.';
}

function holdSentence(state: State, policy: Policy, wallMs: number): Sentence {
  const until = state.durable.pausedUntilWallMs;
  const length = until === undefined || until === -1 ? '' : ` for ${duration(until - wallMs)} more`;
  return said(
    'stop',
    `Automatic takeover is on hold${length}. If ${policy.mainName} stops, users wait for you.`,
    'Next: End hold when done.',
  );
}

function cutOffSentence(state: State, policy: Policy, nowMs: number): Sentence {
  const { mainName: main, standbyName: standby } = policy;
  const lasted = `For ${duration(nowMs - (state.facts.isolatedSinceMs ?? nowMs))}.`;
  if (linkIsDown(state.facts))
    return said(
      'stop',
      `Cut off. The network cable of ${standby} is out, so it does nothing.`,
      `${lasted} Next: check the cable of ${standby}.`,
    );
  const negotiate = state.facts.layers.negotiate?.outcome;
  if (negotiate === 'refused' || negotiate === 'frozen')
    return said(
      'stop',
      `${main} does not serve, and no witness answers ${standby}, so it does nothing.`,
      `${lasted} Next: check ${main} and the switch, or Force Actions.`,
    );
  return said(
    'stop',
    `Cut off. ${standby} reaches neither ${main} nor any witness, so it does nothing.`,
    `${lasted} Next: check the cable of ${standby}.`,
  );
}

function suspectingSentence(state: State, policy: Policy, nowMs: number, wallMs: number): Sentence {
  const { facts } = state;
  const { mainName: main, standbyName: standby } = policy;
  const verdict = verdictOf(facts, nowMs);
  if (verdict.kind !== 'failing') return said('warn', `${main} missed answers. Looking again.`, '');
  const leftMs = verdict.sinceMs + policy.patienceMs[verdict.how] - nowMs;
  if (leftMs > 0)
    return said(
      'warn',
      `${main} missed answers. Deciding within ${duration(leftMs)}.`,
      `It is ${verdict.how} (layer: ${verdict.layer}).`,
    );
  const lasted = `For ${duration(nowMs - verdict.sinceMs)}.`;
  switch (obstacle(state, policy, nowMs, wallMs)) {
    case 'incomplete':
      return said(
        'bad',
        `${main} is down, and ${standby} does not take over because the first copy is not complete.`,
        `${missingWords(facts)} are missing. Next: start ${main}, or Force Actions with the list.`,
      );
    case 'unseen':
      return said(
        'bad',
        `${main} is down, and ${standby} does not take over because it has not seen it serve since its own start.`,
        `Next: check the cables, start ${main}, or Force Actions.`,
      );
    case 'manual':
    case 'paused':
      return said('bad', `${main} is down and users have no files. Press Force Actions.`, lasted);
    case 'rival':
      return said(
        'bad',
        `${main} is down, and another box claims ${policy.address}.`,
        `${lasted} Next: unplug that box, or Force Actions.`,
      );
    case 'too-early':
      return said(
        'bad',
        `${main} is down, and taking over failed. Trying again in ${duration(facts.nextAttemptMs - nowMs)}.`,
        `${upper(state.durable.why)}. Next: look at ${standby}.`,
      );
    case 'net-gone':
    case 'cut-off':
    case 'look-again':
    case undefined:
      return said('warn', `${main} is down. ${standby} looks once more before it takes over.`, lasted);
  }
}
