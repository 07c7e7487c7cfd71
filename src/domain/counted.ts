/** `1 object`, `2 objects`: a number of things, for people. @param singular which takes an s */
export const counted = (count: number, singular: string): string =>
  `${count} ${singular}${count === 1 ? '' : 's'}`;
