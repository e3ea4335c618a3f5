/**
 * A directory during planning, as it stands in three places. Whether it is there on the main is only asked when something is
 * to be put into it: what nobody changed costs no question.
 */
import { join } from './beneath.ts';

export interface Place {
  parent: Place | undefined;
  /** Its name on the main; another one than the base's when a file there has taken the name. */
  name: string;
  /** In the mirror; undefined when it was deleted there. */
  local: string | undefined;
  /** In the index; undefined when it is new. */
  base: string | undefined;
  /** `planned`: a line of the plan makes it; nothing is below it yet. */
  onMain: 'not-asked' | 'there' | 'planned';
}

export function rootPlace(): Place {
  return { parent: undefined, name: '', local: '', base: '', onMain: 'there' };
}

export function mainPath(place: Place): string {
  return place.parent === undefined ? '' : join(mainPath(place.parent), place.name);
}

export function depthOf(place: Place): number {
  let depth = 0;
  for (let above = place.parent; above !== undefined; above = above.parent) depth += 1;
  return depth;
}
