/** The table of evidence and verdicts, and how long patience lasts. */
import { describe, expect, it } from 'vitest';
import { isRipe, type Verdict, verdictOf, witnessIsFresh } from './health.ts';
import { DISTRUST_MS, learn, noFacts } from './learn.ts';
import type { Facts, Layer, Outcome, Policy, State } from './types.ts';

const policy: Policy = {
  takeover: 'automatic',
  patienceMs: { refused: 10_000, silent: 3_000, frozen: 5_000 },
  witnessFreshMs: 800,
  retryMs: 5_000,
  mainName: 'FILES01',
  standbyName: 'STANDBY1',
  address: '192.168.10.20',
};

/** Evidence in the order of its arrival: [at ms, layer, outcome, ms after its question]. */
type Seen = [number, Layer, Outcome, number?];

function learned(seen: Seen[], atMs: number): Facts {
  const mode = { kind: 'standing-by' } as const;
  let state: State = {
    durable: { mode, pausedUntilWallMs: undefined, sinceWallMs: 0, why: '' },
    facts: { ...noFacts(0), netAlive: true },
  };
  const tell = (nowMs: number, event: object): void => {
    const stamp = { nowMs, wallMs: nowMs, freshId: '' };
    state = { ...state, facts: learn(state, { kind: 'tick', ...stamp, ...event }, policy) };
  };
  const waiting = [...seen];
  for (let nowMs = 0; nowMs <= atMs; nowMs += 250) {
    for (let next = waiting[0]; next !== undefined && next[0] <= nowMs; next = waiting[0]) {
      waiting.shift();
      const [seenMs, layer, outcome, ms = 0] = next;
      tell(seenMs, { kind: 'evidence', layer, outcome, ms, detail: outcome });
    }
    tell(nowMs, { kind: 'evidence', layer: 'link', outcome: 'answered', ms: 0, detail: '' });
  }
  return state.facts;
}

const rows: [string, Seen[], string][] = [
  ['nothing was ever asked', [], 'unknown'],
  ['it negotiates', [[900, 'negotiate', 'answered']], 'serving'],
  ['only the kept session was asked, and lives', [[900, 'echo', 'answered']], 'serving'],
  ['only the kept session was asked, and is lost', [[900, 'echo', 'silent']], 'unknown'],
  [
    'the kept session is lost, it negotiates',
    [
      [800, 'echo', 'refused'],
      [900, 'negotiate', 'answered'],
    ],
    'serving',
  ],
  [
    'it refuses',
    [
      [800, 'echo', 'refused'],
      [900, 'negotiate', 'refused'],
    ],
    'refused at negotiate',
  ],
  [
    'echo is silent, the host lives and refuses',
    [
      [700, 'arp', 'answered'],
      [800, 'echo', 'silent'],
      [900, 'negotiate', 'refused'],
    ],
    'refused at negotiate',
  ],
  [
    'nothing comes back, not even ARP',
    [
      [700, 'arp', 'silent'],
      [900, 'negotiate', 'silent'],
    ],
    'silent at arp',
  ],
  [
    'nothing comes back but ARP',
    [
      [700, 'arp', 'answered'],
      [900, 'negotiate', 'silent'],
    ],
    'silent at negotiate',
  ],
  ['it accepts and says nothing', [[900, 'negotiate', 'frozen']], 'frozen at negotiate'],
  [
    'new connections fail, open ones live',
    [
      [800, 'negotiate', 'silent'],
      [900, 'echo', 'answered'],
    ],
    'degraded',
  ],
  [
    'new connections fail since open ones last lived',
    [
      [800, 'echo', 'answered'],
      [900, 'negotiate', 'silent'],
    ],
    'silent at negotiate',
  ],
  [
    'our log-on is refused',
    [
      [800, 'negotiate', 'answered'],
      [900, 'fetch', 'denied'],
    ],
    'degraded',
  ],
  [
    'the known file was deleted',
    [
      [800, 'negotiate', 'answered'],
      [900, 'fetch', 'changed'],
    ],
    'degraded',
  ],
  [
    'one fetch hung',
    [
      [500, 'negotiate', 'answered'],
      [900, 'fetch', 'frozen'],
    ],
    'serving',
  ],
  [
    'two fetches hung while it negotiates',
    [
      [500, 'negotiate', 'answered'],
      [700, 'fetch', 'frozen'],
      [900, 'fetch', 'frozen'],
    ],
    'frozen at fetch',
  ],
  [
    'two fetches hung with the rest, and it negotiates again',
    [
      [500, 'negotiate', 'frozen'],
      [600, 'fetch', 'frozen'],
      [700, 'fetch', 'frozen'],
      [900, 'negotiate', 'answered'],
    ],
    'serving',
  ],
  ['it cannot agree on a protocol', [[900, 'negotiate', 'denied']], 'degraded'],
];

function words(verdict: Verdict): string {
  return verdict.kind === 'failing' ? `${verdict.how} at ${verdict.layer}` : verdict.kind;
}

describe('the verdict', () => {
  it.each(rows)('when %s', (_, seen, expected) => {
    expect(words(verdictOf(learned(seen, 1_000), 1_000))).toBe(expected);
  });

  it('does not know from old answers, and from none of a dead network process', () => {
    const facts = learned([[900, 'negotiate', 'silent']], 1_000);
    expect(words(verdictOf(facts, 8_000))).toBe('unknown');
    expect(words(verdictOf({ ...facts, netAlive: false }, 1_000))).toBe('unknown');
  });
});

describe('the failure', () => {
  it.each([
    [
      'begins with the echo that was first missed',
      [
        [500, 'echo', 'answered'],
        [1_000, 'echo', 'silent'],
        [1_300, 'negotiate', 'silent'],
      ],
      1_000,
    ],
    [
      'begins anew after an answer',
      [
        [500, 'negotiate', 'silent'],
        [800, 'negotiate', 'answered'],
        [1_300, 'negotiate', 'silent'],
      ],
      1_300,
    ],
    [
      'does not begin with a session that was already lost',
      [
        [500, 'echo', 'silent'],
        [600, 'negotiate', 'answered'],
        [800, 'echo', 'silent'],
        [1_300, 'negotiate', 'silent'],
      ],
      1_300,
    ],
    [
      'goes on when its kind changes',
      [
        [500, 'negotiate', 'refused'],
        [1_300, 'negotiate', 'silent'],
      ],
      500,
    ],
  ] satisfies [string, Seen[], number][])('%s', (_, seen, sinceMs) => {
    expect(verdictOf(learned(seen, 1_500), 1_500)).toMatchObject({ kind: 'failing', sinceMs });
  });

  it.each([
    ['with the question, not with its answer', [[1_300, 'negotiate', 'silent', 200]], 1_100],
    [
      'with the question of the echo',
      [
        [1_100, 'echo', 'silent', 150],
        [1_300, 'negotiate', 'silent', 190],
      ],
      950,
    ],
    [
      'not before the last answer, which came while the question was on its way',
      [
        [1_200, 'negotiate', 'answered'],
        [1_300, 'echo', 'silent', 1_000],
        [1_400, 'negotiate', 'silent', 90],
      ],
      1_200,
    ],
    [
      'not before an answer of any kind',
      [
        [1_000, 'negotiate', 'denied'],
        [1_200, 'negotiate', 'silent', 500],
      ],
      1_000,
    ],
    [
      'at most half of the least patience earlier: the rest is left to notice our own sleep',
      [[5_000, 'negotiate', 'silent', 4_900]],
      3_500,
    ],
    [
      'not while we were cut off',
      [
        [250, 'witness', 'answered'],
        [1_100, 'witness', 'silent'],
        [1_200, 'witness', 'answered'],
        [1_300, 'negotiate', 'silent', 1_000],
      ],
      1_200,
    ],
  ] satisfies [string, Seen[], number][])('begins %s', (_, seen, sinceMs) => {
    const atMs = (seen.at(-1)?.[0] ?? 0) + 200;
    expect(verdictOf(learned(seen, Math.ceil(atMs / 250) * 250), atMs)).toMatchObject({ kind: 'failing', sinceMs });
  });

  it.each([
    ['between question and miss proves nothing: the cable may have gone right after it', 1_050, false],
    ['after the miss proves that the network is there', 1_250, true],
  ] as const)('a witness that answered %s', (_, witnessMs, isProof) => {
    const seen: Seen[] = [
      [900, 'echo', 'answered'],
      [witnessMs, 'witness', 'answered'],
      [1_200, 'echo', 'silent', 250],
    ];
    const facts = learned(
      seen.sort(([a], [b]) => a - b),
      1_500,
    );
    expect(facts.failingSinceMs).toBe(950);
    expect(witnessIsFresh(facts, policy, 1_500)).toBe(isProof);
  });

  it('does not begin while we are cut off, and is forgotten once we are not', () => {
    const cutOff: Seen[] = [
      [250, 'witness', 'answered'],
      [1_100, 'witness', 'silent'],
      [1_200, 'negotiate', 'silent'],
    ];
    expect(learned(cutOff, 1_500)).toMatchObject({ failingSinceMs: undefined, isolatedSinceMs: 1_100 });
    const back = learned([...cutOff, [1_600, 'witness', 'answered']], 1_750);
    expect(back.isolatedSinceMs).toBeUndefined();
    expect(words(verdictOf(back, 1_750))).toBe('unknown');
  });
});

describe('patience', () => {
  const failing = { kind: 'failing', layer: 'negotiate', sinceMs: 0, atMs: 0 } as const;
  it.each([
    ['refused', true, 9_999, false],
    ['refused', true, 10_000, true],
    ['silent', true, 2_999, false],
    ['silent', true, 3_000, true],
    ['frozen', true, 5_000, true],
    // One lost packet among refusals.
    ['silent', false, 9_999, false],
    // Kinds that alternate for ever.
    ['silent', false, 10_000, true],
  ] as const)('%s, seen twice: %s, for %d ms is over: %s', (how, seenTwice, heldMs, isOver) => {
    expect(isRipe({ ...failing, how, seenTwice }, policy, heldMs)).toBe(isOver);
  });
});

describe('our own lateness', () => {
  const state = (facts: Facts): State => ({
    durable: { mode: { kind: 'standing-by' }, pausedUntilWallMs: undefined, sinceWallMs: 0, why: '' },
    facts,
  });
  const failing = learned(
    [
      [500, 'negotiate', 'silent'],
      [900, 'negotiate', 'silent'],
    ],
    1_000,
  );

  it.each([
    ['is forgiven while it is shorter than a probe', { kind: 'late', lateMs: 150 }, 1_050, 'silent at negotiate'],
    ['makes every miss worthless', { kind: 'late', lateMs: 600 }, 1_050, 'unknown'],
    ['is noticed by a gap between events', { kind: 'tick' }, 2_500, 'unknown'],
  ] as const)('%s', (_, event, nowMs, expected) => {
    const facts = learn(state(failing), { ...event, nowMs, wallMs: 0, freshId: '' }, policy);
    expect(words(verdictOf(facts, nowMs))).toBe(expected);
  });

  it('counts nothing of the time in which misses were kept out', () => {
    const late = learn(state(failing), { kind: 'late', lateMs: 600, nowMs: 1_050, wallMs: 0, freshId: '' }, policy);
    const overMs = 1_050 + DISTRUST_MS;
    const event = { kind: 'evidence', layer: 'negotiate', outcome: 'silent', ms: 500, detail: '' } as const;
    const nowMs = overMs + 100;
    expect(
      learn(state({ ...late, heardMs: nowMs, netHeardMs: nowMs }), { ...event, nowMs, wallMs: 0, freshId: '' }, policy),
    ).toMatchObject({
      failingSinceMs: overMs,
    });
  });

  it('keeps misses out for a while, and takes answers at once', () => {
    const late = learn(state(failing), { kind: 'late', lateMs: 600, nowMs: 1_050, wallMs: 0, freshId: '' }, policy);
    const seen = (outcome: Outcome): Facts =>
      learn(
        state(late),
        { kind: 'evidence', layer: 'negotiate', outcome, ms: 1, detail: '', nowMs: 1_100, wallMs: 0, freshId: '' },
        policy,
      );
    expect(words(verdictOf(seen('silent'), 1_100))).toBe('unknown');
    expect(words(verdictOf(seen('answered'), 1_100))).toBe('serving');
  });
});
