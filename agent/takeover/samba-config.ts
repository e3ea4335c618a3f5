/**
 * The configuration of the standby's own smbd as text: pure, so that what users will meet can be read and tested without a server.
 *
 * The server has everything to itself (port, accounts, state, locks), so a distribution smbd on the same box and this one never meet.
 * It listens on all addresses at its own port, since `bind interfaces only` fails with an address that is not there yet; the network
 * process lets nobody reach that port but through the redirect of a taken address.
 */

export interface ServedShare {
  name: string;
  /** Folder of the mirror that holds the share's content. */
  path: string;
  comment: string;
}

export interface SambaPlan {
  /** Folder for configuration, state, accounts, locks, log. */
  folder: string;
  /** NetBIOS name: the main's, since the standby serves under the same names. */
  name: string;
  workgroup: string;
  port: number;
  shares: readonly ServedShare[];
  /** Accounts that may log on. */
  users: readonly string[];
  /** The Unix account that owns the mirror; every access acts as it. */
  owner: string;
  writable: boolean;
}

/** The share by which the standby proves to itself that its smbd serves; not listed, and open to the owner account alone. */
export const PROOF_SHARE = 'standby-proof$';

/** Names of the sub-folders smbd needs below its own folder. */
export const SAMBA_FOLDERS = ['private', 'state', 'cache', 'lock', 'pid', 'ncalrpc', 'log', 'proof'] as const;

export function sambaConfig(plan: SambaPlan): string {
  const readOnly = plan.writable ? 'no' : 'yes';
  const lines = [
    '# Written by standbyd; edits are lost.',
    '[global]',
    `netbios name = ${plan.name}`,
    `workgroup = ${plan.workgroup}`,
    'server string = %h',
    'server role = standalone server',
    'security = user',
    'passdb backend = tdbsam',
    'map to guest = never',
    'restrict anonymous = 2',
    'server signing = mandatory',
    'server min protocol = SMB2_10',
    'disable netbios = yes',
    `smb ports = ${plan.port}`,
    `private dir = ${plan.folder}/private`,
    `state directory = ${plan.folder}/state`,
    `cache directory = ${plan.folder}/cache`,
    `lock directory = ${plan.folder}/lock`,
    `pid directory = ${plan.folder}/pid`,
    `ncalrpc dir = ${plan.folder}/ncalrpc`,
    `log file = ${plan.folder}/log/smbd`,
    'max log size = 5000',
    'load printers = no',
    'printing = bsd',
    'printcap name = /dev/null',
    'disable spoolss = yes',
    // DOS attributes and the creation time are kept where the mirror wrote them, not in permission bits.
    'store dos attributes = yes',
    'ea support = yes',
    'map archive = no',
    'map hidden = no',
    'map system = no',
    'map readonly = no',
    // A link planted in the tree must not lead out of it.
    'unix extensions = no',
    'follow symlinks = no',
    'wide links = no',
    // Half-made copies are nobody's business.
    'veto files = /.~standby-*/',
    'delete veto files = yes',
  ];
  for (const share of plan.shares) {
    lines.push(
      `[${share.name}]`,
      `path = ${share.path}`,
      `comment = ${share.comment}`,
      `read only = ${readOnly}`,
      // An empty list would mean «everybody».
      `valid users = ${plan.users.length === 0 ? plan.owner : plan.users.map((user) => `"${user}"`).join(' ')}`,
      `force user = ${plan.owner}`,
      `force group = ${plan.owner}`,
      'create mask = 0660',
      'directory mask = 0770',
    );
  }
  lines.push(
    `[${PROOF_SHARE}]`,
    `path = ${plan.folder}/proof`,
    'browseable = no',
    `read only = ${readOnly}`,
    `valid users = ${plan.owner}`,
    `force user = ${plan.owner}`,
  );
  return `${lines.join('\n')}\n`;
}

/**
 * Why a text cannot stand in smb.conf, or undefined when it can. Names and comments come from the main: a line break would
 * begin a parameter of its own, and % would be expanded by smbd.
 */
export function unfitForConfig(text: string): string | undefined {
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return 'holds a control character';
  if (/[%[\]"]/.test(text)) return 'holds one of % [ ] "';
  if (text.trim() !== text) return 'begins or ends with a space';
  if (text.endsWith('\\')) return 'ends with a backslash, which would join it with the next line';
  return undefined;
}
