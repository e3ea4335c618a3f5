/**
 * The turn in which a command logs on: with the account of the main, among the log-ons of the engine and the probes, so that all
 * together do not lock it. Where the settings cannot be read (by whoever is not root, or where nothing is set up) it counts for itself.
 */
import { systemClock } from '../../base/clock.ts';
import { isFailure } from '../../base/failure.ts';
import { readSettings } from '../../settings/read.ts';
import type { Settings } from '../../settings/schema.ts';
import type { Credentials, LogonTurn } from '../../smb/index.ts';
import type { AccountOptions, Server } from './account.ts';

export async function turnFor(
  server: Server,
  { user, domain }: Credentials,
  options: AccountOptions,
): Promise<LogonTurn | undefined> {
  const settings = settingsOf(options.settings);
  if (settings === undefined) return undefined;
  const { main, run, secrets } = settings;
  // Loaded with the client, when it is needed.
  const { openLogonsByHand, generationOf } = await import('../../smb/index.ts');
  const stored = {
    address: main.address,
    user: main.user,
    domain: main.domain,
    folder: run,
    generation: generationOf(secrets),
  };
  const isStored = options.user === undefined && options.credentials === undefined;
  const turn = openLogonsByHand(systemClock, `command-${process.pid}`, Math.random);
  return turn(stored, { address: server.host, account: { user, domain }, isStored });
}

function settingsOf(file: string): Settings | undefined {
  try {
    return readSettings(file);
  } catch (error) {
    if (isFailure(error)) return undefined;
    throw error;
  }
}
