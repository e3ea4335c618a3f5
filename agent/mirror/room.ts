/** Whether passes may take on new work now; urgent work asks nobody. */
export class Room {
  #closed: PromiseWithResolvers<void> | undefined;

  /** Undefined when they may; else resolves when they may again. */
  get wait(): Promise<void> | undefined {
    return this.#closed?.promise;
  }

  close(): void {
    this.#closed ??= Promise.withResolvers();
  }

  open(): void {
    this.#closed?.resolve();
    this.#closed = undefined;
  }
}
