/** Sees an address appear on the standby, through the kernel's own news and not through anybody's log. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface AddressWatch {
  /** Wall time (ms) of the first appearance since the watch began; undefined while there was none. */
  readonly appearedMs: number | undefined;
}

export function watchAddress(namespace: string, address: string): AddressWatch {
  const child = spawn('ip', ['-n', namespace, '-o', 'monitor', 'address'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let appearedMs: number | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    // A line about a removal begins with «Deleted».
    if (!line.startsWith('Deleted') && line.includes(` ${address}/`)) appearedMs ??= Date.now();
  });
  return {
    get appearedMs() {
      return appearedMs;
    },
  };
}
