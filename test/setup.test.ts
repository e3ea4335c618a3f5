/**
 * Tests of ./setup with an apt that only pretends, in a mount namespace where /usr/sbin and the folders of services are copies: what it
 * does to services, and what it says.
 */
import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';

const ROOT = path.dirname(import.meta.dirname);
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'setup-'));
afterAll(() => fs.rmSync(home, { recursive: true }));

const NEEDED =
  /product_packages='(.*)'/u.exec(fs.readFileSync(path.join(ROOT, 'setup'), 'utf8'))?.[1]?.split(' ') ?? [];
const POLICY = '/usr/sbin/policy-rc.d';
const WANTS = '/etc/systemd/system/multi-user.target.wants';

/** What stands in for Debian's programs; `$HOME` is the scene's folder. */
const PROGRAMS: Record<string, string> = {
  'dpkg-query': `case "$1" in
  -W) for name in $(cat "$HOME/installed"); do echo "ii , $name, "; done ;;
  -S) exit 1 ;;
  -L) [ "$2" = samba ] && echo /lib/systemd/system/newd.service; true ;;
esac`,
  'apt-get': `echo "apt-get $*" >>"$HOME/calls"
case "$*" in *install*) ;; *) exit 0 ;; esac
${POLICY} newd start; echo "newd start $?" >>"$HOME/asked"
${POLICY} --quiet cron.service restart; echo "cron restart $?" >>"$HOME/asked"
mkdir -p ${WANTS}; ln -s /lib/systemd/system/newd.service ${WANTS}/newd.service
for word; do case "$word" in -* | *=* | install | *[0-9]*) ;; *) echo "$word" >>"$HOME/installed" ;; esac; done
case "$(cat "$HOME/mode")" in fail) exit 100 ;; wait) touch "$HOME/waiting"; while [ ! -f "$HOME/go-on" ]; do sleep 0.02; done ;; esac`,
  'deb-systemd-helper': `rm -f ${WANTS}/"$2"`,
  systemctl: 'exit 1',
  'update-rc.d': 'exit 1',
};

let scene = '';
beforeEach(() => {
  scene = fs.mkdtempSync(path.join(home, 'scene-'));
  const put = (name: string, text: string, mode = 0o644): void => {
    fs.mkdirSync(path.dirname(path.join(scene, name)), { recursive: true });
    fs.writeFileSync(path.join(scene, name), text, { mode });
  };
  fs.copyFileSync(path.join(ROOT, 'setup'), path.join(scene, 'setup'));
  fs.chmodSync(path.join(scene, 'setup'), 0o755);
  for (const [name, text] of Object.entries(PROGRAMS)) put(`programs/${name}`, `#!/bin/sh\n${text}\n`, 0o755);
  put('installed', 'cron base-files\n');
  put('mode', 'good');
  put('package-lock.json', '{}');
  for (const arch of ['x64', 'arm64']) put(`node_modules/node-linux-${arch}/bin/node`, '#!/bin/sh\n', 0o755);
  put(
    'node_modules/.standby-setup',
    execFileSync('sha256sum', ['package-lock.json'], { cwd: scene, encoding: 'utf8' }),
  );
  // Whether the machine has a policy before; what is there afterwards is copied out, since the namespace ends with it.
  put(
    'play',
    `#!/bin/sh
set -e
mount -t tmpfs scene /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay -o lowerdir=/usr/sbin,upperdir=/mnt/upper,workdir=/mnt/work scene /usr/sbin
mount -t tmpfs scene /etc/systemd/system
mkdir -p ${WANTS}
ln -s /lib/systemd/system/getty@.service ${WANTS}/getty@tty1.service
touch /etc/systemd/system/cron.service
rm -f ${POLICY}
[ ! -f "$HOME/policy-before" ] || cp -p "$HOME/policy-before" ${POLICY}
"$@" &
child=$!
trap 'kill -TERM $child; touch "$HOME/passed-on"' TERM
code=0
wait $child || code=$?
wait $child 2>/dev/null || code=$?
[ ! -f ${POLICY} ] || cp ${POLICY} "$HOME/policy-after"
ls ${WANTS} >"$HOME/enabled"
exit $code
`,
    0o755,
  );
});

const COMMAND = (run: string[]): [string, string[], object] => [
  'unshare',
  ['--mount', '--propagation', 'private', path.join(scene, 'play'), ...run],
  {
    cwd: scene,
    env: { PATH: `${scene}/programs:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: scene },
    encoding: 'utf8',
    timeout: 20_000,
  },
];

function setup(...before: string[]): SpawnSyncReturns<string> {
  const [program, args, options] = COMMAND([...before, path.join(scene, 'setup')]);
  return spawnSync(program, args, { ...options, encoding: 'utf8' });
}

const told = (name: string): string | undefined => {
  const file = path.join(scene, name);
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
};

describe('a machine that lacks packages', () => {
  it('gets them shown and installed; new services are neither started nor enabled, others are left alone', () => {
    const { status, stderr } = setup();
    expect(stderr).toContain(`setup: Debian packages to install: ${NEEDED.join(' ')}`);
    expect(stderr).toContain('setup: new services, not started and disabled: newd');
    expect(status).toBe(0);
    expect(told('calls')).toMatch(
      /apt-get .* update\napt-get .* install -y --no-install-recommends .* samba smbclient/u,
    );
    expect(told('asked')).toBe('newd start 101\ncron restart 0\n');
    expect(told('enabled')).toBe('getty@tty1.service\n');
    expect(told('policy-after')).toBeUndefined();
  });

  it('keeps a policy of its own as it is', () => {
    fs.writeFileSync(path.join(scene, 'policy-before'), '#!/bin/sh\n# theirs\nexit 101\n', { mode: 0o755 });
    expect(setup().status).toBe(0);
    expect(told('policy-after')).toBe('#!/bin/sh\n# theirs\nexit 101\n');
    expect(told('asked')).toBe('newd start 101\ncron restart 101\n');
  });

  it('loses the policy that a killed run left, which allowed everything meanwhile', () => {
    const left = '#!/bin/sh\n# standby-server setup: put here\nkill -0 999999 2>/dev/null || exit 0\nexit 101\n';
    fs.writeFileSync(path.join(scene, 'policy-before'), left, { mode: 0o755 });
    expect(setup().status).toBe(0);
    expect(told('asked')).toBe('newd start 101\ncron restart 0\n');
    expect(told('policy-after')).toBeUndefined();
  });

  it('is told that apt failed, and no policy stays', () => {
    fs.writeFileSync(path.join(scene, 'mode'), 'fail');
    const { status, stderr } = setup();
    expect(status).toBe(1);
    expect(stderr).toContain('setup: apt-get could not install them; is the network there');
    expect(told('enabled')).toBe('getty@tty1.service\n');
    expect(told('policy-after')).toBeUndefined();
  });

  it('is settled all the same when setup is ended while apt works', async () => {
    fs.writeFileSync(path.join(scene, 'mode'), 'wait');
    const [program, args, options] = COMMAND([path.join(scene, 'setup')]);
    const child = spawn(program, args, { ...options, stdio: 'ignore' });
    const deadline = performance.now() + 10_000;
    while (told('waiting') === undefined && performance.now() < deadline)
      await new Promise((next) => setImmediate(next));
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    while (told('passed-on') === undefined && performance.now() < deadline)
      await new Promise((next) => setImmediate(next));
    fs.writeFileSync(path.join(scene, 'go-on'), '');
    expect((await ended)[0]).toBe(143);
    expect(told('policy-after')).toBeUndefined();
    expect(told('enabled')).toBe('getty@tty1.service\n');
  });

  it('is told to use root', () => {
    fs.chmodSync(home, 0o755);
    fs.chmodSync(scene, 0o777);
    const { status, stderr } = setup('setpriv', '--reuid', '64100', '--regid', '64100', '--clear-groups');
    expect(status).toBe(1);
    expect(stderr).toContain(`setup: installing them needs root; run: sudo ${scene}/setup`);
    expect(told('calls')).toBeUndefined();
  });
});

describe('a machine that has everything', () => {
  beforeEach(() => fs.writeFileSync(path.join(scene, 'installed'), NEEDED.join('\n')));

  it('is asked nothing and told nothing, as root or not', () => {
    expect(setup()).toMatchObject({ status: 0, stderr: '', stdout: '' });
    fs.chmodSync(home, 0o755);
    fs.chmodSync(scene, 0o777);
    expect(setup('setpriv', '--reuid', '64100', '--regid', '64100', '--clear-groups')).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(told('calls')).toBeUndefined();
  });

  it('refuses an option that it does not know', () => {
    const [program, args, options] = COMMAND([path.join(scene, 'setup'), '--tests']);
    expect(spawnSync(program, args, { ...options, encoding: 'utf8' }).stderr).toBe(
      'setup: unknown option --tests; known are --test and --bench\n',
    );
  });
});
