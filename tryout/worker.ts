/** The user at the client's PC as a process in its namespace, and what it has met so far. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Host, on } from './lan.ts';

export interface WorkerJob {
  url: string;
  user: string;
  password: string;
  read: string;
  prefix: string;
  everyMs: number;
  saveEvery: number;
}

export interface Gap {
  lastGoodMs: number;
  backMs: number;
  gapMs: number;
}

export interface Worker {
  /** Files whose saving was acknowledged, with their SHA-256. */
  readonly saved: ReadonlyMap<string, string>;
  readonly gaps: readonly Gap[];
  readonly working: boolean;
  /** Ends it after the operation in hand. */
  stop(): Promise<{ operations: number }>;
}

const LINE_LIMIT = 65_536;

export function startWorker(host: Host, job: WorkerJob): Worker {
  const program = fileURLToPath(new URL('./client.ts', import.meta.url));
  const [command, ...args] = on(host, process.execPath, program);
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '', HOME: '/run', LANG: 'C' },
  });
  const saved = new Map<string, string>();
  const gaps: Gap[] = [];
  let working = false;
  let operations = 0;
  let pending = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    pending += chunk;
    const lines = pending.split('\n');
    pending = (lines.pop() ?? '').slice(0, LINE_LIMIT);
    for (const line of lines) {
      const told = JSON.parse(line) as Record<string, unknown>;
      switch (told['kind']) {
        case 'saved':
          saved.set(String(told['file']), String(told['sha256']));
          break;
        case 'working':
          working = true;
          break;
        case 'waiting':
          working = false;
          break;
        case 'back':
          working = true;
          gaps.push({
            lastGoodMs: Number(told['lastGoodMs']),
            backMs: Number(told['atMs']),
            gapMs: Number(told['gapMs']),
          });
          break;
        case 'ended':
          operations = Number(told['operations']);
          break;
      }
    }
  });
  // The password travels by standard input.
  child.stdin.end(JSON.stringify(job));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    saved,
    gaps,
    get working() {
      return working;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      return { operations };
    },
  };
}
