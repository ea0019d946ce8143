import { markShape } from '../target/file-marks.ts';
import { type Mark, Refused } from '../target/index.ts';
import type { KubeObject } from './client.ts';

/** Annotation that holds the mark as JSON, with the `uid` of what it is about. */
export const LEASE = 'auspex.dev/lease';
/** Annotation for people: what a floor goes back to. */
export const ORIGINAL = 'auspex.dev/original';

const shape = markShape.extend({ uid: markShape.shape.parts.unwrap().element.optional() });

/**
 * The mark that an object holds.
 *
 * @param of whose mark it is to be: a copy of a manifest brings the annotation of another object with it, and that says nothing of this one
 * @param where for the message
 * @param annotation that holds it
 * @throws Refused where the annotation is none: the original is unknown then, and nothing may be set
 */
export function markOf(holder: KubeObject | undefined, of: KubeObject, where: string, annotation = LEASE): Mark | undefined {
  const text = holder?.metadata.annotations?.[annotation];
  if (text === undefined) return undefined;
  const parsed = shape.safeParse(json(text));
  if (!parsed.success) {
    throw new Refused(`the annotation ${annotation} of ${where} is no record of a lease: remove it when the units are as they should be`);
  }
  const { uid, ...mark } = parsed.data;
  return uid === of.metadata.uid ? (mark as Mark) : undefined;
}

/** @param of what the mark is about */
export function textOf(mark: Mark, of: KubeObject): string {
  return JSON.stringify({ ...mark, ...(of.metadata.uid === undefined ? {} : { uid: of.metadata.uid }) });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
