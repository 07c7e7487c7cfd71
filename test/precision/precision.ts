/**
 * `npx tsx test/precision/precision.ts`: how right the inferred edges are on
 * applications that people use, against edges reviewed by hand. Ends with 1
 * when the goal is not met.
 */
import { loadFixtures } from './fixture.ts';
import { measure } from './measure.ts';
import { report } from './report.ts';

const { lines, isMet } = report(loadFixtures().map(measure));
for (const line of lines) console.log(line);
if (!isMet) process.exitCode = 1;
