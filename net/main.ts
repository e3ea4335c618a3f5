/**
 * The network process «net»: the only one with raw sockets and the right to change addresses.
 *
 *   bin/node net/main.ts --run FOLDER [--log json|human]
 *
 * Listens on FOLDER/net.sock (messages.ts is the contract), locks FOLDER/net.lock, logs to stderr; writes no other file. Needs CAP_NET_ADMIN and
 * CAP_NET_RAW, and the programs nft and ss. Exit codes: 0 ended as told or because no standbyd is there, 1 a fault, 2 cannot start.
 *
 * What can go wrong between any two steps, and how it heals
 *   killed, nothing held             the guard's rules stay; the next start clears them and standbyd sends its orders anew
 *   killed after the rules           they concern an address that is not here; cleared by the next start
 *   killed while holding             the kernel drops the address when its lifetime ends (6 s); ARP answers end with it;
 *                                    a start before that removes it by its mark
 *   killed while releasing           the same
 *   stopped (SIGSTOP) while holding  the same; standbyd kills us after 2 s without a beat; if we wake all the same, the
 *                                    clock shows the lapse before anything is renewed or announced, and we let go
 *   stopped in the middle of a take  the take is older than its limit when we wake: undone, answered `failed`
 *   a thread or a probe breaks       everything is released, exit code 1
 *   main loop busy                   beats say lateMs; what the probes missed meanwhile is not reported; the thread that defends
 *                                    the address has its own lease and falls silent with it
 *   standbyd gone or silent          we hold on for HOLD_GRACE_MS, then release and end
 *   two of us                        the second finds the lock and ends with a clear error
 *   the interface goes away          the address goes with it; the next renewal fails and everything is released (`lost`)
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { failureOf } from '../base/failure.ts';
import { openLines } from '../base/lines.ts';
import { openLog } from '../base/log.ts';
import { connect } from '../smb/index.ts';
import { ADDRESS_LIFETIME_MS, HOLD_GRACE_MS } from './messages.ts';
import { type NetOptions, type NetProcess, runNet } from './process.ts';

/** Runs until it is told to end; the process's exit code is set. Tests run it with shorter times. */
export async function main(args: string[], times: Pick<NetOptions, 'graceMs' | 'lifetimeMs'>): Promise<void> {
  // Our stderr may be the pipe of a standbyd that has died, or of a journal that hangs: neither must end or stop us.
  const lines = openLines(2);
  process.on('exit', lines.flush);
  const { values } = parseArgs({
    args,
    options: { run: { type: 'string' }, log: { type: 'string', default: 'human' } },
  });
  const log = openLog('net', {
    clock: systemClock,
    format: values.log === 'json' ? 'json' : 'human',
    priorityPrefix: process.env['JOURNAL_STREAM'] !== undefined,
    least: 'info',
    write: lines.write,
  });
  if (values.run === undefined) {
    log.critical('say where to listen: --run FOLDER');
    process.exit(2);
  }
  let net: NetProcess;
  try {
    net = await runNet({ runFolder: values.run, clock: systemClock, log, connect, ...times });
  } catch (error) {
    const failure = failureOf(error, 'start the network process');
    log.critical(failure.message, { code: failure.code, hint: failure.hint });
    process.exit(2);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void net.end(signal));
  for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, net.fail);
  log.notice('started', { run: values.run, pid: process.pid });
  const reason = await net.ended;
  log.notice('ended', { why: reason.why });
  process.exit(reason.fault ? 1 : 0);
}

if (import.meta.main) await main(process.argv.slice(2), { graceMs: HOLD_GRACE_MS, lifetimeMs: ADDRESS_LIFETIME_MS });
