/** `standby verify`: compares main and mirror as a whole, and tells what differs. */
import fs from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { Client } from '../../api/client.ts';
import { routes } from '../../api/routes.ts';
import type { VerifyStatus } from '../../api/verify.ts';
import { Failure, failureOf } from '../../base/failure.ts';
import { printable } from '../../base/human.ts';
import { asksDaemon, type CommonOptions, must, openCalling, sayAccepted } from '../calling.ts';
import { exitCodes } from '../exit.ts';
import { streamEnded } from '../follow.ts';
import type { Screen } from '../screen.ts';
import { usage } from '../usage.ts';
import { verifiedLines, verifyLine } from '../words/verify.ts';

interface Options extends CommonOptions {
  heal?: true;
  report?: string;
  background?: true;
  stop?: true;
}

export function addVerify(program: Command): void {
  asksDaemon(
    program
      .command('verify')
      .description('compare main and mirror as a whole: every name, every byte, times, attributes')
      .option('--heal', 'copy again what really differs; what is replaced goes to the attic')
      .option('--report <file>', 'write a line of JSON for each object, with the SHA-256 of its content')
      .option('--background', 'begin, and do not wait for the end')
      .option('--stop', 'end the verify that runs'),
  ).action(async (options: Options) => {
    const { screen, client } = openCalling(options);
    if (options.stop === true) {
      const answer = await must(client.call(routes.stopVerify));
      screen.result(answer);
      return sayAccepted(screen, answer);
    }
    if (options.report !== undefined && options.background === true)
      throw usage('--report waits for the end: it cannot go with --background');
    // Before hours of work are for nothing.
    if (options.report !== undefined) mayWrite(options.report);
    const { verify: before } = await must(client.call(routes.status));
    // Whoever only wants to see how it goes joins the one that runs.
    const joins = before?.state === 'running' && options.heal !== true && options.report === undefined;
    if (!joins) {
      const body = { heal: options.heal === true, report: options.report !== undefined };
      const answer = await must(client.call(routes.verify, { body }));
      if (options.background === true) {
        screen.result(answer);
        return sayAccepted(screen, answer);
      }
    }
    const verify = await follow(client, screen);
    if (options.report !== undefined) fetchReport(verify.report, options.report);
    const { findings } = await must(client.call(routes.findings));
    screen.result({ verify, findings });
    for (const line of verifiedLines(verify, findings)) screen.line(line);
    if (options.report !== undefined) screen.line(`  The report: ${printable(options.report)}`);
    if (verify.different > 0) process.exitCode = exitCodes.different.code;
  });
}

/** Draws until it has ended; a lost stream or Ctrl-C leaves it running. Throws a Failure `refused` when it was stopped. */
async function follow(client: Client, screen: Screen): Promise<VerifyStatus> {
  for await (const message of await must(client.stream())) {
    if (message.kind !== 'status') continue;
    const { verify } = message.status;
    if (verify === null) continue;
    if (verify.state === 'running') {
      if (screen.live) screen.redraw([verifyLine(verify)]);
      continue;
    }
    if (screen.live) screen.redraw([]);
    if (verify.state === 'done') return verify;
    throw new Failure({
      code: 'refused',
      doing: 'verify',
      what: `the verify did not come to its end: ${verify.problem}`,
      hint: 'begin again with: standby verify',
    });
  }
  throw streamEnded();
}

function mayWrite(file: string): void {
  try {
    fs.accessSync(path.dirname(path.resolve(file)), fs.constants.W_OK);
  } catch (error) {
    const { doing, what } = failureOf(error, 'write', file);
    throw new Failure({ code: 'usage', doing, subject: file, what });
  }
}

function fetchReport(from: string, to: string): void {
  try {
    fs.copyFileSync(from, to);
  } catch (error) {
    const { what } = failureOf(error, 'copy the report', to);
    throw new Failure({
      code: 'failed',
      doing: 'copy the report',
      subject: to,
      what,
      hint: `it stays at ${from}, for whoever may read the state folder`,
    });
  }
}
