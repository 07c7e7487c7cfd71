/**
 * As many texts as a message has room for; the others are counted. Pure.
 * @param most texts that are told
 */
export function firstFew(texts: readonly string[], most: number, separator = ', '): string {
  const more = texts.length - most;
  return texts.slice(0, most).join(separator) + (more > 0 ? ` and ${more} more` : '');
}
