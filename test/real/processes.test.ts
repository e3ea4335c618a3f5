/** Each of our processes killed or frozen while it stands by and while it serves: no false takeover, no address left behind, and it mends itself. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Status } from '../../api/status.ts';
import { runCommand } from '../../base/command.ts';
import { ADDRESS_LIFETIME_MS } from '../../net/messages.ts';
import { cable, ip, LAN, on } from '../../tryout/lan.ts';
import { until } from '../../tryout/wait.ts';
import { MAIN_NAME, type Office, openOffice, SHARE } from './office.ts';

let office: Office;

beforeAll(async () => {
  office = await openOffice();
  await office.standBy();
});

afterAll(async () => {
  await office?.close();
});

type Ours = 'agent' | 'net' | 'engine';

const pidOf = (status: Status, which: Ours): number => status.processes[which].pid;

async function holdsAddress(): Promise<boolean> {
  return (await ip('-n', 'standby', '-4', 'address', 'show', 'dev', LAN.interface)).includes(`${LAN.main}/`);
}

function asUser(): [program: string, ...args: string[]] {
  const credentials = '/run/office/alice';
  fs.writeFileSync(credentials, `username = alice\npassword = ${office.password}\n`, { mode: 0o600 });
  return on('client', 'smbclient', `//${LAN.main}/${SHARE}`, '-A', credentials);
}

async function userWrites(name: string): Promise<string> {
  const [program, ...login] = asUser();
  const args = [...login, '-c', `mkdir "${name}"`];
  const { stdout, stderr } = await runCommand(program, args, { timeLimitMs: 30_000 });
  return stdout + stderr;
}

/** A user who stays logged on; smbclient does not connect again by itself. */
function stays(): { writes(name: string): Promise<void>; leaves(): Promise<void> } {
  const [program, ...args] = asUser();
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const output of [child.stdout, child.stderr])
    output.on('data', (text: Buffer) => {
      said += text.toString();
    });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // Its end shows in what it said, and in what is not there.
  child.stdin.on('error', () => {});
  return {
    async writes(name) {
      child.stdin.write(`mkdir "${name}"\n`);
      await until(
        `the session has made «${name}»`,
        10_000,
        () => (fs.existsSync(path.join(office.copy, name)) ? true : undefined),
        () => said,
      );
    },
    async leaves() {
      child.stdin.end('quit\n');
      await gone;
    },
  };
}

/** Nothing happened that users would notice: same mode, no address, no decision to take over in the journal. */
async function calm(): Promise<void> {
  expect(await holdsAddress()).toBe(false);
  const { events } = (await office.box.standby(['events'])) as { events: { code: string; what: string }[] };
  expect(events.filter((event) => event.code === 'taking-over')).toEqual([]);
}

describe('while standing by', () => {
  it.each(['net', 'engine'] as const)('a killed %s process is started again', async (which) => {
    const before = pidOf(await office.box.status(), which);
    process.kill(before, 'SIGKILL');
    const after = await office.until(`another ${which} process works`, 30_000, (status) => {
      return status.processes[which].alive && pidOf(status, which) !== before && status.mode === 'standing-by';
    });
    expect(pidOf(after, which)).not.toBe(before);
    await calm();
  });

  it.each(['net', 'engine'] as const)('a frozen %s process is noticed, ended and replaced', async (which) => {
    const before = pidOf(await office.box.status(), which);
    process.kill(before, 'SIGSTOP');
    await office.until(`another ${which} process works`, 30_000, (status) => {
      return status.processes[which].alive && pidOf(status, which) !== before && status.mode === 'standing-by';
    });
    await calm();
  });

  it('a standbyd that was stopped for seconds blames itself, and neither the main nor the other processes', async () => {
    const { agent, net, engine } = (await office.box.status()).processes;
    process.kill(agent.pid, 'SIGSTOP');
    // A stop is nothing that can be waited for: it is the time itself that is tried.
    await runCommand('sleep', ['4'], { timeLimitMs: 10_000 });
    process.kill(agent.pid, 'SIGCONT');
    const after = await office.until(
      'it stands by',
      20_000,
      (status) => status.mode === 'standing-by' && status.processes.net.alive,
    );
    expect([pidOf(after, 'net'), pidOf(after, 'engine')]).toEqual([net.pid, engine.pid]);
    await calm();
  });

  it('a killed standbyd leaves no engine behind, and its successor adopts the rest and stands by', async () => {
    const { engine } = (await office.box.status()).processes;
    await office.box.end('SIGKILL');
    await until('the engine has ended', 15_000, () => (fs.existsSync(`/proc/${engine.pid}`) ? undefined : true));
    office.box.start();
    await until('standbyd answers', 20_000, async () =>
      (await office.box.run(['status'])).exitCode === 0 ? true : undefined,
    );
    await office.until('it stands by', 30_000, (status) => status.mode === 'standing-by');
    await calm();
  });
});

describe('while serving', () => {
  beforeAll(async () => {
    office.main().kill();
    await cable('main', 'pulled');
    await office.until('it serves', 30_000, (status) => status.mode === 'active');
  });

  it('a killed network process is replaced, and the address is there again', async () => {
    const before = pidOf(await office.box.status(), 'net');
    process.kill(before, 'SIGKILL');
    await office.until('the address is held by another process', 30_000, (status) => {
      return status.held.includes(LAN.main) && pidOf(status, 'net') !== before && status.mode === 'active';
    });
    expect(await userWrites('after net was killed')).not.toContain('NT_STATUS');
  });

  it('a frozen network process is replaced before users lose the address for long', async () => {
    const before = pidOf(await office.box.status(), 'net');
    process.kill(before, 'SIGSTOP');
    await office.until('the address is held by another process', 30_000, (status) => {
      return status.held.includes(LAN.main) && pidOf(status, 'net') !== before;
    });
    expect(await userWrites('after net was frozen')).not.toContain('NT_STATUS');
  });

  it('a killed standbyd interrupts nobody, and its successor goes on serving', async () => {
    const { net } = (await office.box.status()).processes;
    const user = stays();
    await user.writes('in a session from before');
    await office.box.end('SIGKILL');
    expect(await userWrites('without standbyd')).not.toContain('NT_STATUS');
    await user.writes('in that session without standbyd');
    office.box.start();
    await until('standbyd answers', 20_000, async () =>
      (await office.box.run(['status'])).exitCode === 0 ? true : undefined,
    );
    const after = await office.until(
      'it serves',
      30_000,
      (status) => status.mode === 'active' && status.held.includes(LAN.main),
    );
    expect(pidOf(after, 'net')).toBe(net.pid);
    expect(await userWrites('with its successor')).not.toContain('NT_STATUS');
    await user.writes('in that session with its successor');
    await user.leaves();
  });

  it('refuses to sync over what users have written, in the daemon and in the engine', async () => {
    const end = await office.box.run(['start-sync']);
    expect(end.exitCode).toBe(3);
    expect(fs.existsSync(path.join(office.copy, 'with its successor'))).toBe(true);
  });

  it('leaves no address behind when standbyd and the network process are both killed', async () => {
    const { net } = (await office.box.status()).processes;
    await office.box.end('SIGKILL');
    process.kill(net.pid, 'SIGKILL');
    await until('the kernel has dropped the address', ADDRESS_LIFETIME_MS + 4_000, async () =>
      (await holdsAddress()) ? undefined : true,
    );
  });

  it('takes up serving again when it is started, because nobody handed it back', async () => {
    office.box.start();
    await until('standbyd answers', 20_000, async () =>
      (await office.box.run(['status'])).exitCode === 0 ? true : undefined,
    );
    await office.until('it serves', 30_000, (status) => status.mode === 'active' && status.held.includes(LAN.main));
    const end = await office.box.run(['recover-ip', '--confirm', MAIN_NAME]);
    expect(end.exitCode).toBe(0);
    await office.until('the address is given back', 20_000, (status) => status.held.length === 0);
    expect(await holdsAddress()).toBe(false);
  });
});
