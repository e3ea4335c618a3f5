/**
 * Carries out what was decided, one step at a time: the only place where standbyd acts on the box. Every step is idempotent, since a
 * restarted standbyd repeats the step it died in.
 *
 * What could go wrong at each step of taking over, and what holds then:
 *  stop-mirror    the engine hangs on a disk: it is ended after a moment; a process that the kernel does not let go can at most finish the one
 *                 system call it is in, which writes a nameless or temporary file.
 *  freeze         the disk is full or gone: the step fails, nothing was taken, the attempt is undone.
 *  open-shares    smbd does not start or does not let the proof write: fails before any address is taken.
 *  take-address   the network process dies in between: the address leaves the kernel by itself; the repeated order starts anew.
 *  prove-served   the address is ours and smbd does not answer there: fails, and the address goes first when it is undone.
 */
import { isIPv4 } from 'node:net';
import { Failure, textOf } from '../base/failure.ts';
import type { FromNet, ToNet } from '../net/messages.ts';
import { connect } from '../smb/index.ts';
import type { Requirements } from '../smb/types.ts';
import type { Answers } from './answers.ts';
import { NOT_TAKEN } from './decide/index.ts';
import type { Step } from './decide/types.ts';
import type { FromEngine, ToEngine } from './engine-messages.ts';
import type { Alert, Effects, StepResult } from './loop.ts';
import type { Proof } from './takeover/prove.ts';

/** One of our processes as the effects see it. */
export interface Peer<Out, In> {
  /** False when it is not there to hear. */
  send(message: Out): boolean;
  answers: Answers<In>;
  /** Resolves when it is there, within the limit; throws `gone` when not. */
  ready(limitMs: number): Promise<void>;
  readonly alive: boolean;
}

export interface EffectsParts {
  net: Peer<ToNet, FromNet>;
  engine: Peer<ToEngine, FromEngine> & {
    /** Ends a hanging engine at once; another is started by itself. */
    kill(): void;
  };
  /** Tells the composition whether the engine should be mirroring, so that a fresh engine is told again. */
  setMirroring(on: boolean): void;
  serving: {
    /** Writes smbd's configuration and sees that it runs. */
    start(writable: boolean): Promise<void>;
    /** The same, read-only, and no session is left that could write. */
    close(): Promise<void>;
    prove(at: Pick<Proof, 'host' | 'port' | 'expect'>): Promise<void>;
    port: number;
  };
  address: string;
  interface: string;
  mainPort: number;
  /** What the main must do, or it is not proven. */
  require: Requirements;
  alert(alert: Alert): void;
}

/** Codes by which the network process refuses an order before it touches any address. */
const NEVER_ADDED: ReadonlySet<string> = new Set(['bad-order', 'own-address', 'no-interface', 'other-decision']);

const SMB_PORT = 445;
const STOP_LIMIT_MS = 1_500;
const ENGINE_LIMIT_MS = 10_000;
const NET_LIMIT_MS = 8_000;
const PROOF_LIMIT_MS = 3_000;
const PROOF_PAUSE_MS = 20;
const MAIN_LIMIT_MS = 10_000;
const MAIN_CONNECT_LIMIT_MS = 2_000;
const MAIN_PAUSE_MS = 200;

export function openEffects(parts: EffectsParts): Effects {
  const { net, engine, serving } = parts;

  const askEngine = async <T>(
    doing: string,
    order: ToEngine,
    limitMs: number,
    pick: (message: FromEngine) => T | false,
  ): Promise<T> => {
    await engine.ready(ENGINE_LIMIT_MS);
    const answer = engine.answers.wait(doing, limitMs, (message) => {
      if (message.kind === 'failed' && message.order === order.kind)
        throw new Failure({ code: message.code, doing, what: message.what, hint: message.hint });
      return pick(message);
    });
    if (!engine.send(order)) engine.answers.lose('the mirror engine is not there');
    return answer;
  };

  const askNet = async (
    doing: string,
    order: ToNet & { decision: string },
    done: 'taken' | 'released',
  ): Promise<void> => {
    await net.ready(NET_LIMIT_MS);
    const answer = net.answers.wait(doing, NET_LIMIT_MS, (message) => {
      if (message.kind === 'failed' && message.decision === order.decision)
        throw new Failure({
          code: NEVER_ADDED.has(message.code) ? NOT_TAKEN : message.code,
          doing,
          what: message.what,
        });
      return message.kind === done && message.decision === order.decision;
    });
    if (!net.send(order)) net.answers.lose('the network process is not there');
    await answer;
  };

  /** A server that has just been told to serve may need a moment; the last reason is what counts. */
  const proveWithin = async (at: Pick<Proof, 'host' | 'port' | 'expect'>): Promise<void> => {
    const deadline = performance.now() + PROOF_LIMIT_MS;
    for (;;) {
      try {
        await serving.prove(at);
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await pause(PROOF_PAUSE_MS);
      }
    }
  };

  /** A fresh engine mirrors nothing until it is told, so one that is gone has stopped for good. */
  const stopMirror = async (): Promise<StepResult> => {
    parts.setMirroring(false);
    if (!engine.alive) return { detail: 'the engine was not running' };
    try {
      await askEngine('stop mirroring', { kind: 'stop' }, STOP_LIMIT_MS, (message) => message.kind === 'stopped');
      return {};
    } catch (error) {
      engine.kill();
      return { detail: `the engine was ended: ${textOf(error)}` };
    }
  };

  const run = async (step: Step): Promise<StepResult> => {
    const { decision } = step;
    switch (step.effect) {
      case 'start-mirror':
        parts.setMirroring(true);
        return {};
      case 'stop-mirror':
        return stopMirror();
      case 'freeze':
        await askEngine(
          'freeze the mirror',
          { kind: 'freeze', decision },
          ENGINE_LIMIT_MS,
          (message) => message.kind === 'frozen' && message.decision === decision,
        );
        return {};
      case 'thaw':
        await askEngine(
          'thaw the mirror',
          { kind: 'thaw', decision },
          ENGINE_LIMIT_MS,
          (message) => message.kind === 'thawed' && message.decision === decision,
        );
        return {};
      case 'open-shares':
        await serving.start(true);
        await proveWithin({ host: '127.0.0.1', port: serving.port, expect: 'writable' });
        return {};
      case 'close-shares':
        await serving.close();
        await proveWithin({ host: '127.0.0.1', port: serving.port, expect: 'read-only' });
        return {};
      case 'take-address': {
        await askNet(
          'take the address',
          {
            kind: 'take',
            decision,
            interface: parts.interface,
            addresses: [parts.address],
            servePort: serving.port,
          },
          'taken',
        );
        return {};
      }
      case 'release-address':
        await askNet('release the address', { kind: 'release', decision }, 'released');
        return {};
      case 'prove-served':
        await proveWithin({ host: parts.address, port: SMB_PORT, expect: 'writable' });
        return {};
      case 'prove-main':
        await proveMain(parts.address, parts.mainPort, parts.require);
        return {};
      case 'restore': {
        const order = { kind: 'restore', decision, planHash: step.planHash } as const;
        const restored = await askEngine(
          'restore files',
          order,
          Number.POSITIVE_INFINITY,
          (message) => message.kind === 'restored' && message.decision === decision && message,
        );
        const { sent, removed, conflicts, open } = restored;
        return { open, detail: `${sent} sent, ${removed} removed, ${conflicts} kept twice, ${open} left open` };
      }
    }
  };

  return {
    run,
    look: () => void net.send({ kind: 'look' }),
    alert: parts.alert,
  };
}

/** Waits until the main speaks SMB at its address again. Throws the last reason when it does not within the limit. */
async function proveMain(address: string, port: number, require: Requirements): Promise<void> {
  if (!isIPv4(address))
    throw new Failure({
      code: 'bad-address',
      doing: 'prove that the main serves',
      subject: address,
      what: 'is not an IPv4 address',
    });
  const deadline = performance.now() + MAIN_LIMIT_MS;
  for (;;) {
    try {
      const connection = await connect({
        host: address,
        port,
        connectTimeoutMs: MAIN_CONNECT_LIMIT_MS,
        requestTimeoutMs: MAIN_CONNECT_LIMIT_MS,
        require,
      });
      connection.close();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(MAIN_PAUSE_MS);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
