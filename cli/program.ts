/** The command line: every command with its options. Each command's own file does the rest. */
import fs from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import { addConfig } from './commands/config.ts';
import { addEvents } from './commands/events.ts';
import { addExplain } from './commands/explain.ts';
import { addFailover } from './commands/failover.ts';
import { addHelp } from './commands/help.ts';
import { addLimit } from './commands/limit.ts';
import { addPause } from './commands/pause.ts';
import { addProblems } from './commands/problems.ts';
import { addRestore } from './commands/restore.ts';
import { addSetup } from './commands/setup.ts';
import { addShares } from './commands/shares.ts';
import { addSmb } from './commands/smb.ts';
import { addStatus } from './commands/status.ts';
import { addSync } from './commands/sync.ts';
import { addUsers } from './commands/users.ts';
import { addVerify } from './commands/verify.ts';

/** The program, ready to parse. Commander's own errors are thrown, so that one place gives the exit codes. */
export function standbyProgram(): Command {
  const program = new Command('standby');
  program
    .description('Stand in for a file server: mirror it, take over its address when it fails, hand everything back.')
    .usage('COMMAND [options]')
    .version(packageVersion())
    .addHelpText('after', '\nExit codes: standby help exit-codes\n')
    .exitOverride();
  for (const add of [
    addShares,
    addSetup,
    addStatus,
    addSync,
    addFailover,
    addRestore,
    addPause,
    addLimit,
    addEvents,
    addUsers,
    addProblems,
    addVerify,
    addExplain,
    addSmb,
    addConfig,
    addHelp,
  ]) {
    add(program);
  }
  return program;
}

function packageVersion(): string {
  const text = fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
