/** Bytes on their way out: everything of one turn of the event loop leaves in one write. */
import type { Socket } from 'node:net';

export class Outbox {
  #socket: Socket | undefined;
  #waiting: Buffer[] = [];

  attach(socket: Socket): void {
    this.#socket = socket;
  }

  put(bytes: readonly Buffer[]): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting.push(...bytes);
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return;
    socket.cork();
    for (const bytes of waiting) socket.write(bytes);
    socket.uncork();
  }
}
