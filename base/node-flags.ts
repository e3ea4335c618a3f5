/** How Node is started for what this package does with it. Measured on two processors of which Samba has one (docs/SMB-SPEED.md). */
import { fileURLToPath } from 'node:url';

/**
 * For a process through which a share's bytes pass: garbage is collected by the thread that made it, since the other processor has the
 * file server's or the users' work to do. With 20,000 small files: a tenth less processor time.
 */
export const BULK_NODE_FLAGS: readonly string[] = ['--single-threaded-gc'];

/**
 * For the command `standby` (bin/standby says the same in its own words), which is started often and ends soon: modules are found without
 * asking the file system, and the first garbage is collected when 16 MB are full, which for most commands is never. Listing 20,000 files
 * takes a fifth less processor time.
 */
export const COMMAND_NODE_FLAGS: readonly string[] = [
  ...BULK_NODE_FLAGS,
  '--min-semi-space-size=16',
  '--import',
  fileURLToPath(new URL('./imports.ts', import.meta.url)),
];
