/** What is open on the server: NetrFileEnum, level 3 (MS-SRVS 3.1.4.2, FILE_INFO_3 2.2.4.7). */
import { printable } from '../../base/human.ts';
import type { HeldFile } from '../types.ts';
import type { Listing } from './enumeration.ts';

/** PERM_FILE_* (MS-SRVS 2.2.4.7). */
const READ = 1;
const WRITE = 2;
const CREATE = 4;

/** UTF-16 units of a path on the server, its NUL included (MS-FSCC 2.1.5). */
const PATH_LIMIT = 32_768;

interface FixedFile {
  id: number;
  permissions: number;
  locks: number;
  hasPath: boolean;
  hasUser: boolean;
}

export const OPEN_FILES: Listing<HeldFile, FixedFile> = {
  operation: 9,
  level: 3,
  // The beginning of a path, the name of a user.
  filters: 2,
  fixedBytes: 20,
  rowsLimit: 100_000,
  reading: 'read list of open files',
  fixed: (reader) => ({
    id: reader.u32(),
    permissions: reader.u32(),
    locks: reader.u32(),
    hasPath: reader.pointer(),
    hasUser: reader.pointer(),
  }),
  row(reader, { id, permissions, locks, hasPath, hasUser }) {
    const path = hasPath ? printable(reader.string(PATH_LIMIT)) : '';
    const user = hasUser ? printable(reader.string()) : '';
    const access = {
      read: (permissions & READ) !== 0,
      write: (permissions & WRITE) !== 0,
      create: (permissions & CREATE) !== 0,
    };
    return { id, path, user, access, locks };
  },
};
