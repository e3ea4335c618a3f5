/**
 * The map of the house: each room (a folder, or a file with a contract of its own), what it may import, and why. A file belongs to
 * the longest path that fits. architecture.test.ts holds the sources to it; a row changes only together with its reason.
 */

export interface Room {
  /** A folder that ends with «/», or one file; '' is the root folder itself. */
  at: string;
  /** Rooms of ours. A room may always import itself. */
  rooms: string[];
  /** npm packages. */
  packages: string[];
  /** Whether it may use what Node has built in. */
  node: boolean;
  why: string;
}

export const ROOMS: readonly Room[] = [
  {
    at: 'base/',
    rooms: [],
    packages: ['koffi'],
    node: true,
    why: 'everything stands on it, so it stands on nothing but Node and the C library',
  },
  {
    at: 'api/',
    rooms: [],
    packages: ['zod'],
    node: true,
    why: 'the contract is shared by daemon, command and page; whatever it imported they would all carry',
  },
  {
    at: 'settings/',
    rooms: ['base/'],
    packages: ['zod', 'yaml'],
    node: true,
    why: 'settings are read by the daemon, the command and set-up, none of which it may know',
  },
  {
    at: 'notify/',
    rooms: ['base/'],
    packages: ['nodemailer', 'zod'],
    node: true,
    why: 'a mail is sent the same for every reason; who sends it knows the reason',
  },
  {
    at: 'smb/',
    rooms: ['base/'],
    packages: [],
    node: true,
    why: 'the client speaks a protocol and knows nothing of mirrors or takeovers, so that it can be tested and measured alone',
  },
  {
    at: 'net/messages.ts',
    rooms: [],
    packages: ['zod'],
    node: false,
    why: 'the contract with the network process, read on both sides; it brings no code along',
  },
  {
    at: 'net/client.ts',
    rooms: ['base/', 'net/messages.ts', 'net/door.ts'],
    packages: [],
    node: true,
    why: 'standbyd talks to the network process and must not load its raw sockets',
  },
  {
    at: 'net/door.ts',
    rooms: ['base/', 'net/messages.ts'],
    packages: [],
    node: true,
    why: 'both ends of the socket know the same door; it opens a unix socket and nothing else',
  },
  {
    at: 'net/',
    rooms: ['base/', 'smb/', 'net/messages.ts', 'net/door.ts'],
    packages: ['koffi', 'raw-socket', 'zod'],
    node: true,
    why: 'the only process with raw sockets and the right to change addresses stays small enough to be audited',
  },
  {
    at: 'agent/engine-messages.ts',
    rooms: [],
    packages: ['zod'],
    node: false,
    why: 'the contract with the mirror engine, read on both sides; it brings no code along',
  },
  {
    at: 'agent/decide/',
    rooms: [],
    packages: [],
    node: false,
    why: 'deciding is pure: time and chance come with the event, so that seeds can play years of it and every answer can be repeated',
  },
  {
    at: 'agent/mirror/',
    rooms: ['base/', 'smb/', 'agent/engine-messages.ts'],
    packages: ['zod'],
    node: true,
    why: 'the mirror may hang on a disk; nothing that decides or holds an address is in its process',
  },
  {
    at: 'agent/handback/',
    rooms: ['base/', 'smb/', 'agent/engine-messages.ts', 'agent/decide/'],
    packages: ['zod'],
    node: true,
    why: 'restoring reads the mirror’s index through a view that it is handed, and asks decide what may be overwritten',
  },
  {
    at: 'agent/takeover/',
    rooms: ['base/', 'settings/', 'smb/', 'net/messages.ts', 'net/client.ts'],
    packages: ['zod'],
    node: true,
    why: 'the effects of a takeover are told what to do and prove over SMB that it is done; why it is done is decided elsewhere',
  },
  {
    at: 'agent/http/',
    rooms: ['base/', 'api/'],
    packages: ['zod'],
    node: true,
    why: 'the edge to users knows the contract and an interface it is handed, not the daemon behind it',
  },
  {
    at: 'agent/',
    rooms: [
      'base/',
      'api/',
      'settings/',
      'notify/',
      'smb/',
      'net/messages.ts',
      'net/client.ts',
      'agent/engine-messages.ts',
      'agent/decide/',
      'agent/mirror/',
      'agent/handback/',
      'agent/takeover/',
      'agent/http/',
    ],
    packages: ['zod'],
    node: true,
    why: 'the files of standbyd itself compose the rooms inside, which never see each other; raw sockets are out of their reach',
  },
  {
    at: 'cli/',
    rooms: ['base/', 'api/', 'settings/', 'smb/'],
    packages: ['commander', 'zod'],
    node: true,
    why: 'the command talks to the daemon through the contract alone; it reads settings, and looks at a file server, by itself so that both can be checked without a daemon',
  },
  {
    at: 'docs/',
    rooms: ['base/', 'smb/'],
    packages: [],
    node: true,
    why: 'an example is somebody else’s program: it sees what a room shows to everybody, and nothing imports it',
  },
  {
    at: 'tryout/',
    rooms: [
      'base/',
      'api/',
      'settings/',
      'notify/',
      'smb/',
      'net/',
      'net/messages.ts',
      'net/client.ts',
      'agent/',
      'cli/',
    ],
    packages: ['koffi', 'smtp-server', 'yaml', 'zod'],
    node: true,
    why: 'the play on a LAN of its own uses the product as it is and is no part of it',
  },
  {
    at: 'bench/',
    rooms: ['*'],
    packages: ['*'],
    node: true,
    why: 'measuring may look at everything',
  },
  {
    at: 'test/',
    rooms: ['*'],
    packages: ['*'],
    node: true,
    why: 'testing may look at everything',
  },
  {
    at: '',
    rooms: [],
    packages: ['vitest'],
    node: true,
    why: 'the root folder holds settings of tools',
  },
];

/** Rooms that only some may import, whatever the rows say: what tests and plays use must not end up in the product. */
export const PRIVATE_ROOMS: Readonly<Record<string, readonly string[]>> = {
  'test/': ['test/', 'bench/'],
  'bench/': ['bench/'],
  'tryout/': ['tryout/', 'test/', 'bench/'],
};

/** A test beside the code may import anything but these: it tests its room with whatever that takes. */
export const TESTS_MAY_NOT_IMPORT: readonly string[] = ['bench/'];

/** What tests are made of, though it stands beside the code: bound by the rule above only, and out of the product's reach. */
export const PARTS_OF_TESTS: readonly RegExp[] = [/\.(?:test|fake)\.ts$/u, /-sample\.ts$/u, /^smb\/scripted\//u];

/** The room of a file: the longest path that fits. */
export function roomOf(file: string): Room {
  const fitting = ROOMS.filter((room) =>
    room.at === '' ? !file.includes('/') : room.at === file || (room.at.endsWith('/') && file.startsWith(room.at)),
  );
  const [best] = fitting.sort((a, b) => b.at.length - a.at.length);
  if (best === undefined) throw new Error(`${file} is in no room; add one to test/rooms.ts with its reason`);
  return best;
}
