/** How the suites run: unit tests beside the code, and the suites under test/. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'build/**'],
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
