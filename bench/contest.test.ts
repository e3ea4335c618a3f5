/** The order of a contest, and what a report says of a machine that is not quiet. */
import { expect, it } from 'vitest';
import { contest } from './contest.ts';
import { quietNote } from './quiet.ts';

it('begins each round with another contender, and lets each run once in it', async () => {
  const ran: string[] = [];
  const contender = (name: string) => ({
    name,
    run: async (round: number) => {
      ran.push(`${round}${name}`);
      return round;
    },
  });
  const results = await contest(['a', 'b', 'c'].map(contender), 4, String);
  expect(ran.join(' ')).toBe('0a 0b 0c 1b 1c 1a 2c 2a 2b 3a 3b 3c');
  expect([...results.values()].map(({ runs }) => runs)).toEqual(Array.from({ length: 3 }, () => [0, 1, 2, 3]));
});

it.each([
  [1, 'was quiet before the first run: 0 %'],
  [0.97, 'was quiet before the first run: 3 %'],
  [0.5, 'was NOT quiet before the first run: others used 50 %'],
  // What the clock of /proc rounds.
  [1.01, 'was quiet before the first run: 0 %'],
])('a machine that is idle for %d of the time', (idle, note) => {
  expect(quietNote(idle)).toContain(note);
});
