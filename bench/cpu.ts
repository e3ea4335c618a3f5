/** Processor time of the two sides of a bench, and what it says about the limit that the contender ran into. */
import fs from 'node:fs';

/** _SC_CLK_TCK: /proc counts in hundredths of a second on Linux. */
const TICK_MS = 10;

export interface Cpu {
  wallMs: number;
  /** Of the contender: all its processes. */
  clientMs: number;
  /** Of the server: all its processes. */
  serverMs: number;
  /** What all processors together had nothing to do. */
  idleMs: number;
}

/** Processor time of these processes and of their children that have ended, in milliseconds. */
export function processorMs(pids: readonly number[]): number {
  // utime, stime, cutime, cstime: fields 14 to 17 of proc(5), the third being the first after the name.
  return pids.reduce((sum, pid) => sum + ticksOf(`/proc/${pid}/stat`, [11, 12, 13, 14]), 0) * TICK_MS;
}

/** Of our own children that have ended, and theirs. */
function endedChildrenMs(): number {
  return ticksOf('/proc/self/stat', [13, 14]) * TICK_MS;
}

/** Since the machine started, of all processors: idle and iowait, fields 4 and 5 of the first line of /proc/stat. */
export function machineIdleMs(): number {
  const [, ...fields] = fs.readFileSync('/proc/stat', 'utf8').split('\n', 1).join('').split(/\s+/u);
  return (Number(fields[3]) + Number(fields[4])) * TICK_MS;
}

function ticksOf(file: string, fields: readonly number[]): number {
  try {
    const stat = fs.readFileSync(file, 'utf8');
    const all = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.reduce((sum, at) => sum + Number(all[at]), 0);
  } catch {
    // It ended between the list and the look; its parent has its time.
    return 0;
  }
}

/** Runs a contender, whose processes are children of ours and have ended when `work` is done. */
export async function metered(serverPids: () => readonly number[], work: () => Promise<void>): Promise<Cpu> {
  const clientBefore = endedChildrenMs();
  const serverBefore = processorMs(serverPids());
  const idleBefore = machineIdleMs();
  const startMs = performance.now();
  await work();
  const wallMs = performance.now() - startMs;
  return {
    wallMs,
    clientMs: endedChildrenMs() - clientBefore,
    serverMs: processorMs(serverPids()) - serverBefore,
    idleMs: machineIdleMs() - idleBefore,
  };
}

/** From this share of the time on a processor counts as busy: the rest is start and end of the run. */
const BUSY = 0.8;
/** Below this share of idle time whoever has to wait does so for a processor. */
const CROWDED = 0.1;

/**
 * What kept a contender from being faster.
 * @param idle what it waits for while no processor is busy: «the wire», «the disk»
 */
export function limitOf(
  { wallMs, clientMs, serverMs, idleMs }: Cpu,
  processors: number,
  idle: string,
  server = 'smbd',
): string {
  if (clientMs + serverMs >= BUSY * processors * wallMs) return `all ${processors} processors`;
  if (Math.max(clientMs, serverMs) >= BUSY * wallMs)
    return serverMs >= clientMs ? `${server}’s processor time` : 'its own processor time';
  return idleMs < CROWDED * processors * wallMs ? 'processors that others were using' : idle;
}
