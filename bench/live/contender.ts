/** What is measured: something that keeps a folder like another one. */

export interface Follower {
  /** Where the copy of the source folder appears. */
  readonly copy: string;
  end(): Promise<void>;
}

/** Waits until a question is answered with yes; throws with its name after the limit. */
export async function waitFor(what: string, limitMs: number, ask: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + limitMs;
  while (!(await ask())) {
    if (performance.now() > untilMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
