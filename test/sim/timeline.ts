/** Virtual time: what is to happen, in order of time, then of planning. No real timer anywhere. */

interface Plan {
  atMs: number;
  order: number;
  run(): void;
}

export class Timeline {
  nowMs = 0;
  private readonly heap: Plan[] = [];
  private planned = 0;

  /** Plans something `inMs` from now. */
  after(inMs: number, run: () => void): void {
    this.planned += 1;
    const plan: Plan = { atMs: this.nowMs + Math.max(0, inMs), order: this.planned, run };
    this.heap.push(plan);
    let child = this.heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.isBefore(child, parent)) break;
      this.swap(child, parent);
      child = parent;
    }
  }

  /** Again and again while it returns true. */
  every(eachMs: number, run: () => boolean): void {
    this.after(eachMs, () => {
      if (run()) this.every(eachMs, run);
    });
  }

  /** Runs everything up to `untilMs`, with `then` after each. */
  runUntil(untilMs: number, then: () => void): void {
    for (let first = this.heap[0]; first !== undefined && first.atMs <= untilMs; first = this.heap[0]) {
      this.dropFirst();
      this.nowMs = first.atMs;
      first.run();
      then();
    }
    this.nowMs = untilMs;
  }

  private dropFirst(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      let least = parent;
      if (left < this.heap.length && this.isBefore(left, least)) least = left;
      if (left + 1 < this.heap.length && this.isBefore(left + 1, least)) least = left + 1;
      if (least === parent) return;
      this.swap(parent, least);
      parent = least;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const one = this.heap[a];
    const two = this.heap[b];
    if (one === undefined || two === undefined) return false;
    return one.atMs < two.atMs || (one.atMs === two.atMs && one.order < two.order);
  }

  private swap(a: number, b: number): void {
    const one = this.heap[a];
    const two = this.heap[b];
    if (one === undefined || two === undefined) return;
    this.heap[a] = two;
    this.heap[b] = one;
  }
}
