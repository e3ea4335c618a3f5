/** A real main (smbd) and a real engine process side by side, for the mirror's tests: orders, answers, and conditions to wait for. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENGINE_MEMORY } from '../../agent/engine-link.ts';
import { type FromEngine, fromEngine, type ShareState, type ToEngine } from '../../agent/engine-messages.ts';
import { type Channel, openChannel } from '../../base/channel.ts';
import { mustRun } from '../../base/command.ts';
import { compareFolders, type Difference } from '../../tryout/compare.ts';
import { type Samba, type SambaShare, startSamba } from '../../tryout/samba.ts';

const ENGINE = fileURLToPath(new URL('../../agent/engine.ts', import.meta.url));
/** Accounts that tryout/isolate makes. */
export const ALICE = { uid: 64100, gid: 64100 };
export const STANDBY = { uid: 64103, gid: 64103 };
const BEAT_MS = 500;
const WAIT_MS = 20_000;

/** Waits until a question has an answer; fails with its name after the limit. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${WAIT_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export class Engine {
  readonly messages: FromEngine[] = [];
  readonly #child: ChildProcess;
  readonly #channel: Channel<ToEngine>;
  readonly #beat: NodeJS.Timeout;
  readonly ended: Promise<void>;
  stderr = '';

  constructor() {
    this.#child = spawn(process.execPath, [...ENGINE_MEMORY, ENGINE], {
      stdio: ['ignore', 'inherit', 'pipe', 'pipe'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      if (process.env['MIRROR_TEST_LOG'] !== undefined) process.stderr.write(chunk);
    });
    const line = this.#child.stdio[3];
    if (!(line instanceof Socket)) throw new Error('no channel to the engine');
    this.#channel = openChannel<FromEngine, ToEngine>(line, (value) => fromEngine.parse(value), {
      message: (message) => this.messages.push(message),
      closed: () => {},
    });
    this.ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    this.#beat = setInterval(() => this.send({ kind: 'beat', n: 1 }), BEAT_MS);
    this.#beat.unref();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  send(message: ToEngine): void {
    if (this.#channel.open) this.#channel.send(message);
  }

  /** Sends an order and waits for a message of a kind that comes after it. */
  async order<K extends FromEngine['kind']>(order: ToEngine, kind: K): Promise<Extract<FromEngine, { kind: K }>> {
    const from = this.messages.length;
    this.send(order);
    return until(`${kind} after ${order.kind}`, () => this.last(kind, from));
  }

  last<K extends FromEngine['kind']>(kind: K, from = 0): Extract<FromEngine, { kind: K }> | undefined {
    const is = (message: FromEngine): message is Extract<FromEngine, { kind: K }> => message.kind === kind;
    return this.messages.slice(from).findLast(is);
  }

  share(name: string): ShareState | undefined {
    return this.last('mirror')?.shares.find((share) => share.share === name);
  }

  async kill(): Promise<void> {
    clearInterval(this.#beat);
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** Closes the channel: the engine ends by itself. */
  async end(): Promise<void> {
    clearInterval(this.#beat);
    this.#channel.close();
    await this.ended;
  }
}

export interface WorldOptions {
  shares?: Omit<SambaShare, 'path'>[];
  lines?: string[];
  port: number;
  /** Where the mirror is; a folder of the world's own when absent. */
  mirrorPath?: string;
}

export class World {
  readonly folder: string;
  readonly mainFolder: string;
  readonly mirrorPath: string;
  readonly statePath: string;
  readonly port: number;
  samba: Samba;
  readonly engines: Engine[] = [];

  private constructor(folder: string, options: WorldOptions, samba: Samba) {
    this.folder = folder;
    this.mainFolder = path.join(folder, 'main');
    this.mirrorPath = options.mirrorPath ?? path.join(folder, 'mirror');
    this.statePath = path.join(folder, 'state');
    this.port = options.port;
    this.samba = samba;
  }

  static async make(options: WorldOptions): Promise<World> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mirror-'));
    fs.chmodSync(folder, 0o755);
    const shares = (options.shares ?? [{ name: 'Office' }]).map((share) => ({
      ...share,
      path: path.join(folder, 'main', share.name),
    }));
    const samba = await startSamba({
      folder: path.join(folder, 'samba'),
      netbiosName: 'MAIN',
      users: { alice: 'alice-1' },
      shares,
      port: options.port,
      lines: options.lines ?? [],
    });
    for (const share of shares) fs.chownSync(share.path, ALICE.uid, ALICE.gid);
    return new World(folder, options, samba);
  }

  main(file: string, share = 'Office'): string {
    return path.join(this.mainFolder, share, file);
  }

  mirror(file: string, share = 'Office'): string {
    return path.join(this.mirrorPath, share, file);
  }

  /** Writes on the main's own disk, as before anybody mirrored it. */
  put(file: string, content: string | Buffer, writtenSeconds?: number): void {
    const at = this.main(file);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, content);
    if (writtenSeconds !== undefined) fs.utimesSync(at, writtenSeconds, writtenSeconds);
    this.own();
  }

  /** Everything on the main belongs to alice, who is the user of its shares. */
  own(share = 'Office'): void {
    const root = this.main('', share);
    fs.chownSync(root, ALICE.uid, ALICE.gid);
    for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true }))
      fs.lchownSync(path.join(entry.parentPath, entry.name), ALICE.uid, ALICE.gid);
  }

  /** Commands of smbclient, as a user of the main gives them. */
  async client(commands: string, share = 'Office'): Promise<string> {
    const account = path.join(this.folder, 'alice');
    fs.writeFileSync(account, 'username = alice\npassword = alice-1\n', { mode: 0o600 });
    const args = [`//127.0.0.1/${share}`, '-p', String(this.port), '-A', account, '-c', commands];
    return mustRun('smbclient', args, { timeLimitMs: 20_000 });
  }

  /** An engine that is configured and, unless told otherwise, mirrors. */
  engine(changes: Partial<Extract<ToEngine, { kind: 'configure' }>> = {}, mirroring = true): Engine {
    const engine = new Engine();
    this.engines.push(engine);
    engine.send({
      kind: 'configure',
      main: { address: '127.0.0.1', port: this.port },
      logon: { user: 'alice', domain: '', password: 'alice-1' },
      mirrorPath: this.mirrorPath,
      statePath: this.statePath,
      shares: this.samba.options.shares.map((share) => share.name),
      reserveBytes: 0,
      passEveryMs: 3_600_000,
      owner: STANDBY,
      ...changes,
    });
    if (mirroring) engine.send({ kind: 'mirror' });
    return engine;
  }

  /** Live, complete, and nothing left to do. */
  async live(engine: Engine, share = 'Office'): Promise<ShareState> {
    return until(`${share} is live`, () => {
      const state = engine.share(share);
      return state?.state === 'live' && state.complete && state.filesToDo === 0 && state;
    });
  }

  differences(share = 'Office'): Difference[] {
    return compareFolders(this.main('', share), this.mirror('', share)).differences;
  }

  /** Until both sides are equal, or the differences that stay. */
  async same(share = 'Office'): Promise<void> {
    let last: Difference[] = [];
    try {
      await until('main and mirror are equal', () => {
        last = this.differences(share);
        return last.length === 0;
      });
    } catch {
      throw new Error(`main and mirror differ: ${JSON.stringify(last.slice(0, 5))}`);
    }
  }

  /** Files put away, without their days. */
  attic(): string[] {
    const root = path.join(this.mirrorPath, '.standby-attic');
    if (!fs.existsSync(root)) return [];
    return fs
      .readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replace(/^[^/]*\//, ''))
      .sort();
  }

  async close(): Promise<void> {
    for (const engine of this.engines) if (engine.running) await engine.kill();
    await this.samba.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
