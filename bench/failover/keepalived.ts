/**
 * keepalived on both hosts, each with a smbd and a copy of the same files: VRRP 3 with an advertisement each 0.1 s and an SMB check
 * (log on and list a share) as often as keepalived allows, which is once a second; one failed check is enough, one good one too.
 * The main has the higher priority. Both hosts keep an address of their own; clients use the virtual one.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Host, ip, LAN, on } from '../../tryout/lan.ts';
import { until } from '../../tryout/wait.ts';
import { type Office, WORK } from './office.ts';
import type { Protector } from './protector.ts';

const ADDRESS = '10.77.0.100';
/** A check that takes longer has failed. Shorter than keepalived's own limit of at least a second. */
const CHECK_LIMIT_S = 0.5;
const READY_MS = 20_000;
const FOLDER = '/run/keepalived';

interface Agent {
  /** Wall time (ms) and text of each line that it wrote. */
  lines: { atMs: number; text: string }[];
}

export async function protectWithKeepalived(office: Office): Promise<Protector> {
  await office.secondSamba();
  fs.mkdirSync(FOLDER);
  const check = writeCheck(office.passwords.alice);
  const main = startAgent('main', 150, check);
  await until('keepalived on the main has the address', READY_MS, async () => (await has('main')) || undefined);
  const standby = startAgent('standby', 100, check);
  await until(
    'keepalived on the standby waits',
    READY_MS,
    () => found(standby, 'Entering BACKUP STATE') && found(standby, 'succeeded'),
  );
  return {
    address: ADDRESS,
    async marks() {
      const entered = found(standby, 'Entering MASTER STATE');
      return entered === undefined ? {} : { decidedMs: entered.atMs };
    },
    log: () => [...main.lines, ...standby.lines].map(({ atMs, text }) => `${atMs} ${text}`).join('\n'),
  };
}

function found(agent: Agent, text: string): Agent['lines'][number] | undefined {
  return agent.lines.find((line) => line.text.includes(text));
}

async function has(host: Host): Promise<boolean> {
  return (await ip('-n', host, '-o', 'address', 'show')).includes(` ${ADDRESS}/`);
}

/** The script must belong to root and be nobody else's to write, or keepalived refuses it. */
function writeCheck(password: string): string {
  const credentials = path.join(FOLDER, 'credentials');
  fs.writeFileSync(credentials, `username = alice\npassword = ${password}\n`, { mode: 0o600 });
  const script = path.join(FOLDER, 'check-smb');
  const command = `smbclient //127.0.0.1/${WORK.share} -A ${credentials} -c 'ls ${WORK.folder}'`;
  fs.writeFileSync(script, `#!/bin/sh\nexec timeout -s KILL ${CHECK_LIMIT_S} ${command} >/dev/null 2>&1\n`, {
    mode: 0o700,
  });
  return script;
}

function configuration(host: Host, priority: number, check: string): string {
  return `global_defs {
  router_id ${host}
  script_user root
  enable_script_security
  vrrp_version 3
  max_auto_priority 99
}
vrrp_script smb {
  script "${check}"
  interval 1
  timeout 1
  fall 1
  rise 1
}
vrrp_instance files {
  state BACKUP
  interface ${LAN.interface}
  virtual_router_id 51
  priority ${priority}
  advert_int 0.1
  virtual_ipaddress {
    ${ADDRESS}/24 dev ${LAN.interface}
  }
  track_script {
    smb
  }
}
`;
}

function startAgent(host: Host, priority: number, check: string): Agent {
  const file = path.join(FOLDER, `${host}.conf`);
  fs.writeFileSync(file, configuration(host, priority, check));
  const pid = (part: string): string => path.join(FOLDER, `${host}-${part}.pid`);
  const [program, ...args] = on(
    host,
    'keepalived',
    '--vrrp',
    '--dont-fork',
    '--log-console',
    '--log-detail',
    '--use-file',
    file,
    '--pid',
    pid('parent'),
    '--vrrp_pid',
    pid('vrrp'),
  );
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const agent: Agent = { lines: [] };
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', (text) => agent.lines.push({ atMs: Date.now(), text: `${host}: ${text}` }));
  return agent;
}
