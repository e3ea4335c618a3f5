/** The set-up: what the flags did not say is asked on the terminal, few questions with sound defaults. */
import os from 'node:os';
import { routes } from '../../api/routes.ts';
import type { SetupInput } from '../../api/setup.ts';
import type { ShareList } from '../../api/shares.ts';
import { ipv4, mainName } from '../../api/words.ts';
import { printable } from '../../base/human.ts';
import { type Calling, must } from '../calling.ts';
import { obtainPassword, passwordFromFile } from '../secret.ts';
import { ask, askUntil, typeLine } from '../typing.ts';
import { usage } from '../usage.ts';
import { chosenShares, mirrorable } from './choose.ts';
import { accountOf, listOf, mailOf, portOf, type SetupOptions, securityOf } from './flags.ts';
import { interfacesNear } from './network.ts';

/** The request, from flags and questions. Throws a Failure `usage` that lists every flag that is missing where nobody can be asked. */
export async function gatherSetup(options: SetupOptions, calling: Calling): Promise<SetupInput> {
  const { screen } = calling;
  if (!screen.canAsk) requireFlags(options);
  const address = options.main ?? (await askUntil('Address of the file server', '', wrongBy(ipv4)));
  const account = accountOf(
    options.user ?? (await askUntil('Account that may read its shares', '', wrongIfEmpty)),
    options.domain,
  );
  const password = await obtainPassword(options, 'Its password: ', screen);
  const port = options.port === undefined ? {} : { port: portOf(options.port) };
  const security = securityOf(options);
  const list = await must(calling.client.call(routes.shares, { body: { address, ...port, ...account, password } }));
  const shares = await sharesOf(options, list, screen.canAsk);
  const name = options.name ?? (await askUntil('Name of the server, as users type it', list.name, wrongBy(mainName)));
  const users = screen.canAsk ? await askUsers() : [];
  const mail = await mailPart(options, screen.canAsk);
  return {
    main: { name, address, ...port, ...account, ...security, password },
    interface: await interfaceOf(options, address, screen.canAsk),
    ...(options.mirrorPath === undefined ? {} : { mirrorPath: options.mirrorPath }),
    shares,
    takeover: options.manual === true ? 'manual' : 'automatic',
    profile: options.fast === true ? 'fast' : 'default',
    witnesses: listOf(options.witnesses ?? ''),
    users,
    ...(mail === undefined ? {} : { mail }),
  };
}

function requireFlags(options: SetupOptions): void {
  const missing = [
    ...(options.main === undefined ? ['--main'] : []),
    ...(options.name === undefined ? ['--name'] : []),
    ...(options.user === undefined ? ['--user'] : []),
    ...(options.passwordFile === undefined && options.passwordStdin !== true
      ? ['--password-file or --password-stdin']
      : []),
    ...(options.shares === undefined && options.allShares !== true ? ['--shares or --all-shares'] : []),
    ...(options.mailTo !== undefined && options.mailServer === undefined ? ['--mail-server'] : []),
    ...(options.mailUser !== undefined && options.mailPasswordFile === undefined ? ['--mail-password-file'] : []),
  ];
  if (missing.length === 0) return;
  throw usage(
    `there is no terminal to ask on, and these are missing: ${missing.join(', ')}`,
    'or give everything with --from FILE',
  );
}

async function sharesOf(options: SetupOptions, list: ShareList, canAsk: boolean): Promise<string[]> {
  const offered = mirrorable(list);
  const existing = list.shares.filter(({ kind }) => kind === 'disk').map(({ name }) => name);
  const wanted = options.allShares === true ? 'all' : options.shares;
  const wrong = (text: string): string | undefined => {
    const result = chosenShares(text, offered, existing);
    return result.kind === 'wrong' ? result.what : undefined;
  };
  if (wanted === undefined && canAsk) {
    process.stderr.write('Available shares:\n');
    for (const [index, name] of offered.entries()) process.stderr.write(`  ${index + 1}  ${printable(name)}\n`);
  }
  const text = wanted ?? (await askUntil('Shares to protect (all, numbers or names)', 'all', wrong));
  const result = chosenShares(text, offered, existing);
  if (result.kind === 'wrong') throw usage(`--shares: ${result.what}`);
  if (result.shares.length === 0) throw usage('the server has no share that can be mirrored');
  return result.shares;
}

async function interfaceOf(options: SetupOptions, address: string, canAsk: boolean): Promise<string> {
  if (options.interface !== undefined) return options.interface;
  const near = interfacesNear(address);
  const [only] = near;
  if (only !== undefined && near.length === 1) return only;
  const what =
    near.length === 0
      ? `no interface of this box is on the network of ${address}`
      : 'more than one interface is on its network';
  if (!canAsk) throw usage(`${what}: which one shall carry the address?`, 'add --interface NAME');
  process.stderr.write(`${what}.\n`);
  return askUntil('Interface that shall carry the address', only ?? '', wrongIfEmpty);
}

async function askUsers(): Promise<{ name: string; password: string }[]> {
  const names = listOf(await ask('Users who may log on while this box serves (Enter: none yet)'));
  const users: { name: string; password: string }[] = [];
  for (const name of names) {
    users.push({ name, password: await typeLine(`Password of ${printable(name)}: `, { echo: false }) });
  }
  return users;
}

async function mailPart(options: SetupOptions, canAsk: boolean): Promise<SetupInput['mail']> {
  const to = options.mailTo ?? (canAsk ? await ask('Mail alerts to (Enter: nobody)') : '');
  if (listOf(to).length === 0) return undefined;
  const preset = `standby@${os.hostname()}`;
  const from = options.mailFrom ?? (canAsk ? await ask('Sender', preset) : preset);
  const server = options.mailServer ?? (await askUntil('Mail server', '', wrongIfEmpty));
  const account = await mailAccount(options, canAsk);
  return mailOf({ to, from, server, security: options.mailSecurity, account });
}

async function mailAccount(
  { mailUser, mailPasswordFile }: SetupOptions,
  canAsk: boolean,
): Promise<{ user: string; password: string } | undefined> {
  const user = mailUser ?? (canAsk ? await ask('Account on the mail server (Enter: it wants none)') : '');
  if (user === '') return undefined;
  if (mailPasswordFile !== undefined) return { user, password: passwordFromFile(mailPasswordFile) };
  return { user, password: await typeLine('Its password: ', { echo: false }) };
}

function wrongIfEmpty(answer: string): string | undefined {
  return answer === '' ? 'an answer is needed' : undefined;
}

function wrongBy(schema: typeof ipv4 | typeof mainName): (answer: string) => string | undefined {
  return (answer) => schema.safeParse(answer).error?.issues[0]?.message;
}
