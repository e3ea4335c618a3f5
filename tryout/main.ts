/**
 * The try-out behind `npm start`: plays the whole story on a LAN of its own and stays for exploring until Ctrl-C; with --once it ends by itself,
 * and with --json its last line is one JSON object. Exit code 0 only if everything held.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isFailure, textOf } from '../base/failure.ts';
import { humanDuration } from '../base/human.ts';
import { openNarrator } from './narrator.ts';
import { type Ending, play } from './play.ts';
import { buildStage, type Stage } from './stage.ts';

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  process.stdout.write(`npm start                    plays the story, then stays for exploring until Ctrl-C
npm start -- --once          plays the story and ends
npm start -- --once --json   the same; the last line is one JSON object: differences, outageMs, steps …
`);
  process.exit(0);
}

/** Lines of standbyd's log that are shown when something failed. */
const LOG_LINES = 80;

/** Unix socket paths have at most 107 letters (unix(7)). */
const SOCKET_PATH_LIMIT = 100;
const root = fileURLToPath(new URL('..', import.meta.url));

/** Visible from outside when the path is short enough, so that `bin/standby` in another terminal can look at the play. */
function runFolder(): string {
  const visible = path.join(root, 'build', 'tryout');
  const folder = path.join(visible, 'standby.sock').length < SOCKET_PATH_LIMIT ? visible : '/run/standby';
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

const startMs = performance.now();
const narrator = openNarrator((text) => (values.json ? process.stderr : process.stdout).write(text), startMs);

function failed(error: unknown, stage: Stage | undefined): void {
  narrator.say(
    `FAILED: ${textOf(error)}${isFailure(error) && error.hint !== undefined ? `\n          ${error.hint}` : ''}`,
  );
  if (!isFailure(error) && error instanceof Error) narrator.say(error.stack ?? '');
  const log = stage?.box.log().split('\n').slice(-LOG_LINES).join('\n');
  if (log !== undefined) process.stderr.write(`--- the last lines of standbyd ---\n${log}\n--- end ---\n`);
}

let stage: Stage | undefined;
let ending: Ending | undefined;
try {
  stage = await narrator.step(
    'build',
    () => buildStage(runFolder()),
    () => 'built: a LAN with FILES01, STANDBY1 and a PC, on three disks of their own',
  );
  ending = await play(stage, narrator);
} catch (error) {
  failed(error, stage);
}

const held = ending !== undefined && ending.differences === 0 && ending.lost === 0;
if (ending !== undefined) {
  narrator.say(
    held
      ? `It held: alice waited ${humanDuration(ending.outageMs)} in the failure and ${humanDuration(ending.handBackMs)} in the hand-back; no file lost, no difference.`
      : `It did not hold: ${ending.differences} differences, ${ending.lost} files lost.`,
  );
}

if (!values.once && held && stage !== undefined) {
  narrator.say('The play stays on the stage until Ctrl-C. In another terminal, as root:');
  narrator.say(`  bin/standby status --socket ${path.relative(root, stage.box.socket)}`);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    const stay = setInterval(() => {}, 60_000);
    process.once('SIGINT', () => clearInterval(stay));
    process.once('SIGTERM', () => clearInterval(stay));
  });
}
await stage?.end();
if (values.json) {
  process.stdout.write(
    `${JSON.stringify({ held, ...(ending ?? { differences: -1, outageMs: -1, handBackMs: -1, lost: -1 }), steps: narrator.steps, totalMs: Math.round(performance.now() - startMs) })}\n`,
  );
}
process.exit(held ? 0 : 1);
