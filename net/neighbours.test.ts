/** Tests of the bounded table of learned clients. */
import { describe, expect, it } from 'vitest';
import { openNeighbours } from './neighbours.ts';

describe('learned neighbours', () => {
  it('forgets the one not heard for the longest when it is full', () => {
    const table = openNeighbours(3);
    for (const n of [1, 2, 3, 1, 4]) table.learn({ ip: `10.0.0.${n}`, mac: `02:00:00:00:00:0${n}` });
    expect(table.recent(9).map((each) => each.ip)).toEqual(['10.0.0.4', '10.0.0.1', '10.0.0.3']);
  });

  it('keeps the newest hardware address, and hands out no more than asked', () => {
    const table = openNeighbours(3);
    table.learn({ ip: '10.0.0.1', mac: '02:00:00:00:00:01' });
    table.learn({ ip: '10.0.0.1', mac: '02:00:00:00:00:02' });
    table.learn({ ip: '10.0.0.2', mac: '02:00:00:00:00:03' });
    table.forget('10.0.0.2');
    expect(table.recent(1)).toEqual([{ ip: '10.0.0.1', mac: '02:00:00:00:00:02' }]);
  });
});
