/**
 * A wire with a delay, as a process of its own: passes TCP connections on, every byte so many microseconds after it came in, in both
 * directions; nothing is slowed down otherwise. Arguments: port to listen on, port of the server, delay in microseconds each way.
 * Prints «ready» when it listens.
 *
 * Node's own sockets wake up in whole milliseconds. This one waits in ppoll(2), whose time limit is in nanoseconds, and so sleeps between two
 * due times instead of spinning on a processor that the contenders need.
 */
import fs from 'node:fs';
import koffi from 'koffi';
import { throwErrno } from '../../base/libc.ts';

const libc = koffi.load('libc.so.6');
const c = {
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
  bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
  listen: libc.func('int listen(int fd, int backlog)'),
  accept: libc.func('int accept(int fd, void *address, void *length)'),
  connect: libc.func('int connect(int fd, const void *address, uint32_t length)'),
  recv: libc.func('intptr_t recv(int fd, _Out_ void *buffer, size_t length, int flags)'),
  send: libc.func('intptr_t send(int fd, const void *buffer, size_t length, int flags)'),
  shutdown: libc.func('int shutdown(int fd, int how)'),
  close: libc.func('int close(int fd)'),
  ppoll: libc.func('int ppoll(_Inout_ void *fds, size_t count, const void *timeout, const void *signals)'),
  prctl: libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)'),
};

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SHUT_WR = 1;
/** MSG_DONTWAIT and MSG_NOSIGNAL. */
const AT_ONCE = 0x4040;
const POLLIN = 1;
const POLLOUT = 4;
const POLL_BYTES = 8;
const PR_SET_TIMERSLACK = 29;
const BACKLOG = 64;
/** Read at once. */
const READ_BYTES = 262_144;
/** On its way in one direction of one connection: far more than any window of ours, 64 MiB in 1 ms would be 500 Gbit/s. */
const HELD_BYTES = 64 * 1_048_576;

interface Piece {
  dueMs: number;
  /** Empty: the end of the stream. */
  bytes: Buffer;
  sent: number;
}

/** One direction of one connection. */
interface Direction {
  from: number;
  to: number;
  pieces: Piece[];
  held: number;
  /** Nothing more comes in. */
  ended: boolean;
  /** The end was passed on. */
  done: boolean;
  /** The receiver takes no more at the moment. */
  blocked: boolean;
}

type Wire = [Direction, Direction];

const [listenPort, serverPort, delayUs] = process.argv.slice(2).map(Number);
if (listenPort === undefined || serverPort === undefined || delayUs === undefined)
  throw new Error('usage: delay-line.ts PORT SERVER-PORT MICROSECONDS');
const delayMs = delayUs / 1_000;

const scratch = Buffer.allocUnsafeSlow(READ_BYTES);
const wires = new Set<Wire>();

/** struct sockaddr_in for 127.0.0.1. */
function loopback(port: number): Buffer {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.writeUInt32BE(0x7f00_0001, 4);
  return address;
}

function must(result: number, call: string): number {
  if (result < 0) throwErrno(call);
  return result;
}

function turnOn(fd: number, level: number, name: number): void {
  const one = Buffer.from([1, 0, 0, 0]);
  must(c.setsockopt(fd, level, name, one, one.length), 'setsockopt');
}

function newSocket(): number {
  return must(c.socket(AF_INET, SOCK_STREAM, 0), 'socket');
}

function listen(port: number): number {
  const fd = newSocket();
  turnOn(fd, SOL_SOCKET, SO_REUSEADDR);
  const address = loopback(port);
  must(c.bind(fd, address, address.length), 'bind');
  must(c.listen(fd, BACKLOG), 'listen');
  return fd;
}

function take(listener: number, port: number): void {
  const near = must(c.accept(listener, null, null), 'accept');
  const far = newSocket();
  const address = loopback(port);
  if (c.connect(far, address, address.length) < 0) {
    for (const fd of [near, far]) c.close(fd);
    return;
  }
  for (const fd of [near, far]) turnOn(fd, IPPROTO_TCP, TCP_NODELAY);
  const direction = (from: number, to: number): Direction => ({
    from,
    to,
    pieces: [],
    held: 0,
    ended: false,
    done: false,
    blocked: false,
  });
  wires.add([direction(near, far), direction(far, near)]);
}

/** What has come in gets its due time. False when the connection broke. */
function receive(direction: Direction): boolean {
  const length = Number(c.recv(direction.from, scratch, scratch.length, AT_ONCE));
  if (length < 0) return isLater();
  direction.ended = length === 0;
  direction.held += length;
  const bytes = Buffer.from(scratch.subarray(0, length));
  direction.pieces.push({ dueMs: performance.now() + delayMs, bytes, sent: 0 });
  return true;
}

/** Passes on what is due. False when the connection broke. */
function pass(direction: Direction): boolean {
  for (let piece = direction.pieces[0]; piece !== undefined; piece = direction.pieces[0]) {
    if (piece.dueMs > performance.now()) return true;
    if (piece.bytes.length === 0) {
      c.shutdown(direction.to, SHUT_WR);
      direction.done = true;
    }
    while (piece.sent < piece.bytes.length) {
      const rest = piece.bytes.subarray(piece.sent);
      const length = Number(c.send(direction.to, rest, rest.length, AT_ONCE));
      direction.blocked = length < 0;
      if (length < 0) return isLater();
      piece.sent += length;
      direction.held -= length;
    }
    direction.pieces.shift();
  }
  return true;
}

/** Whether the call that failed just now only found nothing to do. */
function isLater(): boolean {
  const errno = koffi.errno();
  return errno === koffi.os.errno['EAGAIN'] || errno === koffi.os.errno['EINTR'];
}

/** Milliseconds until the next piece is due; undefined when nothing is on its way, or only behind a receiver that takes no more. */
function nextDue(): number | undefined {
  let dueMs: number | undefined;
  for (const wire of wires) {
    for (const { blocked, pieces } of wire) {
      const first = pieces[0];
      if (!blocked && first !== undefined) dueMs = Math.min(dueMs ?? Number.POSITIVE_INFINITY, first.dueMs);
    }
  }
  return dueMs === undefined ? undefined : Math.max(0, dueMs - performance.now());
}

/** struct timespec; null waits for ever. */
function timespec(ms: number | undefined): Buffer | null {
  if (ms === undefined) return null;
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64LE(BigInt(Math.floor(ms / 1_000)), 0);
  bytes.writeBigInt64LE(BigInt(Math.round((ms % 1_000) * 1e6)), 8);
  return bytes;
}

/** Waits until something can be read, sent or is due; tells whether a descriptor is ready for what it was asked for. */
function wait(listener: number): (fd: number, events: number) => boolean {
  const asked = new Map<number, number>([[listener, POLLIN]]);
  const ask = (fd: number, events: number): void => void asked.set(fd, (asked.get(fd) ?? 0) | events);
  for (const wire of wires) {
    for (const direction of wire) {
      if (!direction.ended && direction.held < HELD_BYTES) ask(direction.from, POLLIN);
      if (direction.blocked) ask(direction.to, POLLOUT);
    }
  }
  // struct pollfd: descriptor (4), events (2), what was found (2).
  const fds = Buffer.alloc(asked.size * POLL_BYTES);
  const at = new Map<number, number>();
  for (const [fd, events] of asked) {
    const offset = at.size * POLL_BYTES;
    at.set(fd, offset);
    fds.writeInt32LE(fd, offset);
    fds.writeInt16LE(events, offset + 4);
  }
  if (c.ppoll(fds, asked.size, timespec(nextDue()), null) < 0) fds.fill(0);
  return (fd, events) => {
    const offset = at.get(fd);
    // An error or a hang-up shows in the call that is tried then.
    return offset !== undefined && (fds.readInt16LE(offset + 6) & (events | ~(POLLIN | POLLOUT))) !== 0;
  };
}

/** False when the wire is over. */
function serve(wire: Wire, ready: (fd: number, events: number) => boolean): boolean {
  for (const direction of wire) {
    const open = !direction.ended && direction.held < HELD_BYTES;
    if (open && ready(direction.from, POLLIN) && !receive(direction)) return false;
    if (direction.blocked && ready(direction.to, POLLOUT)) direction.blocked = false;
    if (!direction.blocked && !pass(direction)) return false;
  }
  return wire.some((direction) => !direction.done);
}

// By default the kernel adds up to 50 µs to every sleep.
must(c.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0), 'prctl');
const listener = listen(listenPort);
fs.writeSync(1, 'ready\n');
for (;;) {
  const ready = wait(listener);
  if (ready(listener, POLLIN)) take(listener, serverPort);
  for (const wire of wires) {
    if (serve(wire, ready)) continue;
    for (const { from } of wire) c.close(from);
    wires.delete(wire);
  }
}
