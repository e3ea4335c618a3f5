/** What every command that asks the daemon shares: its options, its client, and how an error answer becomes a Failure. */
import type { Command } from 'commander';
import { type Client, type Outcome, openClient } from '../api/client.ts';
import type { Accepted } from '../api/command.ts';
import { routes } from '../api/routes.ts';
import type { Status } from '../api/status.ts';
import { Failure } from '../base/failure.ts';
import { printable } from '../base/human.ts';
import { openScreen, type Screen } from './screen.ts';
import { socketTransport } from './transport.ts';

const DEFAULT_SOCKET = '/run/standby/standby.sock';

export interface CommonOptions {
  json?: true;
  socket: string;
}

export interface Calling {
  screen: Screen;
  client: Client;
}

/** Adds --json and --socket. */
export function asksDaemon(command: Command): Command {
  return printsJson(command).option('--socket <path>', 'the socket of the daemon', DEFAULT_SOCKET);
}

/** Adds --json. */
export function printsJson(command: Command): Command {
  return command.option('--json', 'print one JSON object, as the last line');
}

export function openCalling(options: CommonOptions): Calling {
  return { screen: openScreen(options.json === true), client: openClient(socketTransport(options.socket)) };
}

/** The value of a good answer; an error answer is thrown as a Failure with the same code. */
export async function must<Value>(asked: Promise<Outcome<Value>>): Promise<Value> {
  const outcome = await asked;
  if (outcome.ok) return outcome.value;
  const { code, what, hint } = outcome.error;
  throw new Failure({ code, doing: 'ask the daemon', what, ...(hint === '' ? {} : { hint }) });
}

/** The status and the main it is about. Throws a Failure `refused` when nothing is set up. */
export async function statusOfMain(
  client: Client,
): Promise<{ status: Status; main: { name: string; address: string } }> {
  const status = await must(client.call(routes.status));
  if (status.main !== null) return { status, main: status.main };
  throw new Failure({
    code: 'refused',
    doing: 'ask the daemon',
    what: 'no main is set up yet',
    hint: 'run: standby setup',
  });
}

/** What the daemon says to an order that it accepted. */
export function sayAccepted(screen: Screen, { why, hint }: Accepted): void {
  screen.line(printable(why));
  if (hint !== undefined) screen.line(`  ${printable(hint)}`);
}
