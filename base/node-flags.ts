/**
 * How Node is started for a process through which a share's bytes pass. Measured with 20,000 small files, two processors, Samba on one
 * of them (docs/SMB-SPEED.md): a fifth less processor time, and a third less once the process has run for a second.
 */
export const BULK_NODE_FLAGS: readonly string[] = [
  // Garbage is collected by the thread that made it: the other processor has the file server's or the users' work to do.
  '--single-threaded-gc',
  // What lies in buffers counts as memory like all other. By its own, smaller limit V8 looks through everything for each 64 MB that pass.
  '--external-memory-accounted-in-global-limit',
];
