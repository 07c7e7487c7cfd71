/** How a text is emphasised: by nothing, or by a terminal's colours. Passed in, so that rendering stays pure. */

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warning: (text: string) => string;
}

const same = (text: string): string => text;
export const plain: Style = { bold: same, dim: same, good: same, bad: same, warning: same };

const code = (start: number, end: number) => (text: string) =>
  text === '' ? text : `\u001b[${start}m${text}\u001b[${end}m`;
export const coloured: Style = {
  bold: code(1, 22),
  dim: code(2, 22),
  good: code(32, 39),
  bad: code(31, 39),
  warning: code(33, 39),
};
