/**
 * Makes what Velero says fit for a message: short, and without anything that
 * may be a part of an object. Its logs and results are open to whoever may read
 * the bucket, messages to many more.
 */

/** An object or a part of it, as Go or JSON print it, to the end: what follows may be more of it. */
const OBJECT = /(?:map\[|\{).*$/s;
/** The signature of an address that was made for one use. */
const QUERY = /(https?:\/\/[^\s"?]+)\?[^\s"]*/g;
/** No name is like this; keys, tokens and encoded data are. */
const ENCODED = /(?=[\w+/]*[A-Z])(?=[\w+/]*\d)[\w+/=]{40,}|[0-9a-f]{40,}/g;

/** @param longest of what is returned, but for the sign that there was more */
export function harmless(text: string, longest: number): string {
  const clean = text.replaceAll(QUERY, '$1').replace(OBJECT, '…').replaceAll(ENCODED, '…').trim();
  return clean.length > longest ? `${clean.slice(0, longest)}…` : clean;
}
