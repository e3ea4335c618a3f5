/**
 * How the suites run. Everything beside the code, and what needs no LAN, runs in parallel; the suites under test/real build a LAN with fixed names
 * and real servers, so they run one after the other, when the rest is done and both processors are theirs.
 */
import { defineConfig } from 'vitest/config';

const REAL = ['test/real/**/*.test.ts'];
const NEVER = ['node_modules/**', 'build/**'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'parallel',
          include: ['**/*.test.ts'],
          exclude: [...NEVER, ...REAL],
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'real',
          include: REAL,
          exclude: NEVER,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
