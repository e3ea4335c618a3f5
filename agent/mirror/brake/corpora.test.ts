/**
 * The thresholds against storms of office work and against attacks, seeded. The corpora were made after the thresholds were
 * fixed (thresholds.ts); STANDBY_LONG=1 plays the full number.
 */
import { describe, expect, it } from 'vitest';
import { seeded } from '../../../tryout/files.ts';
import { CAUGHT, MISSED, officeOf, run } from './attacks.fake.ts';
import { ShareModel } from './share-model.fake.ts';
import { between, fill, pick, STORMS } from './storms.fake.ts';

const isLong = process.env['STANDBY_LONG'] !== undefined;
/** The first seed was looked at while the signs were made; the full number plays one that nobody had seen. */
const SEED = isLong ? 20_311 : 20_263;
const LIVES = isLong ? 320 : 8;
/** One after the other in the same share, so that their signs add up. */
const STORMS_A_LIFE = 10;
const HOUR_MS = 3_600_000;

describe('storms of work', () => {
  it(`trip less than once in 1,000 (${LIVES * STORMS_A_LIFE} storms, seed ${SEED})`, { timeout: 3_600_000 }, () => {
    const chance = seeded(SEED);
    const names = Object.keys(STORMS);
    const trips: string[] = [];
    const played = new Map<string, number>();
    for (let life = 0; life < LIVES; life += 1) {
      const share = new ShareModel();
      fill(share, chance, between(chance, 400, 30_000));
      for (let n = 0; n < STORMS_A_LIFE; n += 1) {
        // Each kind comes equally often.
        const name = names[(life * STORMS_A_LIFE + n) % names.length] ?? '';
        share.nowMs += between(chance, 0.1, 10) * HOUR_MS;
        const before = share.trips.length;
        STORMS[name]?.(share, chance);
        played.set(name, (played.get(name) ?? 0) + 1);
        if (share.trips.length === before) continue;
        trips.push(`${name} (${share.files} files): ${share.trips[before]}`);
        share.allow();
      }
    }
    console.log(`${LIVES * STORMS_A_LIFE} storms of ${played.size} kinds, ${trips.length} trips`, trips.slice(0, 20));
    expect(played.size).toBe(names.length);
    expect(trips.length * 1_000).toBeLessThan(LIVES * STORMS_A_LIFE);
  });
});

const ROUNDS = isLong ? 50 : 3;
const SIZES = [40, 200, 1_000, 5_000];

/** 5 %; in small shares that would be two or three files, which a person encrypts by hand. */
function mostOf(files: number): number {
  if (files >= 1_000) return files * 0.05;
  return files >= 200 ? files * 0.08 : files * 0.25;
}

describe(`attacks (${ROUNDS} rounds of each, seed ${SEED})`, () => {
  it.each(Object.keys(CAUGHT).flatMap((name) => SIZES.map((files) => [name, files] as const)))(
    '%s: stopped in time in a share of %i files',
    (name, files) => {
      const chance = seeded(SEED + files);
      let most = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const share = new ShareModel();
        const paths = officeOf(share, chance, files);
        const how = CAUGHT[name];
        if (how === undefined) throw new Error(name);
        const damaged = run(share, chance, paths, how);
        expect(share.isTripped).toBe(true);
        expect(damaged).toBeLessThanOrEqual(mostOf(files));
        most = Math.max(most, damaged);
        expect(share.trips[0]).toMatch(/signs of damage \(.*limit \d+/);
      }
      console.log(`${name}: ${most} of ${files} damaged at most`);
    },
  );

  it.each(Object.keys(CAUGHT))('%s: stopped also between storms of work', (name) => {
    const chance = seeded(SEED);
    const share = new ShareModel();
    fill(share, chance, 1_000);
    const paths = officeOf(share, chance, 1_000);
    const how = CAUGHT[name];
    const storm = pick(chance, ['a burst of photos', 'everybody saves office documents', 'a build tree is deleted']);
    STORMS[storm]?.(share, chance);
    expect(share.isTripped).toBe(false);
    if (how !== undefined) run(share, chance, paths, how);
    expect(share.damaged).toBeLessThanOrEqual(50);
    expect(share.isTripped).toBe(true);
  });

  it.each(Object.keys(MISSED))('%s: not stopped within 5 %, as docs/decisions/brake.md says', (name) => {
    const chance = seeded(SEED);
    const share = new ShareModel();
    const how = MISSED[name];
    if (how !== undefined) run(share, chance, officeOf(share, chance, 1_000), how);
    expect(share.damaged).toBeGreaterThan(50);
  });
});

describe('mass removal', () => {
  it.each([
    [40, 5, false],
    [40, 30, true],
    [10, 10, false],
    [1_000, 400, false],
    [1_000, 600, true],
  ])('of %i files %i removed: trips %s', (files, removed, trips) => {
    const share = new ShareModel();
    const paths = officeOf(share, seeded(SEED), files);
    for (const path of paths.slice(0, removed)) {
      share.nowMs += 1_000;
      share.remove(path);
    }
    expect(share.isTripped).toBe(trips);
    if (trips) expect(share.trips[0]).toContain('removed and not moved elsewhere');
  });

  it('of everything at once is stopped before anything goes', () => {
    const share = new ShareModel();
    for (let n = 0; n < 500; n += 1)
      share.hold(`all/f${n}.pdf`, { size: 9, nature: 'format', family: 'pdf', torn: false, ended: true });
    expect(share.removeTree('all')).toBe(false);
    expect(share.files).toBe(500);
  });

  it('spread over a whole day is not seen: it is what clearing up looks like', () => {
    const share = new ShareModel();
    for (const path of officeOf(share, seeded(SEED), 1_000)) {
      share.nowMs += 90_000;
      share.remove(path);
    }
    // Seen late: when more than half of what is left goes within an hour.
    expect(share.files).toBeLessThan(100);
  });
});
