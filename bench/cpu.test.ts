/** The limit that a bench names, and that processor time is counted for the side that spent it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { limitOf, metered, processorMs } from './cpu.ts';

test.each([
  { clientMs: 950, serverMs: 900, idleMs: 100, limit: 'all 2 processors' },
  { clientMs: 300, serverMs: 900, idleMs: 700, limit: 'smbd’s processor time' },
  { clientMs: 900, serverMs: 300, idleMs: 700, limit: 'its own processor time' },
  { clientMs: 400, serverMs: 500, idleMs: 900, limit: 'the wire' },
  { clientMs: 400, serverMs: 500, idleMs: 100, limit: 'processors that others were using' },
])(
  'with $clientMs ms of the client, $serverMs ms of smbd and $idleMs ms idle in 1,000 ms, the limit is $limit',
  ({ limit, ...cpu }) => {
    expect(limitOf({ wallMs: 1_000, ...cpu }, 2, 'the wire')).toBe(limit);
  },
);

/** Works until it has had 60 ms of a processor. */
const WORK = 'const begun = process.cpuUsage(); while (process.cpuUsage(begun).user < 60_000); ';
/** What of it is seen for sure, as /proc counts in steps of 10 ms. */
const SEEN_MS = 40;

test('counts the contender’s own processes and the server’s, each for itself', async () => {
  const server = spawn(
    process.execPath,
    ['-e', `process.stdin.once("data", () => { ${WORK} console.log("done"); });`],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  try {
    const cpu = await metered(
      () => [server.pid ?? 0],
      async () => {
        server.stdin.write('go');
        await once(server.stdout, 'data');
      },
    );
    expect(cpu.serverMs).toBeGreaterThanOrEqual(SEEN_MS);
    expect(cpu.clientMs).toBe(0);
    const other = await metered(
      () => [server.pid ?? 0],
      async () => void execFileSync(process.execPath, ['-e', WORK]),
    );
    expect(other.clientMs).toBeGreaterThanOrEqual(SEEN_MS);
  } finally {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
});

test('a process that has ended counts nothing', () => {
  expect(processorMs([2 ** 30])).toBe(0);
});
