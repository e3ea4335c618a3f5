/** A real main (smbd), a mirror of its share made through our own client, and what users do on either side. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { FakeMirror } from '../../agent/handback/fake-mirror.ts';
import { carryOut, type HandbackDeps, planRestore } from '../../agent/handback/index.ts';
import { mustRun } from '../../base/command.ts';
import { stampPath } from '../../base/libc.ts';
import { unixNs } from '../../smb/file-time.ts';
import { connect } from '../../smb/index.ts';
import type { Connection, Tree } from '../../smb/types.ts';
import { type Samba, startSamba } from '../../tryout/samba.ts';

const PASSWORD = 'pass-of-alice';
/** tryout/isolate gives alice this number. */
const ALICE = 64_100;
const WAIT_MS = 10_000;

export class HandbackWorld {
  readonly mirror = new FakeMirror();
  readonly shareFolder = path.join(this.mirror.folder, 'main', 'docs');
  readonly authFile = path.join(this.mirror.folder, 'auth');
  private samba: Samba | undefined;
  private connection: Connection | undefined;
  private connected: Tree | undefined;

  async start(lines: string[] = []): Promise<void> {
    // smbd reaches the share as alice.
    fs.chmodSync(this.mirror.folder, 0o755);
    this.samba = await startSamba({
      folder: path.join(this.mirror.folder, 'samba'),
      netbiosName: 'MAIN',
      users: { alice: PASSWORD },
      shares: [{ name: 'docs', path: this.shareFolder, lines }],
    });
    fs.chownSync(this.shareFolder, ALICE, ALICE);
    fs.writeFileSync(this.authFile, `username = alice\npassword = ${PASSWORD}\n`, { mode: 0o600 });
    await this.connect();
  }

  async connect(): Promise<void> {
    this.connection?.close();
    this.connection = await connect({ host: '127.0.0.1', connectTimeoutMs: 5_000, requestTimeoutMs: 10_000 });
    const session = await this.connection.logon({ user: 'alice', domain: '', password: PASSWORD });
    this.connected = await session.tree('docs');
  }

  get tree(): Tree {
    if (this.connected === undefined) throw new Error('not connected');
    return this.connected;
  }

  async stop(): Promise<void> {
    this.connection?.close();
    await this.samba?.stop();
    this.mirror.clear();
  }

  get deps(): HandbackDeps {
    const { mirror } = this;
    return {
      view: mirror,
      statePath: mirror.statePath,
      decision: 'd1',
      shares: ['docs'],
      treeOf: async () => this.tree,
    };
  }

  /** A user of the main: content makes or rewrites a file, undefined makes a folder. */
  write(at: string, content: string | undefined): void {
    const file = path.join(this.shareFolder, at);
    if (content === undefined) fs.mkdirSync(file);
    else fs.writeFileSync(file, content);
    fs.chownSync(file, ALICE, ALICE);
  }

  textOf(at: string): string | undefined {
    const file = path.join(this.shareFolder, at);
    return fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true ? fs.readFileSync(file, 'utf8') : undefined;
  }

  /** Everything on the main, sorted. */
  names(): string[] {
    return fs.readdirSync(this.shareFolder, { recursive: true, encoding: 'utf8' }).toSorted();
  }

  /** Mirrors the whole share through the client, and remembers it as the base. */
  async copyAll(directory = ''): Promise<void> {
    for await (const { entries } of this.tree.list(directory)) {
      for (const { name } of entries) {
        const at = directory === '' ? name : `${directory}/${name}`;
        const file = path.join(this.mirror.root, at);
        const stat = await this.tree.stat(at);
        if (stat.directory) fs.mkdirSync(file);
        else {
          fs.writeFileSync(file, fs.readFileSync(path.join(this.shareFolder, at)));
          stampPath(file, { accessedNs: 0n, writtenNs: unixNs(stat.written) });
        }
        this.mirror.learned('docs', at, stat, this.mirror.signatureOf(at));
        if (stat.directory) await this.copyAll(at);
      }
    }
  }

  async restore() {
    const plan = await planRestore(this.deps);
    return { plan, result: await carryOut(this.deps, plan.hash) };
  }

  /** Runs a command of smbclient's own language as alice. */
  smbclient(command: string): Promise<string> {
    return mustRun('smbclient', ['//127.0.0.1/docs', '-A', this.authFile, '-c', command], { timeLimitMs: WAIT_MS });
  }

  /** Another client that has a file open for writing and does not share its deletion; resolves when the main says so. */
  async hold(at: string): Promise<{ release(): Promise<void> }> {
    const child: ChildProcess = spawn('smbclient', ['//127.0.0.1/docs', '-A', this.authFile], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: process.env['PATH'] ?? '', LANG: 'C' },
    });
    child.stdin?.write(`open "${at}"\n`);
    const deadline = performance.now() + WAIT_MS;
    while (!(await this.isHeld(at))) {
      if (performance.now() > deadline) throw new Error(`smbclient does not hold ${at}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return {
      release: async () => {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.stdin?.end('quit\n');
        await ended;
      },
    };
  }

  private async isHeld(at: string): Promise<boolean> {
    const config = this.samba?.configFile ?? '';
    return (await mustRun('smbstatus', ['-L', '-s', config], { timeLimitMs: WAIT_MS })).includes(` ${at} `);
  }
}
