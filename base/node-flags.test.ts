/** The command is started the way that was measured. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { COMMAND_NODE_FLAGS } from './node-flags.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

it('bin/standby starts Node with the flags of a command', () => {
  const script = fs.readFileSync(path.join(ROOT, 'bin', 'standby'), 'utf8');
  const flags = COMMAND_NODE_FLAGS.map((flag) => (flag.startsWith(ROOT) ? `"$root${flag.slice(ROOT.length)}"` : flag));
  expect(script).toContain(`exec "$root/bin/node" ${flags.join(' ')} "$root/cli/main.ts" "$@"`);
});
