/**
 * How Node is started for a process through which a share's bytes pass: garbage is collected by the thread that made it, since the other
 * processor has the file server's or the users' work to do. Measured with 20,000 small files, two processors and Samba on one of them:
 * a tenth less processor time (docs/SMB-SPEED.md).
 */
export const BULK_NODE_FLAGS: readonly string[] = ['--single-threaded-gc'];
