/** Things to be done at a time of their own, one for each path: bounded, in the order in which they were noted first. */

export class Agenda<T extends object> {
  readonly #limit: number;
  readonly #items = new Map<string, { dueMs: number; item: T }>();

  /** @param limit how many it holds at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.size;
  }

  count(is: (item: T) => boolean): number {
    let n = 0;
    for (const { item } of this.#items.values()) if (is(item)) n += 1;
    return n;
  }

  /**
   * What is noted already keeps the earlier of both times, and `merge` may change it. False when there is no room for it.
   * @param dueMs by whatever clock `take` is asked with
   */
  note(path: string, dueMs: number, item: T, merge: (known: T) => void = () => {}): boolean {
    const known = this.#items.get(path);
    if (known === undefined) {
      if (this.#items.size >= this.#limit) return false;
      this.#items.set(path, { dueMs, item });
      return true;
    }
    known.dueMs = Math.min(known.dueMs, dueMs);
    merge(known.item);
    return true;
  }

  /** Like `note`, but what was noted before is forgotten, and there is always room. */
  replace(path: string, dueMs: number, item: T): void {
    this.#items.set(path, { dueMs, item });
  }

  /**
   * Takes out up to `limit` that are due; those that are `isBusy` stay. `nextMs` is when the first of the others is due:
   * infinite when nothing waits but busy ones, `nowMs` when more was due than the limit.
   */
  take(
    nowMs: number,
    limit: number,
    isBusy: (path: string) => boolean = () => false,
  ): { taken: [path: string, item: T][]; nextMs: number } {
    const taken: [string, T][] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [path, { dueMs, item }] of this.#items) {
      if (isBusy(path)) continue;
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs);
        continue;
      }
      if (taken.length >= limit) return { taken, nextMs: nowMs };
      this.#items.delete(path);
      taken.push([path, item]);
    }
    return { taken, nextMs };
  }
}
