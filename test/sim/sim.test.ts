/**
 * The simulation: seeded worlds in which everything goes wrong, every invariant checked after every event; and the planted
 * bugs, each of which must be found. STANDBY_LONG=1 runs the long numbers.
 */
import { describe, expect, it } from 'vitest';
import { decide, resume, start } from '../../agent/decide/index.ts';
import type { Core } from './daemon.ts';
import { planted } from './planted.ts';
import { type Result, runSeed } from './run.ts';

const isLong = (process.env['STANDBY_LONG'] ?? '') !== '';
const SEEDS = isLong ? 10_000 : 200;
/** Seeds within which a planted bug must be found. */
const FIND_WITHIN = 200;
const LIMIT_MS = isLong ? 900_000 : 120_000;

const core: Core = { start, decide, resume };

function firstFound(planted: Core): Result | undefined {
  for (let seed = 0; seed < FIND_WITHIN; seed += 1) {
    const result = runSeed(seed, planted);
    if (result.violation !== undefined) return result;
  }
  return undefined;
}

describe('simulated worlds', () => {
  it(
    `holds every invariant in ${SEEDS} seeds`,
    () => {
      const total = { simulatedMs: 0, takenOver: 0, restored: 0, decisions: 0 };
      for (let seed = 0; seed < SEEDS; seed += 1) {
        const result = runSeed(seed, core);
        const { violation } = result;
        const told =
          violation === undefined ? '' : `seed ${seed}: ${violation.what}\n${result.story.slice(-25).join('\n')}`;
        expect(told).toBe('');
        total.simulatedMs += result.simulatedMs;
        total.takenOver += result.takenOver;
        total.restored += result.restored;
        total.decisions += result.decisions;
      }
      const hours = (total.simulatedMs / 3_600_000).toFixed(1);
      console.log(
        `simulated ${hours} hours in ${SEEDS} seeds: ${total.decisions} decisions, ${total.takenOver} takeovers, ${total.restored} restores`,
      );
      // A world in which nothing happens would hold every invariant too.
      expect(total.takenOver).toBeGreaterThan(SEEDS);
      expect(total.restored).toBeGreaterThan(SEEDS / 2);
    },
    LIMIT_MS,
  );

  it.each([[10_695, 'mailed «cut off» at every tick while the last answers from before were still fresh']])(
    'holds in seed %d, which once %s',
    (seed) => {
      expect(runSeed(seed, core).violation).toBeUndefined();
    },
  );

  it('gives the same story for the same seed', () => {
    expect(runSeed(7, core)).toEqual(runSeed(7, core));
  });
});

describe('planted bugs', () => {
  it.each(planted.map((bug) => [bug.name, bug] as const))(
    'finds the one that %s',
    (_, bug) => {
      expect(firstFound(bug.plant(core))?.violation).toBeDefined();
    },
    LIMIT_MS,
  );
});
